import { z } from 'zod';
import type { Model } from '../types.ts';
import { percentOf, product } from './fractions.ts';
import { spreadCost, SpreadSettings } from './spread.ts';

const settings = z.strictObject({ kind: z.literal('spread_share'), ...SpreadSettings });

/** Share of spread: a percentage of what the spread came to. Gold 4581.39 - 4581.23, 1 lot of 100, 50 %: 8.00. */
export const spreadShare = {
  kind: 'spread_share',
  rate: 'percent',
  needsExecution: true,
  settings,
  compile: (given, plan) => {
    const spread = settings.parse(given);
    return (trade, rateUnits, note) => {
      if (trade.execution === undefined) return 'commissions.price_unknown';
      const cost = spreadCost(trade, trade.execution, spread, plan, note);
      if (typeof cost === 'string') return cost;
      return cost.numerator === 0n ? 'spread_zero' : product(cost, percentOf(rateUnits));
    };
  },
} satisfies Model & { settings: z.ZodType };
