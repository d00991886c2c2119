import { type Currency, ledgerExponent } from '../../kernel/currency.ts';
import { parseDecimal } from '../../kernel/decimal.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  closesOf,
  conversionsOf,
  type DueTrade,
  executionsOf,
  moneyPagesOf,
  tradesAsBooked,
} from '../../trading/index.ts';
import type { PeriodPart } from '../periods/types.ts';
import type { AppliedRates } from '../types.ts';
import * as queries from './queries.ts';
import { inPlan, itemsOfExecution, PeriodSums } from './rules.ts';
import type { ClientPeriod, PeriodFacts, PeriodItem, PlannedPeriod } from './types.ts';

/** What is read at once: trades of an account, and trades whose facts are looked up. A period has as many pages as it needs. */
export type FactPages = {
  readonly closes: number;
  readonly deals: number;
  readonly money: number;
  readonly lines?: number;
};
const PAGES: FactPages = { closes: 1_000, deals: 1_000, money: 1_000 };
/** What was delivered, and then taken back: it brought nothing. */
const GONE: ReadonlySet<string> = new Set(['deal_deleted', 'deal_earns_no_more']);

/** A trade of a client's period as it stands: booked, and not taken back. */
export type PeriodTrade = { readonly place: number; readonly trade: DueTrade };

/**
 * The trades of clients' periods as they are booked now, by the place of the period; all of them, page by page, in no order. One
 * whose close was corrected counts where it belongs now. Trades that wait are not in it.
 */
export async function* tradesOf(
  tx: TenantTx,
  periods: readonly ClientPeriod[],
  pages: FactPages = PAGES,
): AsyncGenerator<readonly PeriodTrade[]> {
  for await (const closes of closesOf(tx, periods, pages.closes))
    for (let from = 0; from < closes.length; from += pages.deals)
      yield await asBooked(tx, periods, closes.slice(from, from + pages.deals));
  const asked = askedOf(periods);
  for (let after = { place: -1, dealKey: -1n }; ;) {
    const at = { afterPlace: after.place, afterKey: after.dealKey };
    const moved = await queries.closesMovedInto(tx, { ...asked, ...at, limit: pages.deals });
    yield await asBooked(tx, periods, moved);
    const last = moved.at(-1);
    if (last === undefined || moved.length < pages.deals) return;
    after = last;
  }
}

const askedOf = (periods: readonly ClientPeriod[]) => ({
  places: periods.map((_period, place) => place),
  clientKeys: periods.map(({ clientKey }) => clientKey),
  froms: periods.map(({ from }) => from),
  tos: periods.map(({ to }) => to),
});

async function asBooked(
  tx: TenantTx,
  periods: readonly ClientPeriod[],
  closes: readonly { readonly place: number; readonly dealKey: bigint }[],
): Promise<PeriodTrade[]> {
  const dealKeys = [...new Set(closes.map(({ dealKey }) => dealKey))];
  if (dealKeys.length === 0) return [];
  const live = (await queries.liveBookings(tx, { dealKeys })).filter(({ reason }) => !GONE.has(reason ?? ''));
  const trades = new Map((await tradesAsBooked(tx, live)).map((trade) => [trade.dealKey, trade]));
  return closes.flatMap(({ place, dealKey }): PeriodTrade[] => {
    const [trade, period] = [trades.get(dealKey), periods[place]];
    if (trade === undefined || trade.closedVolume <= 0n || period === undefined) return [];
    const isOfIt =
      trade.clientKey === period.clientKey &&
      trade.closedAt >= period.from.getTime() &&
      trade.closedAt < period.to.getTime();
    return isOfIt ? [{ place, trade }] : []; // It may have been corrected away.
  });
}

/** All that counts of clients' periods, in the order asked. */
export async function factsOfPeriods(
  tx: TenantTx,
  periods: readonly PlannedPeriod[],
  pages: FactPages = PAGES,
): Promise<PeriodFacts[]> {
  if (periods.length === 0) return [];
  const sums = periods.map(({ currency }) => new PeriodSums(currency, pages.lines));
  const gather: Gather = { tx, periods, sums };
  for await (const trades of tradesOf(tx, periods, pages)) await gatherTrades(gather, trades);
  await gatherMoney(gather, pages.money);
  await gatherCosts(gather);
  return sums.map((each) => each.facts());
}

type Gather = {
  readonly tx: TenantTx;
  readonly periods: readonly PlannedPeriod[];
  readonly sums: readonly PeriodSums[];
};
type Placed = { readonly place: number; readonly item: PeriodItem };

/** Adds items to their periods, each with the published rates at its own time. */
async function addItems({ tx, periods, sums }: Gather, items: readonly Placed[]): Promise<void> {
  const wishes = items.flatMap(({ place, item }) => {
    const to = periods[place]?.currency ?? '';
    const from = inPlan(item, to).currency;
    return from === to ? [] : [{ item, wish: { from: item.currency, to, at: item.at } }];
  });
  const conversions = await conversionsOf(
    tx,
    wishes.map(({ wish }) => wish),
  );
  const ratesOf = new Map<PeriodItem, AppliedRates | undefined>(
    wishes.map(({ item }, place) => [item, conversions[place]]),
  );
  for (const { place, item } of items) sums[place]?.add(item, ratesOf.get(item));
}

async function gatherTrades(gather: Gather, trades: readonly PeriodTrade[]): Promise<void> {
  if (trades.length === 0) return;
  const { tx, sums } = gather;
  const executions = await executionsOf(
    tx,
    trades.map(({ trade: { dealKey, symbolKey } }) => ({ dealKey, symbolKey, counts: 'close' })),
  );
  const found: Placed[] = [];
  for (const { place, trade } of trades) {
    const execution = executions.get(trade.dealKey);
    if (execution === undefined) continue;
    const { items, unknown } = itemsOfExecution(execution, trade.closedVolume, new Date(trade.closedAt));
    found.push(...items.map((item) => ({ place, item })));
    for (const lack of unknown) sums[place]?.lack(lack);
  }
  const ofDeal = Map.groupBy(trades, ({ trade }) => trade.dealKey); // A day's trade is one of the month as well.
  for (const { dealKey, currency, units } of await queries.paidForDeals(tx, { dealKeys: [...ofDeal.keys()] }))
    for (const { place, trade } of ofDeal.get(dealKey) ?? [])
      found.push({ place, item: itemOf('rebates', new Date(trade.closedAt), currency, units) });
  await addItems(gather, found);
}

const itemOf = (part: PeriodPart, at: Date, currency: Currency, units: bigint): PeriodItem => ({
  part,
  at,
  currency,
  amount: { coefficient: units, scale: ledgerExponent(currency) },
});

/** Bonuses and credit, given and taken back. */
async function gatherMoney(gather: Gather, page: number): Promise<void> {
  const { tx, periods } = gather;
  const times = periods.flatMap(({ from, to }) => [from.getTime(), to.getTime()]);
  const ofClient = Map.groupBy([...periods.entries()], ([, { clientKey }]) => clientKey);
  const from = new Date(Math.min(...times));
  const to = new Date(Math.max(...times));
  for await (const operations of moneyPagesOf(tx, { clientKeys: [...ofClient.keys()], from, to, page }))
    await addItems(
      gather,
      operations
        .filter(({ kind }) => kind === 'bonus' || kind === 'credit')
        .flatMap(({ clientKey, at, currency, amount }) =>
          (ofClient.get(clientKey) ?? [])
            .filter(([, period]) => period.from <= at && at < period.to)
            .map(([place]) => ({
              place,
              item: { part: 'bonuses', at, currency, amount: parseDecimal(amount) } as const,
            })),
        ),
    );
}

async function gatherCosts(gather: Gather): Promise<void> {
  const { tx, periods } = gather;
  const rows = await queries.costsOfPeriods(tx, askedOf(periods));
  await addItems(
    gather,
    rows.map(({ place, kind, currency, units, at }) => ({
      place,
      item: itemOf(kind === 'psp_fee' ? 'psp_fees' : 'chargebacks', at, currency, units),
    })),
  );
}
