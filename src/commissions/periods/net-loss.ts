import { z } from 'zod';
import { PercentText } from '../contract.ts';
import { fractionOf } from '../models/fractions.ts';
import { periodUnits, type PeriodModel } from './types.ts';

const settings = z.strictObject({
  kind: z.literal('net_loss'),
  period: z.enum(periodUnits),
  share: PercentText,
  /** Whether what the client won in a period is set against what it loses later. */
  carryOver: z.boolean(),
});

/**
 * Net loss: max(0, what the client lost in the period) x share, with or without carry-over (commission-models, Base models).
 * The loss is that of closed trades without swap and commission. Month 1 -1200 gives 0; month 2 +3000 at 25 %: 450 with
 * carry-over, 750 without.
 */
export const netLoss = {
  kind: 'net_loss',
  settings,
  refusals: () => [],
  compile: (given) => {
    const { period, share, carryOver } = settings.parse(given);
    return {
      over: 'period',
      unit: period,
      signs: { profit: -1n },
      share: { ...fractionOf(share), denominator: fractionOf(share).denominator * 100n },
      carries: carryOver,
    };
  },
} satisfies PeriodModel & { settings: z.ZodType };
