import type { TenantTx } from '../../platform/tenant-tx.ts';
import { insertParked } from '../deals/store.ts';
import { opensByHandOf } from '../opens/store.ts';
import { utcFromServerTime } from '../platforms/server-time.ts';
import * as queries from './queries.ts';
import type { ClosingDeal, DueSummary, DueTrade, ParkedDeal, Parking, PositionOpen, Whereabouts } from './types.ts';

/** A transaction that claimed more would hold locks for too long. */
const CLAIM_MAX = 10_000;
const LIST_MAX = 1_000;

const bounded = (limit: number, max: number): number => Math.max(0, Math.min(Math.trunc(limit), max));

/**
 * Takes up to `max` due deals (at most 10 000) for this transaction, in the order of their keys: with `dealKeys` those of
 * them that are due, else the oldest. What another transaction holds is passed over. They are gone from the due
 * deals when the transaction commits and due again if it does not: book or park each of them in it.
 */
export async function claimDue(
  tx: TenantTx,
  { max, dealKeys }: { readonly max: number; readonly dealKeys?: readonly bigint[] | undefined },
): Promise<DueTrade[]> {
  const limit = bounded(max, CLAIM_MAX);
  const claim =
    dealKeys === undefined ? queries.claimOldest(tx, { max: limit }) : queries.claimNamed(tx, { dealKeys, max: limit });
  const rows = await claim;
  if (rows.length === 0) return [];
  const nameOf = await namesOfRows(tx, rows);
  return rows.map(({ closedAtMs, reason, ...row }) => {
    const symbol = nameOf('symbol', row.symbolKey);
    const group = nameOf('group', row.groupKey);
    return {
      ...row,
      symbol: symbol.name,
      symbolGroup: symbol.value,
      accountGroup: group.name,
      lotFactor: group.value,
      closedAt: Number(closedAtMs),
      reason: reason === null ? undefined : Number(reason),
    };
  });
}

/** What the symbols and groups that rows refer to say: names, the group of a symbol, the lot factor of a group. */
export async function namesOfRows(
  tx: TenantTx,
  rows: readonly { readonly symbolKey: number; readonly groupKey: number }[],
) {
  const symbolKeys = [...new Set(rows.map((row) => row.symbolKey))];
  const groupKeys = [...new Set(rows.map((row) => row.groupKey))];
  const names = await queries.namesOfKeys(tx, { symbolKeys, groupKeys });
  const known = {
    symbol: new Map(names.filter((row) => row.kind === 'symbol').map((row) => [row.key, row])),
    group: new Map(names.filter((row) => row.kind === 'group').map((row) => [row.key, row])),
  };
  return (kind: 'symbol' | 'group', key: number) => {
    const name = known[kind].get(key);
    if (name === undefined) throw new Error(`a deal names the ${kind} ${key}, which is not there`);
    return name;
  };
}

/**
 * When the positions were opened that these deals close, by deal key: the position's first entry, or its last reversal
 * before the deal, else what somebody said by hand. A deal whose open is not known has no entry. `versions` say by which version
 * a deal is looked at; as it is by now where they say nothing.
 */
export async function opensOf(
  tx: TenantTx,
  dealKeys: readonly bigint[],
  versions?: ReadonlyMap<bigint, bigint>,
): Promise<Map<bigint, PositionOpen>> {
  const opens = new Map<bigint, PositionOpen>();
  if (dealKeys.length === 0) return opens;
  const factsKeys = dealKeys.map((key) => versions?.get(key) ?? null);
  for (const row of await queries.opensOf(tx, { dealKeys, factsKeys })) {
    const openedAt = row.openedAt?.getTime() ?? convertedNow(row);
    if (openedAt !== undefined) opens.set(row.dealKey, { openedAt, hasMs: row.hasMs });
  }
  const missing = dealKeys.filter((key) => !opens.has(key));
  for (const [key, { openedAt }] of await opensByHandOf(tx, missing))
    opens.set(key, { openedAt: openedAt.getTime(), hasMs: true });
  return opens;
}

/** An open whose label the clock skipped when it came: the rule may have been mended since. */
function convertedNow(row: { serverTimeMs: bigint | null; zone: string; shiftMinutes: number }): number | undefined {
  if (row.serverTimeMs === null) return undefined;
  const instant = utcFromServerTime(row, Number(row.serverTimeMs));
  return instant.kind === 'instant' ? instant.utcMs : undefined;
}

/** Parks deals that were claimed in this transaction and cannot be booked. A deal that is parked already stays as it is. */
export async function park(tx: TenantTx, parkings: readonly Parking[]): Promise<void> {
  await insertParked(tx, parkings);
}

/** How much waits to be booked, and since when. Costs little whatever waits. */
export async function dueSummary(tx: TenantTx): Promise<DueSummary> {
  const [row] = await queries.dueSummary(tx, {});
  return { count: row?.count ?? 0, oldestReceivedAt: row?.oldest ?? undefined };
}

/** The keys of due deals behind the first `offset`, oldest first, at most `limit` (10 000). */
export async function dueKeys(
  tx: TenantTx,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<bigint[]> {
  return (await queries.dueKeys(tx, { offset, limit: bounded(limit, CLAIM_MAX) })).map((row) => row.dealKey);
}

/** Deals that are parked now, in the order of their keys, at most 1 000; go on with `after` the last one's key. */
export const parkedDeals = (
  tx: TenantTx,
  filter: { readonly code?: string; readonly after?: bigint; readonly limit: number },
): Promise<ParkedDeal[]> =>
  queries.parkedDeals(tx, { code: filter.code, after: filter.after ?? 0n, limit: bounded(filter.limit, LIST_MAX) });

/** How many deals are parked now, by code. */
export async function parkedCounts(tx: TenantTx): Promise<ReadonlyMap<string, number>> {
  return new Map((await queries.parkedCounts(tx, {})).map((row) => [row.code, row.count]));
}

/**
 * Deals that close volume and where each is now, in the order of their keys, for the verifier: what is `handed_on` must
 * have a booking, what is `due` or `parked` must not.
 */
export const closingDeals = (
  tx: TenantTx,
  page: { readonly after: bigint; readonly limit: number },
): Promise<ClosingDeal[]> => queries.closingDeals(tx, { after: page.after, limit: bounded(page.limit, CLAIM_MAX) });

/** How many deals were received (exact up to 100 000, then an estimate), and how many of them wait or are parked. */
export async function dealCounts(
  tx: TenantTx,
): Promise<{ readonly received: number; readonly due: number; readonly parked: number }> {
  const [all] = await queries.dealCount(tx, {});
  const [waiting] = await queries.waitingCounts(tx, {});
  return { received: Number(all?.count ?? 0n), due: Number(waiting?.due ?? 0n), parked: Number(waiting?.parked ?? 0n) };
}

/** Where a deal is, or undefined where there is none of this key. */
export async function whereaboutsOf(tx: TenantTx, dealKey: bigint): Promise<Whereabouts | undefined> {
  const [found] = await queries.whereabouts(tx, { dealKey });
  return found;
}
