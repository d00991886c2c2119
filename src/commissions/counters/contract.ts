import { z } from 'zod';
import type { Measure } from './types.ts';

const Units = z.string().regex(/^-?\d+$/);
const MEASURES = [
  'lots',
  'notional',
  'deposits',
  'deposits_of',
  'active',
  'long',
  'short',
  'paid_plan',
  'paid_ib',
  'paid_client',
] as const satisfies readonly Measure[];

/** What a trade saw of the counters and what it counted, as a booking keeps it: of each revision the whole. */
export const KeptStanding = z.strictObject({
  /** By component, in the order of its adjusters. */
  seen: z.array(z.array(Units)),
  /** The same where the trade was brought to the tier of its period later. */
  again: z.array(z.array(Units).nullable()).optional(),
  counts: z.array(
    z.strictObject({
      component: z.string(),
      measure: z.enum(MEASURES),
      owner: z.int(),
      subject: z.string(),
      day: z.int(),
      units: Units,
    }),
  ),
  clientKey: z.int(),
  symbol: z.string(),
  day: z.int(),
  months: z.array(
    z.strictObject({
      component: z.string(),
      owner: z.int(),
      month: z.int(),
      at: z.enum(['reached', 'month_end']),
    }),
  ),
});
export type KeptStanding = z.infer<typeof KeptStanding>;
