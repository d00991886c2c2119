import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type DueTrade, tradesAsBooked } from '../../trading/index.ts';
import { standingKept } from '../counters/store.ts';
import * as queries from './queries.ts';
import type { StoredBooking, StoredRebate } from './types.ts';

/** Deals by their keys: above `after`, up to `upTo` included. */
export type DealRange = { readonly after: bigint; readonly upTo: bigint };

/** First bookings of a range with the trade behind each; undefined where a row that it names is gone. */
export async function storedBookings(
  tx: TenantTx,
  range: DealRange,
): Promise<{ readonly booking: StoredBooking; readonly trade: DueTrade | undefined }[]> {
  const bookings = (await queries.bookingsOfRange(tx, range)).map((booking) => ({
    ...booking,
    standing: booking.standing === null ? null : standingKept(booking.standing),
  }));
  const trades = new Map((await tradesAsBooked(tx, bookings)).map((trade) => [trade.dealKey, trade]));
  return bookings.map((booking) => ({ booking, trade: trades.get(booking.dealKey) }));
}

/** Rebates of first bookings by deal, in the order of component, kind and depth. */
export async function rebatesByDeal(tx: TenantTx, range: DealRange): Promise<Map<bigint, StoredRebate[]>> {
  return grouped(await queries.rebatesOfRange(tx, range));
}

/** Reasons for which first bookings paid nothing, by deal, in the order of the component. */
export async function reasonsByDeal(
  tx: TenantTx,
  range: DealRange,
): Promise<Map<bigint, { component: number; reason: string }[]>> {
  return grouped(await queries.unpaidOfRange(tx, range));
}

function grouped<Row extends { readonly dealKey: bigint }>(rows: readonly Row[]): Map<bigint, Omit<Row, 'dealKey'>[]> {
  const found = new Map<bigint, Omit<Row, 'dealKey'>[]>();
  for (const { dealKey, ...row } of rows) {
    const known = found.get(dealKey);
    if (known === undefined) found.set(dealKey, [row]);
    else known.push(row);
  }
  return found;
}
