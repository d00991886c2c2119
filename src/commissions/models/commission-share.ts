import { z } from 'zod';
import type { Model } from '../types.ts';
import { commissionCost } from './commission.ts';
import { percentOf, product } from './fractions.ts';

/** Share of commission: a percentage of what the client was charged. -6.00 on each of two legs, 25 %: 3.00. */
export const commissionShare = {
  kind: 'commission_share',
  rate: 'percent',
  needsExecution: true,
  settings: z.strictObject({ kind: z.literal('commission_share') }),
  compile: (_given, plan) => (trade, rateUnits, note) => {
    if (trade.execution === undefined) return 'commissions.price_unknown';
    const cost = commissionCost(trade.execution, plan, note);
    if (typeof cost === 'string') return cost;
    return cost.numerator === 0n ? 'commission_zero' : product(cost, percentOf(rateUnits));
  },
} satisfies Model & { settings: z.ZodType };
