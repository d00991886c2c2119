import { z } from 'zod';
import { PERCENT_WHOLE, PercentText, RateText } from '../contract.ts';
import type { LevelMode, Weigh } from '../types.ts';
import { amountRefusals, type Amounts, fittingUnits, sumOf } from './amounts.ts';
import { movedUp } from './suspension.ts';

const LEVELS_MAX = 100;

/** Levels from depth 0 upward: percentages of the earning, or amounts per lot that are shares of the budget rate. */
const settings = z.discriminatedUnion('unit', [
  z.strictObject({
    kind: z.literal('fixed_by_level'),
    unit: z.literal('percent'),
    levels: z.array(PercentText).min(1).max(LEVELS_MAX),
  }),
  z.strictObject({
    kind: z.literal('fixed_by_level'),
    unit: z.literal('amount'),
    levels: z.array(RateText).min(1).max(LEVELS_MAX),
    /** Whether amounts that add to more than a budget rate are scaled down to it; else such a plan is refused. */
    scaling: z.boolean(),
  }),
]);

const amountsOf = ({ unit, levels }: z.infer<typeof settings>): Amounts => ({ unit, texts: levels });

const weighing =
  (levels: readonly bigint[], wholes: readonly bigint[]): Weigh =>
  (_component, rule, chain, reasons) => ({
    weights: movedUp(
      chain,
      (depth) => levels[depth] ?? 0n,
      () => 'no_level',
      reasons,
    ),
    whole: wholes[rule] ?? 0n,
  });

export const fixedByLevel = {
  kind: 'fixed_by_level',
  usesRates: false,
  settings,
  refusals: (given, frame) => {
    const levels = settings.parse(given);
    return amountRefusals(amountsOf(levels), frame, 'level', levels.unit === 'amount' && levels.scaling);
  },
  compile: (given, frame) => {
    const levels = settings.parse(given);
    const units = fittingUnits(amountsOf(levels), frame.rateDigits);
    const sum = sumOf(units);
    // An amount is a share of the budget rate; scaled, of the sum of all levels, whether the chain has them or not.
    const wholeOf = (budgetUnits: bigint): bigint => (sum > budgetUnits ? sum : budgetUnits);
    return weighing(
      units,
      frame.rules.map(({ budgetUnits }) => (levels.unit === 'percent' ? PERCENT_WHOLE : wholeOf(budgetUnits))),
    );
  },
} satisfies LevelMode & { settings: z.ZodType };
