import { componentName, versionNames } from '../../commissions/index.ts';
import type { Currency } from '../../kernel/currency.ts';
import { idFromUuid, StatementId } from '../../kernel/ids.ts';
import type { Page } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { entryCursor, entryPoint, type EntryPoint } from '../parties/points.ts';
import { presentInstant } from '../parties/service.ts';
import { termsAt } from '../schedules/service.ts';
import { PARTY_KINDS, type Party } from '../types.ts';
import * as queries from './queries.ts';
import { boundsOf, stateOf } from './rules.ts';
import type { AccrualState, AccrualSums, Bounds } from './types.ts';

type Entry = Awaited<ReturnType<typeof queries.tradeEntries>>[number];

/** An entry with its state and the names of what earned it. */
export type FoundEntry = Entry & {
  readonly state: AccrualState;
  readonly statement: StatementId | null;
  readonly rule: { readonly plan: string; readonly version: number; readonly component: string } | null;
};

const paramsOf = ({ kind, key }: Party) => ({ kind: PARTY_KINDS[kind], party: key });

async function boundsFor(tx: TenantTx, party: Party): Promise<Bounds> {
  const now = await presentInstant(tx);
  const [terms] = await termsAt(tx, [party], now);
  if (terms === undefined) throw new Error('no schedule holds, not even the default');
  return boundsOf(terms, now.getTime());
}

/**
 * What became of all that a beneficiary earned, by currency: computed from entries, cuts, statements and runs, stored nowhere.
 * Pending, held, available and in statement together are what the house owes it, less what it owes back.
 */
export async function accrualsOf(tx: TenantTx, party: Party): Promise<AccrualSums[]> {
  const bounds = await boundsFor(tx, party);
  const params = paramsOf(party);
  const sums = new Map<Currency, Record<AccrualState, bigint>>();
  const add = (currency: Currency, state: AccrualState, units: bigint): void => {
    const known = sums.get(currency) ?? noSums();
    known[state] += units;
    sums.set(currency, known);
  };
  const { pendingFromMs, heldFromMs } = bounds;
  const open = await queries.openSums(tx, {
    ...params,
    pendingFrom: new Date(pendingFromMs),
    heldFrom: new Date(heldFromMs),
  });
  const instants = { pending: pendingFromMs, held: heldFromMs, available: heldFromMs - 1 };
  for (const { currency, stage, isDisputed, isReversed, units, above } of open) {
    const standing = { isPaid: false, isStated: false, isDisputed, isReversed, earnedAtMs: instants[stage] };
    const state = stateOf(standing, bounds);
    add(currency, state, state === 'reversed' ? above : units);
  }
  const stated: AccrualState = bounds.onHold ? 'held' : 'in_statement';
  for (const { currency, paid, unpaid, carried } of await queries.statedSums(tx, params)) {
    add(currency, 'paid', paid);
    add(currency, stated, unpaid + carried);
  }
  for (const { currency, units } of await queries.disputedInStatements(tx, params)) {
    add(currency, stated, -units);
    add(currency, 'held', units);
  }
  return [...sums]
    .map(([currency, each]) => ({ currency, ...each }))
    .sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

const noSums = (): Record<AccrualState, bigint> => ({
  pending: 0n,
  held: 0n,
  available: 0n,
  in_statement: 0n,
  paid: 0n,
  reversed: 0n,
});

type EntriesAsked = {
  readonly state?: AccrualState | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

const SORT = '-entry';
/** Entries that one request looks at: rounds of so many. */
const LOOKED_AT_MAX = 500;
const ROUNDS_MAX = 4;

/**
 * A page of a beneficiary's entries with their states, those of the newest trades first, then awards. It may be short while there
 * are more: what a request looks at is bounded.
 */
export async function entriesWithStates(tx: TenantTx, party: Party, asked: EntriesAsked): Promise<Page<FoundEntry>> {
  const bounds = await boundsFor(tx, party);
  const limit = asked.state === undefined ? asked.limit + 1 : LOOKED_AT_MAX;
  let after: EntryPoint | undefined = asked.cursor === undefined ? undefined : entryPoint(SORT, asked.cursor);
  const rows: (Entry & { readonly state: AccrualState })[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const looked = await next(tx, party, after, limit);
    for (const entry of looked) {
      const state = stateOfEntry(entry, bounds);
      if (asked.state === undefined || state === asked.state) rows.push({ ...entry, state });
    }
    const last = rows[asked.limit - 1];
    if (rows.length > asked.limit && last !== undefined)
      return { rows: await named(tx, rows.slice(0, asked.limit)), nextCursor: entryCursor(SORT, last) };
    after = looked.at(-1);
    if (looked.length < limit || after === undefined) return { rows: await named(tx, rows), nextCursor: null };
  }
  return { rows: await named(tx, rows), nextCursor: after === undefined ? null : entryCursor(SORT, after) };
}

const stateOfEntry = (entry: Entry, bounds: Bounds): AccrualState =>
  stateOf({ ...entry, isStated: entry.statementId !== null, earnedAtMs: entry.earnedAt.getTime() }, bounds);

async function next(tx: TenantTx, party: Party, after: EntryPoint | undefined, limit: number): Promise<Entry[]> {
  const behind = (point: EntryPoint | undefined) => ({
    ...paramsOf(party),
    afterKey: point?.sourceKey,
    afterRevision: point?.revision,
    afterComponent: point?.component,
  });
  const trades = after?.source === 'award' ? [] : await queries.tradeEntries(tx, { ...behind(after), limit });
  if (trades.length === limit) return trades;
  const ofAwards = behind(after?.source === 'award' ? after : undefined);
  return [...trades, ...(await queries.awardEntries(tx, { ...ofAwards, limit: limit - trades.length }))];
}

async function named(tx: TenantTx, rows: readonly (Entry & { readonly state: AccrualState })[]): Promise<FoundEntry[]> {
  const keys = [...new Set(rows.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map(
    (keys.length === 0 ? [] : await versionNames(tx, { versionKeys: keys })).map((version) => [version.key, version]),
  );
  return rows.map((row) => {
    const version = row.planVersionKey === null ? undefined : versions.get(row.planVersionKey);
    const component = componentName(version?.components ?? [], row.component);
    return {
      ...row,
      statement: row.statementId === null ? null : StatementId.parse(idFromUuid('sta', row.statementId)),
      rule: version === undefined ? null : { plan: version.plan, version: version.number, component },
    };
  });
}
