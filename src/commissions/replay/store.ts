import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type DueTrade, tradesAsBooked } from '../../trading/index.ts';
import { standingKept } from '../counters/store.ts';
import { rowsByDeal } from '../rules.ts';
import * as queries from './queries.ts';
import type { StoredBooking, StoredRebate } from './types.ts';

/** Deals by their keys: above `after`, up to `upTo` included. */
export type DealRange = { readonly after: bigint; readonly upTo: bigint };

/** All revisions of bookings of a range with the trade behind each; undefined where a row that it names is gone. */
export async function storedBookings(
  tx: TenantTx,
  range: DealRange,
): Promise<{ readonly booking: StoredBooking; readonly trade: DueTrade | undefined }[]> {
  const bookings = (await queries.bookingsOfRange(tx, range)).map((booking) => ({
    ...booking,
    standing: booking.standing === null ? null : standingKept(booking.standing),
  }));
  const trades = new Map<string, DueTrade>(); // A deal that was amended is another trade in each revision.
  for (const revision of new Set(bookings.map((booking) => booking.revision)))
    for (const trade of await tradesAsBooked(
      tx,
      bookings.filter((booking) => booking.revision === revision),
    ))
      trades.set(nameOf({ dealKey: trade.dealKey, revision }), trade);
  return bookings.map((booking) => ({ booking, trade: trades.get(nameOf(booking)) }));
}

/** A revision of a deal's booking. */
type Revised = { readonly dealKey: bigint; readonly revision: number };

const nameOf = ({ dealKey, revision }: Revised): string => `${dealKey} ${revision}`;

/** What the revisions of a booking up to one come to, by component and beneficiary. */
export type RebatesUpTo = (booking: Revised) => StoredRebate[];

/** Rebates of a range as of any revision: those of the first are as they were booked, later ones add and take back. */
export async function rebatesByRevision(tx: TenantTx, range: DealRange): Promise<RebatesUpTo> {
  const byDeal = rowsByDeal(await queries.rebatesOfRange(tx, range));
  return ({ dealKey, revision }) => {
    const rows = (byDeal.get(dealKey) ?? []).filter((row) => row.revision <= revision);
    if (revision === 0) return rows.map(({ revision: _, ...rebate }) => rebate);
    const sums = new Map<string, StoredRebate>();
    for (const { revision: _, ...row } of rows) {
      const name = `${row.component}/${row.kind}/${row.beneficiary}`;
      sums.set(name, { ...row, units: row.units + (sums.get(name)?.units ?? 0n) });
    }
    return [...sums.values()].filter(({ units }) => units !== 0n);
  };
}

/** Why a revision of a booking paid nothing, in the order of the component. */
export type ReasonsOf = (booking: Revised) => { component: number; reason: string }[];

/** Reasons for which the revisions of a range paid nothing. */
export async function reasonsByRevision(tx: TenantTx, range: DealRange): Promise<ReasonsOf> {
  const byDeal = rowsByDeal(await queries.unpaidOfRange(tx, range));
  return ({ dealKey, revision }) =>
    (byDeal.get(dealKey) ?? [])
      .filter((row) => row.revision === revision)
      .map(({ component, reason }) => ({ component, reason }));
}
