import { z } from 'zod';
import { periodParts, periodUnits } from '../periods/types.ts';

const Units = z.string().regex(/^-?\d+$/);

const Rates = z.strictObject({
  from: z.string(),
  to: z.string(),
  rows: z
    .array(
      z.strictObject({
        key: z.string(),
        rate: z.string(),
        base: z.string(),
        quote: z.string(),
        source: z.string(),
        at: z.string(),
        ageMs: z.int(),
      }),
    )
    .readonly(),
});

const Part = z.strictObject({
  kind: z.enum(['ib', 'client']),
  beneficiary: z.int(),
  depth: z.int(),
  units: Units,
});

/** What an award of a period was computed from, as it is stored with it. */
export const PeriodInputs = z.strictObject({
  over: z.literal('period'),
  component: z.string(),
  /** As of which instant tree, plan and agreements are taken: the last of the period. */
  asOf: z.iso.datetime(),
  period: z.strictObject({ unit: z.enum(periodUnits), from: z.iso.datetime(), to: z.iso.datetime() }),
  lines: z.array(
    z.strictObject({
      part: z.enum(periodParts),
      currency: z.string(),
      amount: z.string(),
      items: z.int(),
      rates: Rates.optional(),
    }),
  ),
  /** In ledger units of the plan currency: what earlier periods left, and what was awarded for this one before. */
  carriedUnits: Units,
  before: z.strictObject({ units: Units, parts: z.array(Part) }),
});
export type PeriodInputs = z.infer<typeof PeriodInputs>;

/** What a step of a ladder was computed from. */
export const ClientInputs = z.strictObject({
  over: z.literal('client'),
  component: z.string(),
  /** When the step was reached behind all gates. */
  asOf: z.iso.datetime(),
  country: z.string().nullable(),
  deposits: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      amount: z.string(),
      currency: z.string(),
      units: Units,
      rates: Rates.optional(),
    }),
  ),
  gates: z.array(
    z.strictObject({
      gate: z.string(),
      needed: z.string(),
      reached: z.string(),
      openSince: z.iso.datetime().nullable(),
    }),
  ),
  step: z.strictObject({ depositUnits: Units, paysUnits: Units }),
  paidBeforeUnits: Units,
});
export type ClientInputs = z.infer<typeof ClientInputs>;

/** What an award by a plan was computed from. */
export const AwardInputs = z.discriminatedUnion('over', [PeriodInputs, ClientInputs]);
export type AwardInputs = z.infer<typeof AwardInputs>;
