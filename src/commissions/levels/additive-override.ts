import { z } from 'zod';
import { PercentText } from '../contract.ts';
import type { Fraction, LevelMode, LevelReason, Weigh } from '../types.ts';
import { COMPOUNDING_LEVELS_MAX, fractionsOf, repeating } from './compounding.ts';
import { movedUp } from './suspension.ts';

const settings = z.strictObject({
  kind: z.literal('additive_override'),
  /** What each level gets on top of the part of the one below it, from depth 1 upward; the last one repeats. */
  overrides: z.array(PercentText).min(1).max(COMPOUNDING_LEVELS_MAX),
});

/**
 * Additive override: the direct IB has its agreed rate, each level above gets a percentage on top of the part of the level
 * directly below, which keeps all (commission-models, Level modes). An override that the rest of the budget does not cover is
 * not paid, nor any above it; the 100th level ends the compounding.
 */
const weighing =
  (overrides: readonly [Fraction, ...Fraction[]], budgets: readonly bigint[]): Weigh =>
  (component, rule, chain, reasons) => {
    const budget = budgets[rule] ?? 0n;
    const rate = chain[0]?.rates?.[component]?.[rule] ?? 0n;
    // Parts over the denominator that each level's percentage has made, and their sum over the last one.
    const parts: Fraction[] = [{ numerator: rate, denominator: 1n }];
    let sum = rate;
    let last: Fraction = { numerator: rate, denominator: 1n };
    const levels = Math.min(chain.length, COMPOUNDING_LEVELS_MAX);
    for (let depth = 1; depth < levels && last.numerator > 0n; depth += 1) {
      const { numerator, denominator } = repeating(overrides, depth - 1);
      last = { numerator: last.numerator * numerator, denominator: last.denominator * denominator };
      sum = sum * denominator + last.numerator;
      if (sum > budget * last.denominator) break;
      parts.push(last);
    }
    const whole = parts.at(-1)?.denominator ?? 1n;
    const weights = parts.map((part) => part.numerator * (whole / part.denominator));
    const covered = parts.length === levels || last.numerator === 0n;
    const whyNone = (depth: number): LevelReason => {
      if (depth === 0) return 'no_rate';
      return covered || depth >= levels ? 'no_override' : 'override_not_covered';
    };
    return { weights: movedUp(chain, (depth) => weights[depth] ?? 0n, whyNone, reasons), whole: budget * whole };
  };

export const additiveOverride = {
  kind: 'additive_override',
  usesRates: true,
  settings,
  refusals: () => [], // The agreed rate is checked with each agreement; overrides are paid as far as the budget covers them.
  compile: (given, frame) => {
    const [first, ...more] = fractionsOf(settings.parse(given).overrides);
    if (first === undefined) throw new RangeError('an additive override has at least one percentage');
    return weighing(
      [first, ...more],
      frame.rules.map(({ budgetUnits }) => budgetUnits),
    );
  },
} satisfies LevelMode & { settings: z.ZodType };
