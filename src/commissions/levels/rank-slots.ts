import { z } from 'zod';
import { NameText, PERCENT_WHOLE, PercentText, RateText } from '../contract.ts';
import type { LevelMode, LevelReason, Weigh } from '../types.ts';
import { amountRefusals, type Amounts, fittingUnits, sumOf } from './amounts.ts';

const RANKS_MAX = 100;

/** Ranks from the lowest, each with its slot: a percentage of the earning, or an amount per lot that is a share of the budget rate. */
const settings = z.discriminatedUnion('unit', [
  z.strictObject({
    kind: z.literal('rank_slots'),
    unit: z.literal('percent'),
    ranks: z
      .array(z.strictObject({ name: NameText, slot: PercentText }))
      .min(1)
      .max(RANKS_MAX),
  }),
  z.strictObject({
    kind: z.literal('rank_slots'),
    unit: z.literal('amount'),
    ranks: z
      .array(z.strictObject({ name: NameText, slot: RateText }))
      .min(1)
      .max(RANKS_MAX),
  }),
]);

const amountsOf = ({ unit, ranks }: z.infer<typeof settings>): Amounts => ({
  unit,
  texts: ranks.map(({ slot }) => slot),
});

/**
 * Rank slots: each IB takes the slots up to its rank that nobody below it took (commission-models, Level modes). An IB that is
 * not active is passed over.
 */
const weighing =
  (upTo: readonly bigint[], wholes: readonly bigint[]): Weigh =>
  (component, rule, chain, reasons) => {
    let taken = 0; // The highest rank below: all slots up to it are gone.
    const weights = chain.map((link) => {
      const rank = Number(link.rates?.[component]?.[rule] ?? 0n);
      const takes = link.status === 'active' && rank > taken;
      reasons?.push(reasonOf(link.status === 'active', rank, takes));
      if (!takes) return 0n;
      const weight = (upTo[rank] ?? 0n) - (upTo[taken] ?? 0n);
      taken = rank;
      return weight;
    });
    return { weights, whole: wholes[rule] ?? 0n };
  };

const reasonOf = (active: boolean, rank: number, takes: boolean): LevelReason => {
  if (!active) return 'suspended_passed_over';
  if (rank === 0) return 'no_rank';
  return takes ? 'own_part' : 'slots_taken';
};

export const rankSlots = {
  kind: 'rank_slots',
  usesRates: false,
  settings,
  ranks: (given) => settings.parse(given).ranks.map(({ name }) => name),
  refusals: (given, frame) => {
    const slots = settings.parse(given);
    const names = slots.ranks.map(({ name }) => name);
    const twice = names.find((name, place) => names.indexOf(name) !== place);
    if (twice !== undefined)
      return [{ code: 'commissions.names_not_unique', detail: `ranks of ${frame.component}: ${twice} occurs twice` }];
    return amountRefusals(amountsOf(slots), frame, 'slot', false);
  },
  compile: (given, frame) => {
    const slots = settings.parse(given);
    const units = fittingUnits(amountsOf(slots), frame.rateDigits);
    return weighing(
      [0n, ...units.map((_unit, place) => sumOf(units.slice(0, place + 1)))],
      frame.rules.map(({ budgetUnits }) => (slots.unit === 'percent' ? PERCENT_WHOLE : budgetUnits)),
    );
  },
} satisfies LevelMode & { settings: z.ZodType };
