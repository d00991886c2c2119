import type { Execution, Fraction, Note, ParkCode } from '../types.ts';
import { fractionOf } from './fractions.ts';

const ONE: Fraction = { numerator: 1n, denominator: 1n };

/**
 * Units of the plan currency for one of the profit currency, in which a symbol is quoted. The deal's own rate serves only
 * where the account is in the plan currency, and is not 0 (commission-models, Units and rounding).
 */
export function fromProfitCurrency(execution: Execution, plan: string, note?: Note): Fraction | ParkCode {
  const { profitCurrency, depositCurrency, rateProfit } = execution;
  if (profitCurrency === plan) return ONE;
  const own = depositCurrency === plan && rateProfit !== undefined ? fractionOf(rateProfit) : undefined;
  if (rateProfit === undefined || own === undefined || own.numerator <= 0n) return 'commissions.rate_missing';
  note?.({ rate: rateProfit, rateFrom: profitCurrency, rateTo: plan, rateSource: 'deal' });
  return own;
}

/** The same for the currency of the account. */
export const fromDepositCurrency = ({ depositCurrency }: Execution, plan: string): Fraction | ParkCode =>
  depositCurrency === plan ? ONE : 'commissions.rate_missing';
