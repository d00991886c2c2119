import { z } from 'zod';
import type { LevelMode, Weigh } from '../types.ts';
import { sumOf } from './amounts.ts';
import { movedUp } from './suspension.ts';

const LEVELS_MAX = 100;

const settings = z.strictObject({
  kind: z.literal('pool'),
  /** Of the levels from depth 0 upward; levels above the last one have none. */
  weights: z.array(z.int().min(0).max(1_000_000)).min(1).max(LEVELS_MAX),
  /** What becomes of the weights of levels that a chain lacks: the others share theirs, or the house keeps it. */
  lacking: z.enum(['others', 'house']),
});

/** Pool: the earning is shared by the weights of the levels (commission-models, Level modes). */
const weighing =
  (levels: readonly bigint[], lacking: 'others' | 'house'): Weigh =>
  (_component, _rule, chain, reasons) => ({
    weights: movedUp(
      chain,
      (depth) => levels[depth] ?? 0n,
      () => 'no_level',
      reasons,
    ),
    // A chain whose levels all weigh nothing shares nothing: any whole will do.
    whole: sumOf(lacking === 'others' ? levels.slice(0, chain.length) : levels) || 1n,
  });

export const pool = {
  kind: 'pool',
  usesRates: false,
  settings,
  refusals: (given, frame) =>
    settings.parse(given).weights.some((weight) => weight > 0)
      ? []
      : [{ code: 'commissions.weights_all_zero', detail: `${frame.component}: no level has a weight` }],
  compile: (given) => {
    const { weights, lacking } = settings.parse(given);
    return weighing(weights.map(BigInt), lacking);
  },
} satisfies LevelMode & { settings: z.ZodType };
