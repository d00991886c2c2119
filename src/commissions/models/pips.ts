import { z } from 'zod';
import type { Model } from '../types.ts';
import { fractionOf } from './fractions.ts';
import { earningBySteps } from './price-steps.ts';

/** Pips: the rate is a number of pips, whose size is a setting of the symbol. EURUSD 2.50 lots at 0.8 pip: 20.00. */
export const pips = {
  kind: 'pips',
  rate: 'number',
  needsExecution: true,
  settings: z.strictObject({ kind: z.literal('pips') }),
  compile: (_given, plan) => earningBySteps(plan, ({ pipSize }) => ({ text: pipSize, size: fractionOf(pipSize) })),
} satisfies Model & { settings: z.ZodType };
