import type { NaiveExecution, NaiveFacts, NaiveModel, NaiveSpread } from './naive-facts.ts';
import { type Fraction, isAbove, minus, over, plus, read, times, zero } from './naive-fractions.ts';

/** E by the table of base models, in plan currency; the word of a reason or code where there is none. */
export function earnedBy(facts: NaiveFacts, model: NaiveModel, rate: Fraction, plan: string): Fraction | string {
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
    return execution.depositCurrency === plan ? times(read(execution.profit), share) : 'commissions.rate_missing';
  }
  const contract = times(lots, read(execution.contractSize));
  if (model.kind === 'pips' || model.kind === 'points') {
    const step =
      model.kind === 'pips' ? read(execution.pipSize) : over(read('1'), read(`1${'0'.repeat(execution.digits)}`));
    return inPlan(times(times(contract, rate), step), execution, plan);
  }
  const width =
    model.kind === 'commission_share'
      ? undefined
      : inPlanOr(spreadOf(facts, execution, model), contract, execution, plan);
  if (typeof width === 'string') return width;
  if (model.kind === 'spread_share') return width === undefined || width.n === 0n ? 'spread_zero' : times(width, share);
  if (execution.charged === undefined) return 'commissions.open_unknown';
  if (execution.depositCurrency !== plan) return 'commissions.rate_missing';
  const charged = read(execution.charged);
  if (model.kind === 'commission_share') return charged.n === 0n ? 'commission_zero' : times(charged, share);
  const both = plus(
    times(width ?? zero, over(read(model.spreadShare), read('100'))),
    times(charged, over(read(model.commissionShare), read('100'))),
  );
  return both.n === 0n ? 'nothing_charged' : times(both, share);
}

const inPlanOr = (spread: Fraction | string, contract: Fraction, execution: NaiveExecution, plan: string) =>
  typeof spread === 'string' ? spread : inPlan(times(spread, contract), execution, plan);

/** R(quote -> plan): the deal's own RateProfit where it is not 0 and the account is in the plan's currency. */
function inPlan(amount: Fraction, execution: NaiveExecution, plan: string): Fraction | string {
  if (execution.profitCurrency === plan) return amount;
  const own = read(execution.rateProfit ?? '0');
  if (execution.depositCurrency === plan && isAbove(own, zero)) return times(amount, own);
  return 'commissions.rate_missing';
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
