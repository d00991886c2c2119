import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  closedTrades,
  type ClosedTrade,
  type DueTrade,
  keysAsBookedNow,
  opensOf,
  type PositionOpen,
  type TradePoint,
  tradesAsBooked,
  tradesByKey,
} from '../../trading/index.ts';
import { liveBookings } from '../corrections/store.ts';
import type { LiveBooking } from '../corrections/types.ts';
import type { AssumedBook } from './book.ts';

/** Trades that one page looks at. */
const PAGE = 2_000;

/** A page of real trades, with what is booked of them, and those that can be computed. */
export type TradePage = {
  readonly trades: readonly ClosedTrade[];
  readonly live: ReadonlyMap<bigint, LiveBooking>;
  readonly due: ReadonlyMap<bigint, DueTrade>;
  readonly opens: ReadonlyMap<bigint, PositionOpen> | undefined;
  /** Where the next page begins; null after the last. */
  readonly next: TradePoint | null;
};

/** The next trades of a range behind a point, in the order of their close; where opens count, in that of their keys. */
export async function pageOfTrades(
  tx: TenantTx,
  book: AssumedBook,
  range: { readonly from: Date; readonly to: Date },
  after: TradePoint | null,
  limit = PAGE,
): Promise<TradePage> {
  const all = book.countsOpens
    ? await tradesByKey(tx, { ...range, after, limit })
    : await closedTrades(tx, { range, sort: 'closedAt', after, limit });
  const last = all.at(-1);
  const next = last === undefined || all.length < limit ? null : { closedAt: last.closedAt, dealKey: last.dealKey };
  const trades = all.filter(({ state, code }) => state !== 'never' || (book.countsOpens && code === 'kept'));
  const keysOf = (isBooked: boolean): bigint[] =>
    trades.filter(({ state }) => (state === 'handed_on') === isBooked).map(({ dealKey }) => dealKey);
  const live = await liveBookings(tx, keysOf(true));
  const { countsOpens } = book;
  const unbooked = await keysAsBookedNow(tx, keysOf(false), { countsOpens });
  const due = new Map(
    (await tradesAsBooked(tx, [...live.values(), ...unbooked])).map((trade) => [trade.dealKey, trade]),
  );
  return { trades, live, due, opens: book.needsOpens ? await opensFor(tx, due, live) : undefined, next };
}

/** When positions were opened, as bookings keep it, else as it is known now. */
async function opensFor(
  tx: TenantTx,
  due: ReadonlyMap<bigint, DueTrade>,
  live: ReadonlyMap<bigint, LiveBooking>,
): Promise<ReadonlyMap<bigint, PositionOpen>> {
  const kept = [...live.values()].flatMap(({ dealKey, openedAt }) =>
    // An open in whole seconds is the same whether it is said to have milliseconds or not: minima are whole seconds.
    openedAt === null ? [] : [[dealKey, { openedAt: openedAt.getTime(), hasMs: true }] as const],
  );
  const known = new Map<bigint, PositionOpen>(kept);
  const missing = [...due.keys()].filter((dealKey) => !known.has(dealKey));
  for (const [dealKey, open] of await opensOf(tx, missing)) known.set(dealKey, open);
  return known;
}
