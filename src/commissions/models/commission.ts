import type { ExecutionFacts, Fraction, Note, ParkCode, PlanFrame } from '../types.ts';
import { fromDepositCurrency } from './conversion.ts';
import { fractionOf, product } from './fractions.ts';

/** What the client was charged as commission and fee on both legs, in plan currency (commission-models, Units and rounding). */
export function commissionCost(execution: ExecutionFacts, plan: PlanFrame, note?: Note): Fraction | ParkCode {
  const { charged, depositCurrency } = execution;
  if (charged === undefined) return 'commissions.open_unknown';
  note?.({ charged, chargedIn: depositCurrency });
  const rate = fromDepositCurrency(execution, plan, note);
  return typeof rate === 'string' ? rate : product(fractionOf(charged), rate);
}
