import { emit } from '../../platform/events/index.ts';
import { dealIdOf } from '../../kernel/ids.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { serversOfKeys } from '../deals/queries.ts';
import { dealOf, instantOf, namesIn, sorted } from '../deals/reading.ts';
import { LINES_PER_BATCH } from '../deals/rules.ts';
import { insertDue, insertParked, loadFacts } from '../deals/store.ts';
import type { DueDeal, Handling, Instant } from '../deals/types.ts';
import { resolveParked } from '../due/queries.ts';
import { dealParkedProblem } from '../errors.ts';
import type { Deal } from '../types.ts';
import * as queries from './queries.ts';
import { dealVersionInForce } from './rules.ts';
import type { BookedAmendment, Nothing, TakenUp } from './types.ts';

export type { BookedAmendment, TakenUp } from './types.ts';

type Row = Awaited<ReturnType<typeof queries.versionsOfWaiting>>[number];

/** A ticket with something that waits: its addition, the version that says what it is now, and what becomes of it. */
type Judged = {
  readonly addition: Row;
  readonly inForce: Row;
  readonly deal: Deal | undefined;
  readonly instant: Instant | undefined;
  readonly now: Exclude<Handling, { handling: 'kept' | 'technical' | 'group_unpaid' }> | { handling: Nothing };
};

/** Whether any update or deletion waits behind a key. */
export const amendmentsWait = async (tx: TenantTx, { after }: { readonly after: bigint }): Promise<boolean> =>
  (await queries.waitingKeys(tx, { after, limit: 1 })).length > 0;

/**
 * Looks at updates and deletions that wait, in the order in which they came, at most `max`. Of a deal that was not booked yet
 * they replace what is to be booked; of one that was, they are given back to be corrected. What comes before its addition
 * waits for it; what is being booked or looked at by another right now is left for the next time.
 */
export async function takeUpAmendments(
  tx: TenantTx,
  { after, max }: { readonly after: bigint; readonly max: number },
): Promise<TakenUp> {
  const waiting = (await queries.waitingKeys(tx, { after, limit: max })).map(({ dealKey }) => dealKey);
  if (waiting.length === 0) return { replaced: 0, booked: [], next: undefined };
  const tickets = ticketsOf(await queries.versionsOfWaiting(tx, { dealKeys: waiting }));
  const judged = await judge(tx, tickets);
  const unchanged = judged.filter(({ addition, inForce }) => inForce.key === (addition.amendedTo ?? addition.key));
  const changed = judged.filter((each) => !unchanged.includes(each));
  await resolve(tx, unchanged);
  const replaced = await replaceUnbooked(tx, changed);
  const handedOn = changed.filter(({ addition }) => addition.state === 'handed_on');
  await keepWaiting(tx, handedOn.flatMap(hindranceOf));
  return {
    replaced,
    booked: handedOn.flatMap(bookedAmendmentOf),
    next: waiting.length === max ? waiting.at(-1) : undefined,
  };
}

function ticketsOf(rows: readonly Row[]): (readonly Row[])[] {
  const tickets = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.serverKey} ${row.ticket}`;
    const known = tickets.get(name);
    if (known === undefined) tickets.set(name, [row]);
    else known.push(row);
  }
  return [...tickets.values()];
}

/** What each ticket's deal is now; those without an addition are left out. */
async function judge(tx: TenantTx, tickets: readonly (readonly Row[])[]): Promise<Judged[]> {
  const found = tickets.flatMap((versions) => {
    const [addition, inForce] = [versions.find(({ version }) => version === 0), dealVersionInForce(versions)];
    if (addition === undefined || inForce === undefined) return [];
    return [{ addition, inForce, deal: inForce.kind === 'delete' ? undefined : dealOf(inForce.raw) }];
  });
  const servers = await serversOfKeys(tx, {
    serverKeys: [...new Set(found.map(({ addition }) => addition.serverKey))],
  });
  const judged: Judged[] = [];
  for (const server of servers) {
    const ofServer = found.filter(({ addition }) => addition.serverKey === server.key);
    const deals = ofServer.flatMap(({ deal }) => deal ?? []);
    const facts = await loadFacts(tx, server, namesIn(deals));
    for (const { addition, inForce, deal } of ofServer) {
      const instant = deal === undefined ? undefined : instantOf(server, deal);
      const now: Judged['now'] =
        inForce.kind === 'delete'
          ? { handling: 'deleted' }
          : deal === undefined || instant === undefined
            ? unreadable
            : sorted(deal, instant, facts);
      judged.push({ addition, inForce, deal, instant, now });
    }
  }
  return judged;
}

const unreadable = {
  handling: 'parked',
  code: 'trading.deal_unreadable',
  detail: dealParkedProblem('trading.deal_unreadable').title,
} as const;

/** Of what has no booking yet: the amended facts are what gets booked, or nothing is. */
async function replaceUnbooked(tx: TenantTx, judged: readonly Judged[]): Promise<number> {
  const keysIn = (state: Row['state']): bigint[] =>
    judged.flatMap(({ addition }) => (addition.state === state ? [addition.key] : []));
  const [due, parked] = [keysIn('due'), keysIn('parked')];
  const held = new Set([
    ...(due.length === 0 ? [] : await queries.takeDue(tx, { dealKeys: due })).map(({ dealKey }) => dealKey),
    ...(parked.length === 0 ? [] : await queries.holdParked(tx, { dealKeys: parked })).map(({ dealKey }) => dealKey),
    ...keysIn('settled'),
  ]);
  const mine = judged.filter(({ addition }) => held.has(addition.key));
  if (mine.length === 0) return 0;
  const settledAs = ({ now }: Judged): Nothing | null =>
    now.handling === 'due' || now.handling === 'parked' ? null : now.handling;
  await resolveParked(tx, {
    dealKeys: mine.map(({ addition }) => addition.key),
    resolutions: mine.map(({ now }) => (now.handling === 'parked' ? 'other_code' : now.handling)),
  });
  await insertParked(
    tx,
    mine.flatMap(({ addition, now }) => (now.handling === 'parked' ? [{ dealKey: addition.key, ...now }] : [])),
  );
  await insertDue(
    tx,
    undefined,
    mine.flatMap((each) => dueOf(each) ?? []),
  );
  await writeDown(
    tx,
    mine.map((each) => ({ dealKey: each.addition.key, versionKey: each.inForce.key, settled: settledAs(each) })),
  );
  return mine.length;
}

/** What is to be booked by the amended facts; undefined where nothing is. */
function dueOf({ addition, inForce, deal, instant, now }: Judged): DueDeal | undefined {
  if (now.handling !== 'due' || deal === undefined || instant?.utcMs === undefined) return undefined;
  const { key, serverKey } = addition;
  return { key, serverKey, deal, utcMs: instant.utcMs, to: now.to, factsKey: inForce.key };
}

function bookedAmendmentOf(judged: Judged): BookedAmendment[] {
  const { addition, inForce, now } = judged;
  const keys = { dealKey: addition.key, versionKey: inForce.key };
  if (now.handling === 'parked') return [];
  if (now.handling !== 'due') return [{ ...keys, now: { kind: 'nothing', why: now.handling } }];
  const due = dueOf(judged);
  if (due === undefined) return [];
  const { symbolKey, groupKey } = due.to;
  return [{ ...keys, now: { kind: 'trade', symbolKey, groupKey, closedAt: new Date(due.utcMs), due } }];
}

/** Why a booked deal cannot be corrected yet: what it is now names something that is not known. */
const hindranceOf = ({ inForce, now }: Judged): Hindrance[] =>
  now.handling === 'parked' ? [{ versionKey: inForce.key, detail: `${now.code}: ${now.detail}` }] : [];

type Hindrance = { readonly versionKey: bigint; readonly detail: string };

/** Says why amendments go on waiting; a reason that was said is not said again. */
export async function keepWaiting(tx: TenantTx, hindrances: readonly Hindrance[]): Promise<void> {
  if (hindrances.length === 0) return;
  const changed = await queries.otherReasons(tx, {
    versionKeys: hindrances.map(({ versionKey }) => versionKey),
    details: hindrances.map(({ detail }) => detail),
  });
  if (changed.length === 0) return;
  await queries.resolveWaiting(tx, { versionKeys: changed.map(({ versionKey }) => versionKey) });
  await insertParked(
    tx,
    changed.map(({ versionKey, detail }) => ({ dealKey: versionKey, code: 'trading.correction_waits', detail })),
  );
}

/** Amendments of booked deals that were corrected in this transaction: what the deals are now is written down. */
export const carryOut = (tx: TenantTx, amendments: readonly BookedAmendment[]): Promise<void> =>
  writeDown(
    tx,
    amendments.map(({ dealKey, versionKey }) => ({ dealKey, versionKey, settled: null })),
  );

/** Amendments of deals that were handed on and are in no booking, for they were no trades: what they are now is booked, if anything. */
export async function bookAfterAll(tx: TenantTx, amendments: readonly BookedAmendment[]): Promise<void> {
  await insertDue(
    tx,
    undefined,
    amendments.flatMap(({ now }) => (now.kind === 'trade' ? [now.due] : [])),
  );
  await writeDown(
    tx,
    amendments.map(({ dealKey, versionKey, now }) => ({
      dealKey,
      versionKey,
      settled: now.kind === 'nothing' ? now.why : null,
    })),
  );
}

/** What deals are now, that nothing of theirs waits any more, and the positions that other closes may have to be looked at in. */
async function writeDown(
  tx: TenantTx,
  amended: readonly { readonly dealKey: bigint; readonly versionKey: bigint; readonly settled: Nothing | null }[],
): Promise<void> {
  if (amended.length === 0) return;
  const [dealKeys, versionKeys] = [amended.map(({ dealKey }) => dealKey), amended.map(({ versionKey }) => versionKey)];
  await queries.touchPositions(tx, { dealKeys: [...dealKeys, ...versionKeys] });
  await queries.writeAmended(tx, { dealKeys, versionKeys, settled: amended.map(({ settled }) => settled) });
  await queries.resolveVersions(tx, { dealKeys, versionKeys });
  const payload = { deals: dealKeys.map(dealIdOf), versions: versionKeys.map(dealIdOf) };
  emit(tx, { stream: 'amendments', type: 'trading.deals_amended', schemaVersion: 1, payload });
}

async function resolve(tx: TenantTx, unchanged: readonly Judged[]): Promise<void> {
  if (unchanged.length === 0) return;
  await queries.resolveVersions(tx, {
    dealKeys: unchanged.map(({ addition }) => addition.key),
    versionKeys: unchanged.map(({ inForce }) => inForce.key),
  });
}

/** Events that are looked through at a time for entries that came late. */
const EVENTS_MAX = 5_000n;

/**
 * Notes the positions of which an entry came after a close, in the batches of the feed since the last time. Where no plan
 * looks at entries nothing depends on them, and they are passed over.
 */
export async function noteLateOpens(tx: TenantTx, { looked }: { readonly looked: boolean }): Promise<void> {
  const { seq: after } = onlyRow(await queries.lateOpensFrom(tx, {}));
  const { seq: last } = onlyRow(await queries.lastSeq(tx, {}));
  if (last === after) return;
  const upTo = looked && last - after > EVENTS_MAX ? after + EVENTS_MAX : last;
  const batches = looked ? await queries.receivedBetween(tx, { after, upTo }) : [];
  if (batches.length > 0)
    await queries.touchLateOpens(tx, {
      firstKeys: batches.map(({ batchKey }) => BigInt(batchKey) * LINES_PER_BATCH),
      lastKeys: batches.map(({ batchKey }) => (BigInt(batchKey) + 1n) * LINES_PER_BATCH - 1n),
    });
  await queries.moveLateOpens(tx, { seq: upTo });
}

/** A position of which something changed, with the closes of it that were handed on. */
export type TouchedPosition = Awaited<ReturnType<typeof queries.settledPositions>>[number];

/** Positions that were touched and of which nothing waits to be booked, the oldest first. */
export const touchedPositions = (tx: TenantTx, { max }: { readonly max: number }): Promise<TouchedPosition[]> =>
  queries.settledPositions(tx, { limit: max });

/** These positions have been looked at; what touched them again meanwhile stays. */
export async function forgetPositions(tx: TenantTx, positions: readonly TouchedPosition[]): Promise<void> {
  if (positions.length === 0) return;
  await queries.forgetPositions(tx, {
    serverKeys: positions.map(({ serverKey }) => serverKey),
    positions: positions.map(({ positionId }) => positionId),
    touchedAts: positions.map(({ touchedAt }) => touchedAt),
  });
}
