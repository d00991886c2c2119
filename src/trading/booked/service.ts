import { accountsOf } from '../../clients/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { DueTrade } from '../due/types.ts';
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
