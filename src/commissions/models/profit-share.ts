import { z } from 'zod';
import type { Model } from '../types.ts';
import { fromDepositCurrency } from './conversion.ts';
import { fractionOf, percentOf, product } from './fractions.ts';

/** Share of the client's profit: +320 at 5 % is 16.00, a loss gives nothing. */
export const profitShare = {
  kind: 'profit_share',
  rate: 'percent',
  needsExecution: true,
  settings: z.strictObject({ kind: z.literal('profit_share') }),
  compile: (_given, plan) => (trade, rateUnits, note) => {
    const { execution } = trade;
    if (execution?.profit === undefined) return 'commissions.price_unknown';
    note?.({ profit: execution.profit, profitIn: execution.depositCurrency });
    const profit = fractionOf(execution.profit);
    if (profit.numerator <= 0n) return 'no_profit';
    const rate = fromDepositCurrency(execution, plan, note);
    return typeof rate === 'string' ? rate : product(profit, rate, percentOf(rateUnits));
  },
} satisfies Model & { settings: z.ZodType };
