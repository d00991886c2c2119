import { accountsOf } from '../../clients/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { DueTrade } from '../due/types.ts';
import { serversOfKeys } from '../deals/queries.ts';
import { dealOf, instantOf, namesIn, sorted } from '../deals/reading.ts';
import { loadFacts } from '../deals/store.ts';
import * as queries from './queries.ts';

/** What a booking keeps of the trade that it booked: enough to find the rest again. */
export type TradeKeys = {
  readonly dealKey: bigint;
  readonly symbolKey: number;
  readonly groupKey: number;
  readonly closedAt: Date;
  /** The version of the deal that it was booked by; absent or null: the addition. */
  readonly factsKey?: bigint | null;
};

/**
 * The trades behind bookings as they were when they were claimed, in the order of their keys. Deals, accounts and the
 * rows named never change, so the answer does not either. A trade of which one of them is gone is not in it.
 */
export async function tradesAsBooked(tx: TenantTx, bookings: readonly TradeKeys[]): Promise<DueTrade[]> {
  if (bookings.length === 0) return [];
  const rows = await queries.factsOfDeals(tx, {
    dealKeys: bookings.map((booking) => booking.dealKey),
    symbolKeys: bookings.map((booking) => booking.symbolKey),
    groupKeys: bookings.map((booking) => booking.groupKey),
    closedAts: bookings.map((booking) => booking.closedAt),
    factsKeys: bookings.map((booking) => booking.factsKey ?? null),
  });
  const logins = new Map<string, Set<bigint>>();
  for (const { server, login } of rows) {
    if (login === null) continue;
    const known = logins.get(server);
    if (known === undefined) logins.set(server, new Set([login]));
    else known.add(login);
  }
  const accounts = new Map<string, { readonly key: number; readonly clientKey: number }>();
  for (const [server, asked] of logins)
    for (const account of await accountsOf(tx, server, [...asked])) accounts.set(`${account.login}@${server}`, account);
  return rows.flatMap(({ server, login, closedAt, ...trade }): DueTrade[] => {
    const account = accounts.get(`${login}@${server}`);
    return account === undefined
      ? []
      : [{ ...trade, closedAt: closedAt.getTime(), accountKey: account.key, clientKey: account.clientKey }];
  });
}

/**
 * What bookings of these deals would name if they were booked now: for trades that wait or are parked, to see what would become of
 * them. Nothing is claimed. `countsOpens`: as if deals that only open volume counted, whatever is the case. A deal that could not be due now (an unknown symbol, a group that is not paid) is not in it.
 */
export async function keysAsBookedNow(
  tx: TenantTx,
  dealKeys: readonly bigint[],
  { countsOpens = false }: { readonly countsOpens?: boolean } = {},
): Promise<TradeKeys[]> {
  if (dealKeys.length === 0) return [];
  const rows = await queries.dealsAsTold(tx, { dealKeys });
  const servers = await serversOfKeys(tx, { serverKeys: [...new Set(rows.map(({ serverKey }) => serverKey))] });
  const found: TradeKeys[] = [];
  for (const server of servers) {
    const deals = rows.flatMap((row) => {
      const deal = row.serverKey === server.key ? dealOf(row.raw) : undefined;
      return deal === undefined ? [] : [{ row, deal }];
    });
    const asked = { ...server, countsOpens: server.countsOpens || countsOpens };
    const facts = await loadFacts(tx, asked, namesIn(deals.map(({ deal }) => deal)));
    for (const { row, deal } of deals) {
      const instant = instantOf(server, deal);
      const handling = sorted(deal, instant, facts);
      if (handling.handling !== 'due' || instant.utcMs === undefined) continue;
      const { symbolKey, groupKey } = handling.to;
      found.push({
        dealKey: row.dealKey,
        symbolKey,
        groupKey,
        closedAt: new Date(instant.utcMs),
        factsKey: row.factsKey,
      });
    }
  }
  return found;
}
