import { z } from 'zod';
import type { Fraction, Model } from '../types.ts';
import { fromBaseCurrency } from './conversion.ts';
import { fractionOf, lotsOf, lotsText, product, wholeNumber } from './fractions.ts';

const MILLIONTH: Fraction = { numerator: 1n, denominator: 1_000_000n };

/**
 * Per million: the rate is money of the plan currency for each million dollars of notional; no second conversion follows.
 * 2 lots of EURUSD at 1.10 and 5 USD: 1.10.
 */
export const perMillion = {
  kind: 'per_million',
  rate: 'number',
  needsExecution: true,
  needsNotional: true,
  settings: z.strictObject({ kind: z.literal('per_million') }),
  compile: (_given, plan) => (trade, rateUnits, note) => {
    const { execution } = trade;
    if (execution === undefined) return 'commissions.price_unknown';
    note?.({ lots: lotsText(trade), contractSize: execution.contractSize });
    const dollars = fromBaseCurrency(execution, plan, note);
    if (typeof dollars === 'string') return dollars;
    return product(lotsOf(trade), fractionOf(execution.contractSize), dollars, MILLIONTH, wholeNumber(rateUnits));
  },
} satisfies Model & { settings: z.ZodType };
