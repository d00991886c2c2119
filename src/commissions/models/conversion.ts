import type { AppliedRates, ExecutionFacts, Fraction, Note, ParkCode, PlanFrame } from '../types.ts';
import { fractionOf } from './fractions.ts';

const ONE: Fraction = { numerator: 1n, denominator: 1n };

/**
 * Units of the plan currency for one of the profit currency, in which a symbol is quoted. The deal's own rate serves only
 * where the account is in the plan currency, and is not 0 (commission-models, Units and rounding).
 */
export function fromProfitCurrency(execution: ExecutionFacts, plan: PlanFrame, note?: Note): Fraction | ParkCode {
  const { profitCurrency, depositCurrency, rateProfit } = execution;
  if (profitCurrency === plan.currency) return ONE;
  const own = depositCurrency === plan.currency && rateProfit !== undefined ? fractionOf(rateProfit) : undefined;
  if (own === undefined || own.numerator <= 0n) return convert(execution, profitCurrency, plan.currency, plan, note);
  note?.({ [`${profitCurrency} to ${plan.currency}`]: `${rateProfit} (deal)` });
  return own;
}

/** The same for the currency of the account. */
export const fromDepositCurrency = (execution: ExecutionFacts, plan: PlanFrame, note?: Note): Fraction | ParkCode =>
  execution.depositCurrency === plan.currency
    ? ONE
    : convert(execution, execution.depositCurrency, plan.currency, plan, note);

const NOTIONAL = 'USD';

/** Dollars for one of the currency that a lot is so many units of. */
export function fromBaseCurrency(execution: ExecutionFacts, plan: PlanFrame, note?: Note): Fraction | ParkCode {
  const { baseCurrency } = execution;
  if (baseCurrency === undefined) return 'commissions.base_currency_missing';
  return baseCurrency === NOTIONAL ? ONE : convert(execution, baseCurrency, NOTIONAL, plan, note);
}

/** By published rates, exactly: each is taken as it is or turned round, and nothing is rounded on the way. */
function convert(
  execution: ExecutionFacts,
  from: string,
  to: string,
  plan: PlanFrame,
  note?: Note,
): Fraction | ParkCode {
  const found = execution.conversions?.find((one) => one.from === from && one.to === to);
  if (found === undefined) return 'commissions.rate_missing';
  note?.({
    [`${from} to ${to}`]: found.rows
      .map(({ base, quote, rate, source, at }) => `${base}/${quote} ${rate} (${source}, ${at})`)
      .join(', '),
  });
  return alongRates(found, plan);
}

/** By the published rates on a way, each taken as it is or turned round; a code where there is none, or one was too old. */
export function alongRates(found: AppliedRates | undefined, plan: PlanFrame): Fraction | ParkCode {
  if (found === undefined) return 'commissions.rate_missing';
  if (found.rows.some(({ ageMs }) => ageMs > plan.rateAgeMsMax)) return 'commissions.rate_stale';
  let reached = found.from;
  let { numerator, denominator } = ONE;
  for (const { base, quote, rate } of found.rows) {
    const figure = fractionOf(rate);
    const isDirect = base === reached;
    numerator *= isDirect ? figure.numerator : figure.denominator;
    denominator *= isDirect ? figure.denominator : figure.numerator;
    reached = isDirect ? quote : base;
  }
  return { numerator, denominator };
}
