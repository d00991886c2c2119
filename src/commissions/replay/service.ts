import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { DueTrade } from '../../trading/index.ts';
import { TAKEN_BACK } from '../corrections/rules.ts';
import { termsOf } from '../corrections/store.ts';
import { inputsOf } from '../inputs/store.ts';
import type { Terms } from '../inputs/terms.ts';
import { computeTrade } from '../engine/rules.ts';
import type { TradeInput } from '../engine/types.ts';
import { naiveDifference } from '../proof/rules.ts';
import { naiveBook } from '../proof/store.ts';
import { openBook, type PlanBook, type PublishedVersion } from '../plans/store.ts';
import * as queries from './queries.ts';
import { differenceOf, outcomeOf, outcomeStored } from './rules.ts';
import { type DealRange, reasonsByRevision, rebatesByRevision, storedBookings } from './store.ts';
import type { Recomputed, StoredBooking } from './types.ts';

const PAGE_DEFAULT = 2_000;
const FINDINGS_MAX = 100;
/** Counts of changes whose plans are kept in memory: bookings in the order of their deals use few at a time. */
const BOOKS_MAX = 4;

/** A booking with all that it was computed from. */
export type Replayed = {
  readonly booking: StoredBooking;
  readonly trade: DueTrade;
  readonly input: TradeInput;
  readonly version: PublishedVersion | undefined;
  /** What the re-run that it was computed for named in place of what held. */
  readonly terms: Terms | undefined;
};

/**
 * Computes every booking again from the inputs that it names (tree as of the trade's time and as known then; plans and
 * agreements as of their count of changes; open, symbol and group), by the engine and by the naive one, and compares plan, IB,
 * earning, rebates and reasons.
 * Reads a page of deals at a time; at most 100 findings.
 */
export async function recompute(
  tx: TenantTx,
  { page: limit = PAGE_DEFAULT }: { readonly page?: number } = {},
): Promise<Recomputed> {
  const findings: Recomputed['findings'][number][] = [];
  const books = new Map<bigint, PlanBook>();
  let recomputed = 0;
  let after = 0n;
  for (;;) {
    const { upTo } = onlyRow(await queries.pageOfBookings(tx, { after, limit }));
    if (upTo === null) return { findings, recomputed };
    const page = await recomputeRange(tx, { after, upTo }, books);
    for (const [dealKey, detail] of page.found)
      if (findings.length < FINDINGS_MAX)
        findings.push({ rule: 'commissions.recomputes', subject: `deal ${dealKey}`, detail });
    recomputed += page.recomputed;
    after = upTo;
  }
}

/** `recompute` of the bookings of a range of deals; `books` keeps plans from one range to the next. */
export async function recomputeRange(
  tx: TenantTx,
  range: DealRange,
  books: Map<bigint, PlanBook>,
): Promise<{ readonly found: (readonly [dealKey: bigint, detail: string])[]; readonly recomputed: number }> {
  const { replayed, takenBack, gone } = await replay(tx, range, books);
  const found = [
    ...gone.map((dealKey) => [dealKey, 'a deal, account, symbol or group that it names is gone'] as const),
    ...(await differences(tx, range, replayed)),
    ...(await leftovers(tx, range, takenBack)),
  ];
  return { found, recomputed: replayed.length + takenBack.length };
}

async function differences(
  tx: TenantTx,
  range: DealRange,
  replayed: readonly Replayed[],
): Promise<(readonly [bigint, string])[]> {
  const rebatesOf = await rebatesByRevision(tx, range);
  const reasonsOf = await reasonsByRevision(tx, range);
  const book = await naiveBook(
    tx,
    [...new Set(replayed.flatMap(({ input }) => input.chain.map(({ ibKey }) => ibKey)))],
    [...new Set(replayed.map(({ input }) => input.clientKey))],
  );
  return replayed.flatMap(({ booking, trade, input, version, terms }) => {
    const { dealKey } = booking;
    const result = computeTrade(input);
    if (result.kind === 'parked') return [[dealKey, `computed again it would be parked as ${result.code}`] as const];
    const computed = outcomeOf(result, { planVersionKey: version?.key ?? null, ibKey: input.chain[0]?.ibKey ?? null });
    const stored = outcomeStored(booking, rebatesOf(booking), reasonsOf(booking));
    const { configurationVersion: change } = booking;
    const difference =
      differenceOf(stored, computed, { withDepths: booking.revision === 0 }) ??
      naiveDifference(stored, book, { input, lotFactor: trade.lotFactor, change, terms });
    return difference === undefined ? [] : [[dealKey, difference] as const];
  });
}

/** Of revisions that took all back: where anything is left. */
async function leftovers(
  tx: TenantTx,
  range: DealRange,
  takenBack: readonly StoredBooking[],
): Promise<(readonly [bigint, string])[]> {
  if (takenBack.length === 0) return [];
  const rebatesOf = await rebatesByRevision(tx, range);
  return takenBack.flatMap((booking) =>
    booking.earningUnits === 0n && rebatesOf(booking).length === 0
      ? []
      : [[booking.dealKey, `revision ${booking.revision} takes all back, and something is left`] as const],
  );
}

/** The engine's inputs of bookings, found again: batches that share a knowledge of tree and plans are asked together. */
export async function replay(
  tx: TenantTx,
  range: DealRange,
  books: Map<bigint, PlanBook>,
): Promise<{ replayed: Replayed[]; takenBack: StoredBooking[]; gone: bigint[] }> {
  const gone: bigint[] = [];
  const takenBack: StoredBooking[] = [];
  const groups = new Map<string, { readonly booking: StoredBooking; readonly trade: DueTrade }[]>();
  for (const { booking, trade } of await storedBookings(tx, range)) {
    if (TAKEN_BACK.has(booking.wholeReason ?? '')) {
      takenBack.push(booking);
      continue;
    }
    if (trade === undefined) {
      gone.push(booking.dealKey);
      continue;
    }
    const name = [booking.configurationVersion, booking.knownAt.getTime(), booking.rerunKey, booking.revision].join(
      ' ',
    );
    const group = groups.get(name) ?? [];
    group.push({ booking, trade });
    groups.set(name, group);
  }
  const replayed: Replayed[] = [];
  for (const group of groups.values()) replayed.push(...(await replayGroup(tx, group, books)));
  return { replayed, takenBack, gone };
}

async function replayGroup(
  tx: TenantTx,
  group: readonly { readonly booking: StoredBooking; readonly trade: DueTrade }[],
  books: Map<bigint, PlanBook>,
): Promise<Replayed[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { configurationVersion, knownAt, rerunKey } = first.booking;
  const terms = rerunKey === null ? undefined : (await termsOf(tx, [rerunKey])).get(rerunKey);
  const book = books.get(configurationVersion) ?? (await openBook(tx, configurationVersion));
  if (books.size >= BOOKS_MAX) books.clear();
  books.set(configurationVersion, book);
  // An open in whole seconds is the same whether it is said to have milliseconds or not: minima are whole seconds.
  const opens = new Map(
    group.flatMap(({ booking: { dealKey, openedAt } }) =>
      openedAt === null ? [] : [[dealKey, { openedAt: openedAt.getTime(), hasMs: true }] as const],
    ),
  );
  const executions = new Map(
    group.flatMap(({ booking: { dealKey, execution } }) => (execution === null ? [] : [[dealKey, execution] as const])),
  );
  const standings = new Map(
    group.flatMap(({ booking: { dealKey, standing } }) => (standing === null ? [] : [[dealKey, standing] as const])),
  );
  const { inputs, versions } = await inputsOf(
    tx,
    book,
    group.map(({ trade }) => trade),
    { opens, executions, standings, knownAt, terms },
  );
  return group.flatMap(({ booking, trade }, place): Replayed[] => {
    const input = inputs[place];
    return input === undefined ? [] : [{ booking, trade, input, version: versions[place], terms }];
  });
}
