import { z } from 'zod';
import { formatDecimal, parseDecimal, rescale } from '../../kernel/decimal.ts';
import { PERCENT_DIGITS, PERCENT_WHOLE, PercentText, RateText } from '../contract.ts';
import type { LevelFrame, LevelMode, Refusal, Weigh } from '../types.ts';

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
type Settings = z.infer<typeof settings>;

/** The levels in whole units, or undefined where one has more decimals than its unit keeps. */
function weightsOf(given: Settings, rateDigits: number): bigint[] | undefined {
  const digits = given.unit === 'percent' ? PERCENT_DIGITS : rateDigits;
  const weights = given.levels.map((level) => rescale(parseDecimal(level), digits));
  return weights.every((weight) => weight !== undefined) ? weights : undefined;
}

const sumOf = (weights: readonly bigint[]): bigint => weights.reduce((sum, weight) => sum + weight, 0n);

function refusals(given: unknown, frame: LevelFrame): Refusal[] {
  const levels = settings.parse(given);
  const weights = weightsOf(levels, frame.rateDigits);
  if (weights === undefined)
    return [
      {
        code: 'commissions.rate_too_fine',
        detail: `${frame.component}: an amount of a level has more than ${frame.rateDigits} decimals`,
      },
    ];
  const sum = sumOf(weights);
  if (levels.unit === 'percent') {
    if (sum <= PERCENT_WHOLE) return [];
    const total = formatDecimal({ coefficient: sum, scale: PERCENT_DIGITS });
    return [{ code: 'commissions.percentages_above_100', detail: `${frame.component}: the levels add to ${total} %` }];
  }
  if (!frame.ratePerLot)
    return [
      { code: 'commissions.amounts_need_per_lot', detail: `${frame.component}: its model does not pay by the lot` },
    ];
  if (levels.scaling) return [];
  return frame.rules
    .filter(({ budgetUnits }) => budgetUnits > 0n && sum > budgetUnits) // A rule of budget 0 pays nothing, so there is nothing to share.
    .map(({ name, budgetUnits }) => {
      const [total, budget] = [sum, budgetUnits].map((units) =>
        formatDecimal({ coefficient: units, scale: frame.rateDigits }, 2),
      );
      return {
        code: 'commissions.levels_above_budget',
        detail: `${frame.component}: the levels add to ${total}, rule ${name} has ${budget}`,
      };
    });
}

/** Positions never shift: the part of an IB that is not active moves to the next active one above, else to the house. */
const weighing =
  (levels: readonly bigint[]): Weigh =>
  (_component, _rule, chain, reasons) => {
    const weights: bigint[] = [];
    let moved = 0n;
    for (const [depth, link] of chain.entries()) {
      const own = levels[depth] ?? 0n;
      const active = link.status === 'active';
      weights.push(active ? own + moved : 0n);
      reasons?.push(
        !active ? 'suspended_moved_up' : moved > 0n ? 'own_and_moved_part' : own > 0n ? 'own_part' : 'no_level',
      );
      moved = active ? 0n : moved + own;
    }
    return weights;
  };

export const fixedByLevel = {
  kind: 'fixed_by_level',
  usesRates: false,
  settings,
  refusals,
  compile: (given, frame) => {
    const levels = settings.parse(given);
    const weights = weightsOf(levels, frame.rateDigits);
    if (weights === undefined) throw new RangeError('compile() takes levels that were not refused');
    const sum = sumOf(weights);
    // An amount is a share of the budget rate; scaled, of the sum of all levels, whether the chain has them or not.
    const wholeOf = (budgetUnits: bigint): bigint => (sum > budgetUnits ? sum : budgetUnits);
    return {
      wholes: frame.rules.map(({ budgetUnits }) => (levels.unit === 'percent' ? PERCENT_WHOLE : wholeOf(budgetUnits))),
      weigh: weighing(weights),
    };
  },
} satisfies LevelMode & { settings: z.ZodType };
