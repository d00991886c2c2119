import { z } from 'zod';
import { formatDecimal } from '../../kernel/decimal.ts';
import type { Model } from '../types.ts';
import { pointOf } from './fractions.ts';
import { earningBySteps } from './price-steps.ts';

/** Points: the rate is a number of points, 10^-digits each. 1 lot of 1 000 units at 10 points of 0.00001: 0.10. */
export const points = {
  kind: 'points',
  rate: 'number',
  needsExecution: true,
  settings: z.strictObject({ kind: z.literal('points') }),
  compile: (_given, plan) =>
    earningBySteps(plan, ({ digits }) => ({
      text: formatDecimal({ coefficient: 1n, scale: digits }),
      size: pointOf(digits),
    })),
} satisfies Model & { settings: z.ZodType };
