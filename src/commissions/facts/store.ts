import { type Currency, ledgerExponent } from '../../kernel/currency.ts';
import { parseDecimal } from '../../kernel/decimal.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  closesOf,
  conversionsOf,
  type DueTrade,
  executionsOf,
  moneyOperationsOf,
  tradesAsBooked,
} from '../../trading/index.ts';
import type { PeriodLine, PeriodPart } from '../periods/types.ts';
import type { AppliedRates } from '../types.ts';
import * as queries from './queries.ts';
import { inPlan, itemsOfExecution, linesOf } from './rules.ts';
import type { ClientPeriod, PeriodFacts, PeriodItem, Unknown } from './types.ts';

/** Trades of an account in a period that are read at most. */
const TRADES_MAX = 50_000;
const DEALS_AT_ONCE = 1_000;
/** What was delivered, and then taken back: it brought nothing. */
const GONE: ReadonlySet<string> = new Set(['deal_deleted', 'deal_earns_no_more']);

/** A trade of a client's period as it stands: booked, and not taken back. */
export type PeriodTrade = { readonly place: number; readonly trade: DueTrade };

type Gathered = { readonly items: PeriodItem[]; readonly unknown: Unknown[] };

/** The trades of clients' periods, by the place of the period, in the order of their close. Trades that wait are not in it. */
export async function tradesOf(tx: TenantTx, periods: readonly ClientPeriod[]): Promise<PeriodTrade[]> {
  const closes = await closesOf(tx, periods, TRADES_MAX);
  const places = new Map(closes.map(({ dealKey, place }) => [dealKey, place]));
  const found: PeriodTrade[] = [];
  for (let from = 0; from < closes.length; from += DEALS_AT_ONCE) {
    const dealKeys = closes.slice(from, from + DEALS_AT_ONCE).map(({ dealKey }) => dealKey);
    const live = (await queries.liveBookings(tx, { dealKeys })).filter(({ reason }) => !GONE.has(reason ?? ''));
    for (const trade of await tradesAsBooked(tx, live)) {
      const place = places.get(trade.dealKey);
      if (place !== undefined && trade.closedVolume > 0n) found.push({ place, trade });
    }
  }
  return found.sort(
    (left, right) =>
      left.place - right.place ||
      left.trade.closedAt - right.trade.closedAt ||
      (left.trade.dealKey < right.trade.dealKey ? -1 : 1),
  );
}

/** All that counts of clients' periods, in the order asked. */
export async function factsOfPeriods(tx: TenantTx, periods: readonly ClientPeriod[]): Promise<PeriodFacts[]> {
  const gathered = periods.map((): Gathered => ({ items: [], unknown: [] }));
  await gatherTrades(tx, periods, gathered);
  await gatherMoney(tx, periods, gathered);
  if (periods.length > 0) await gatherCosts(tx, periods, gathered);
  return gathered;
}

async function gatherTrades(tx: TenantTx, periods: readonly ClientPeriod[], gathered: readonly Gathered[]) {
  const trades = await tradesOf(tx, periods);
  for (let from = 0; from < trades.length; from += DEALS_AT_ONCE) {
    const page = trades.slice(from, from + DEALS_AT_ONCE);
    const executions = await executionsOf(
      tx,
      page.map(({ trade: { dealKey, symbolKey } }) => ({ dealKey, symbolKey, counts: 'close' })),
    );
    const placeOf = new Map(page.map(({ place, trade }) => [trade.dealKey, { place, at: new Date(trade.closedAt) }]));
    for (const { place, trade } of page) {
      const execution = executions.get(trade.dealKey);
      if (execution === undefined) continue;
      const { items, unknown } = itemsOfExecution(execution, trade.closedVolume, new Date(trade.closedAt));
      gathered[place]?.items.push(...items);
      gathered[place]?.unknown.push(...unknown);
    }
    for (const { dealKey, currency, units } of await queries.paidForDeals(tx, { dealKeys: [...placeOf.keys()] })) {
      const of = placeOf.get(dealKey);
      if (of !== undefined) gathered[of.place]?.items.push(itemOf('rebates', of.at, currency, units));
    }
  }
}

const itemOf = (part: PeriodPart, at: Date, currency: Currency, units: bigint): PeriodItem => ({
  part,
  at,
  currency,
  amount: { coefficient: units, scale: ledgerExponent(currency) },
});

/** Bonuses and credit, given and taken back. */
async function gatherMoney(tx: TenantTx, periods: readonly ClientPeriod[], gathered: readonly Gathered[]) {
  const times = periods.flatMap(({ from, to }) => [from.getTime(), to.getTime()]);
  if (times.length === 0) return;
  const operations = await moneyOperationsOf(tx, {
    clientKeys: periods.map(({ clientKey }) => clientKey),
    from: new Date(Math.min(...times)),
    to: new Date(Math.max(...times)),
  });
  for (const { clientKey, at, kind, currency, amount } of operations) {
    if (kind !== 'bonus' && kind !== 'credit') continue;
    for (const [place, period] of periods.entries())
      if (period.clientKey === clientKey && period.from <= at && at < period.to)
        gathered[place]?.items.push({ part: 'bonuses', at, currency, amount: parseDecimal(amount) });
  }
}

async function gatherCosts(tx: TenantTx, periods: readonly ClientPeriod[], gathered: readonly Gathered[]) {
  const rows = await queries.costsOfPeriods(tx, {
    places: periods.map((_period, place) => place),
    clientKeys: periods.map(({ clientKey }) => clientKey),
    froms: periods.map(({ from }) => from),
    tos: periods.map(({ to }) => to),
  });
  for (const { place, kind, currency, units, at } of rows)
    gathered[place]?.items.push(itemOf(kind === 'psp_fee' ? 'psp_fees' : 'chargebacks', at, currency, units));
}

/** Items as lines of a plan's currency, each with the published rates at its own time. */
export async function linesIn(tx: TenantTx, items: readonly PeriodItem[], planCurrency: string): Promise<PeriodLine[]> {
  const foreign = items.filter((item) => inPlan(item, planCurrency).currency !== planCurrency);
  const conversions = await conversionsOf(
    tx,
    foreign.map((item) => ({ from: item.currency, to: planCurrency, at: item.at })),
  );
  const ratesOf = new Map<PeriodItem, AppliedRates | undefined>(
    foreign.map((item, place) => [item, conversions[place]]),
  );
  return linesOf(
    items.map((item) => ({ item, rates: ratesOf.get(item) })),
    planCurrency,
  );
}
