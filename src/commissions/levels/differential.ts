import { z } from 'zod';
import type { ChainLink, LevelMode, LevelReason, Weigh } from '../types.ts';

const settings = z.strictObject({
  kind: z.literal('differential'),
  /** What becomes of the part of an IB that is not active: the next level takes it, or the house keeps it. */
  suspension: z.enum(['roll-up', 'house']),
});

const rateOf = (link: ChainLink, component: number, rule: number): bigint | undefined =>
  link.rates?.[component]?.[rule];

/**
 * Differential: each IB gets what its rate is above the highest rate below it, as a share of the budget rate
 * (commission-models, Level modes). Under roll-up the rate of an IB that is not active does not count as a rate below.
 */
const weighing =
  (rollsUp: boolean, budgets: readonly bigint[]): Weigh =>
  (component, rule, chain, reasons) => {
    const weights: bigint[] = [];
    let highest = 0n;
    for (const link of chain) {
      const rate = rateOf(link, component, rule);
      const active = link.status === 'active';
      const above = rate === undefined || rate <= highest || (rollsUp && !active) ? 0n : rate - highest;
      highest += above;
      weights.push(active ? above : 0n);
      reasons?.push(reasonOf(active, rollsUp, rate, above));
    }
    return { weights, whole: budgets[rule] ?? 0n };
  };

function reasonOf(active: boolean, rollsUp: boolean, rate: bigint | undefined, above: bigint): LevelReason {
  if (!active) return rollsUp ? 'suspended_rolled_up' : 'suspended_to_house';
  if (rate === undefined) return 'no_rate';
  return above === 0n ? 'not_above_below' : 'own_part';
}

export const differential = {
  kind: 'differential',
  usesRates: true,
  settings,
  refusals: () => [], // Whether rates keep within the budget is a matter of each agreement.
  compile: (given, frame) =>
    weighing(
      settings.parse(given).suspension === 'roll-up',
      frame.rules.map(({ budgetUnits }) => budgetUnits),
    ),
} satisfies LevelMode & { settings: z.ZodType };
