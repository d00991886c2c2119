import { z } from 'zod';
import { PercentText } from '../contract.ts';
import { fractionOf } from '../models/fractions.ts';
import { periodUnits, type PeriodModel, type PeriodPart } from './types.ts';

const SIGNS = {
  spread: 1n,
  commission: 1n,
  rebates: -1n,
  bonuses: -1n,
  psp_fees: -1n,
  chargebacks: -1n,
} as const satisfies Partial<Record<PeriodPart, 1n | -1n>>;
const parts = Object.keys(SIGNS) as (keyof typeof SIGNS)[];

const settings = z.strictObject({
  kind: z.literal('net_revenue'),
  period: z.enum(periodUnits),
  share: PercentText,
  /** What counts; all of it unless given. A server that tells no quotes leaves out the spread. */
  parts: z.array(z.enum(parts)).min(1).max(parts.length).optional(),
  /** Whether a period below 0 is carried into the next one. */
  carryOver: z.boolean().default(false),
});

/**
 * Net revenue: (spread + commission - rebates - bonuses - PSP fees - chargebacks) x share of a client's period, never below 0
 * (commission-models, Base models). (1840 + 620 - 210 - 150 - 96.50) x 30 % = 601.05.
 */
export const netRevenue = {
  kind: 'net_revenue',
  settings,
  refusals: () => [],
  compile: (given) => {
    const { period, share, carryOver, parts: counted = parts } = settings.parse(given);
    return {
      over: 'period',
      unit: period,
      signs: Object.fromEntries(counted.map((part) => [part, SIGNS[part]])),
      share: { ...fractionOf(share), denominator: fractionOf(share).denominator * 100n },
      carries: carryOver,
    };
  },
} satisfies PeriodModel & { settings: z.ZodType };
