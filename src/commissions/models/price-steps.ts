import type { Earn, ExecutionFacts, Fraction, PlanFrame } from '../types.ts';
import { fromProfitCurrency } from './conversion.ts';
import { fractionOf, lotsOf, lotsText, product, wholeNumber } from './fractions.ts';

/** Lots x rate in steps of the price x size of a step x contract size x R(quote to plan): pips and points alike. */
export const earningBySteps =
  (plan: PlanFrame, stepOf: (execution: ExecutionFacts) => { readonly text: string; readonly size: Fraction }): Earn =>
  (trade, rateUnits, note) => {
    const { execution } = trade;
    if (execution === undefined) return 'commissions.price_unknown';
    const step = stepOf(execution);
    note?.({ lots: lotsText(trade), contractSize: execution.contractSize, step: step.text });
    const rate = fromProfitCurrency(execution, plan, note);
    if (typeof rate === 'string') return rate;
    return product(lotsOf(trade), wholeNumber(rateUnits), step.size, fractionOf(execution.contractSize), rate);
  };
