import type { NaiveExecution, NaiveFacts, NaiveModel, NaivePlan, NaiveSpread } from './types.ts';
import { type Fraction, isAbove, minus, over, plus, read, times, zero } from './fractions.ts';

const percent = (text: string): Fraction => over(read(text), read('100'));

/** E by the table of base models, in plan currency; the word of a reason or code where there is none. */
export function earnedBy(facts: NaiveFacts, model: NaiveModel, rate: Fraction, plan: NaivePlan): Fraction | string {
  const lots = read(facts.lots);
  if (model.kind === 'per_lot') {
    const counted = times(lots, read(facts.lotFactor));
    return counted.n === 0n ? 'group_counts_nothing' : times(counted, rate);
  }
  const { execution } = facts;
  if (execution === undefined) return 'commissions.price_unknown';
  const share = over(rate, read('100'));
  if (model.kind === 'profit_share') {
    if (execution.profit === undefined) return 'commissions.price_unknown';
    if (!isAbove(read(execution.profit), zero)) return 'no_profit';
    return inPlan(times(read(execution.profit), share), execution.depositCurrency, execution, plan);
  }
  const contract = times(lots, read(execution.contractSize));
  if (model.kind === 'per_million') {
    if (execution.baseCurrency === undefined) return 'commissions.base_currency_missing';
    const dollars = naivelyConverted(contract, execution.baseCurrency, 'USD', execution, plan);
    return typeof dollars === 'string' ? dollars : times(over(dollars, read('1000000')), rate);
  }
  if (model.kind === 'pips' || model.kind === 'points') {
    const point = over(read('1'), read(`1${'0'.repeat(execution.digits)}`));
    const step = model.kind === 'pips' ? read(execution.pipSize) : point;
    return inPlan(times(times(contract, rate), step), execution.profitCurrency, execution, plan);
  }
  let paid = zero;
  if (model.kind !== 'commission_share') {
    const spread = spreadOf(facts, execution, model);
    if (typeof spread === 'string') return spread;
    const wide = inPlan(times(spread, contract), execution.profitCurrency, execution, plan);
    if (typeof wide === 'string') return wide;
    paid = model.kind === 'spread_share' ? wide : times(wide, percent(model.spreadShare));
  }
  if (model.kind !== 'spread_share') {
    if (execution.charged === undefined) return 'commissions.open_unknown';
    const charged = inPlan(read(execution.charged), execution.depositCurrency, execution, plan);
    if (typeof charged === 'string') return charged;
    paid = plus(paid, model.kind === 'commission_share' ? charged : times(charged, percent(model.commissionShare)));
  }
  const none = {
    spread_share: 'spread_zero',
    commission_share: 'commission_zero',
    spread_and_commission: 'nothing_charged',
  };
  return paid.n === 0n ? none[model.kind] : times(paid, share);
}

/**
 * R(a -> plan). "For profit currency to deposit currency the deal's own RateProfit wins where it is not 0", which "serves only
 * where the deposit currency is the plan currency"; else published rows, "inverses and crosses are exact fractions of such rows".
 */
function inPlan(amount: Fraction, from: string, execution: NaiveExecution, plan: NaivePlan): Fraction | string {
  if (from === plan.currency) return amount;
  const own = read(execution.rateProfit ?? '0');
  if (from === execution.profitCurrency && execution.depositCurrency === plan.currency && isAbove(own, zero))
    return times(amount, own);
  return naivelyConverted(amount, from, plan.currency, execution, plan);
}

/** By published rows alone. */
export function naivelyConverted(
  amount: Fraction,
  from: string,
  to: string,
  { conversions = [] }: Pick<NaiveExecution, 'conversions'>,
  plan: Pick<NaivePlan, 'rateAgeHoursMax'>,
): Fraction | string {
  if (from === to) return amount;
  const way = conversions.filter((one) => one.from === from && one.to === to)[0];
  if (way === undefined) return 'commissions.rate_missing';
  const oldest = Math.max(...way.rows.map(({ ageMs }) => ageMs));
  if (oldest > (plan.rateAgeHoursMax ?? 120) * 60 * 60 * 1000) return 'commissions.rate_stale';
  let [reached, value] = [from, amount];
  for (const { base, quote, rate } of way.rows) {
    value = reached === base ? times(value, read(rate)) : over(value, read(rate));
    reached = reached === base ? quote : base;
  }
  return value;
}

/** ask - bid, at least 0; the mean of open and close where the plan says so; min(actual, limit). */
function spreadOf(facts: NaiveFacts, execution: NaiveExecution, model: NaiveSpread): Fraction | string {
  const sides =
    model.spread === 'mean'
      ? [
          [execution.openBid, execution.openAsk],
          [execution.closeBid, execution.closeAsk],
        ]
      : [[execution.closeBid, execution.closeAsk]];
  let actual = zero;
  for (const [bid, ask] of sides) {
    if (bid === undefined || ask === undefined) return 'commissions.price_unknown';
    const one = minus(read(ask), read(bid));
    actual = plus(actual, isAbove(one, zero) ? over(one, read(String(sides.length))) : zero);
  }
  for (const { symbol, symbolGroup, pips } of model.limits ?? [])
    if (
      (symbol === undefined || symbol === facts.symbol) &&
      (symbolGroup === undefined || symbolGroup === facts.symbolGroup)
    ) {
      const most = times(read(pips), read(execution.pipSize));
      return isAbove(actual, most) ? most : actual;
    }
  return actual;
}
