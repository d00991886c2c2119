import { z } from 'zod';
import { PercentText } from '../contract.ts';
import type { Fraction, LevelMode, Shares, Weigh } from '../types.ts';
import { COMPOUNDING_LEVELS_MAX, fractionsOf, repeating } from './compounding.ts';
import { movedUp } from './suspension.ts';

const settings = z.strictObject({
  kind: z.literal('share_up'),
  /** What each level passes to the next one of what it got, from depth 0 upward; the last one repeats. */
  shares: z.array(PercentText).min(1).max(COMPOUNDING_LEVELS_MAX),
});

/** What each of so many levels keeps. The last one has nobody above it and keeps all that it got. */
function keptBy(shares: readonly [Fraction, ...Fraction[]], levels: number): Shares {
  const passing = Array.from({ length: Math.max(levels - 1, 0) }, (_none, depth) => repeating(shares, depth));
  const whole = passing.reduce((product, { denominator }) => product * denominator, 1n);
  let got = whole;
  const weights = passing.map(({ numerator, denominator }) => {
    const passed = (got * numerator) / denominator; // Without a rest: the whole has every denominator as a factor.
    const kept = got - passed;
    got = passed;
    return kept;
  });
  return { weights: [...weights, got], whole };
}

/**
 * Share-up: each level passes a share of what it got to the one above (commission-models, Level modes). What levels keep
 * depends on how many there are, and is worked out once for each number; the 100th passes nothing on.
 */
function weighing(shares: readonly [Fraction, ...Fraction[]]): Weigh {
  const byLevels: Shares[] = [];
  return (_component, _rule, chain, reasons) => {
    const levels = Math.min(chain.length, COMPOUNDING_LEVELS_MAX);
    const { weights, whole } = (byLevels[levels] ??= keptBy(shares, levels));
    return {
      weights: movedUp(
        chain,
        (depth) => weights[depth] ?? 0n,
        () => 'no_level',
        reasons,
      ),
      whole,
    };
  };
}

export const shareUp = {
  kind: 'share_up',
  usesRates: false,
  settings,
  refusals: () => [], // A share of a share is never above the whole.
  compile: (given) => {
    const [first, ...more] = fractionsOf(settings.parse(given).shares);
    if (first === undefined) throw new RangeError('share-up has at least one share');
    return weighing([first, ...more]);
  },
} satisfies LevelMode & { settings: z.ZodType };
