import { z } from 'zod';
import { formatDecimal } from '../../kernel/decimal.ts';
import { PERCENT_DIGITS, PERCENT_WHOLE, RateText } from '../contract.ts';
import { type CounterName, type Look, MEASURE_DIGITS } from '../counters/types.ts';
import { fromBaseCurrency } from '../models/conversion.ts';
import { fractionOf, isAbove, lotsOf, product, sum, wholeNumber } from '../models/fractions.ts';
import { fitting, rateText, rateUnits } from '../rules.ts';
import type { Fraction, ParkCode, Refusal } from '../types.ts';
import { counterOf, countOf, measured, ownerOf, sumOver, times, windowOf } from './measures.ts';
import type { Adjust, Adjuster, AdjusterFrame, Owned, AdjusterSight, TrueUp } from './types.ts';

const TIERS_MAX = 20;

const settings = z.strictObject({
  kind: z.literal('tier'),
  /** What counts: lots after the lot factor, dollars of notional, clients with a paid trade, or what clients paid in. */
  by: z.enum(['lots', 'notional', 'active_clients', 'deposits']),
  /** Of the client's direct IB, or of all trades under the plan. */
  of: z.enum(['ib', 'plan']).default('ib'),
  /** So many days up to a trade's own instead of its UTC calendar month. */
  rollingDays: z.int().min(1).max(366).optional(),
  mode: z.enum(['marginal', 'step', 'retroactive', 'marginal_then_trued_up']),
  /** Whether rates are in the unit of the plan's own, or percentages of the rule's budget. */
  unit: z.enum(['rate', 'percent']).default('rate'),
  /** From the lowest: each holds up to and including its limit, the last one has none. */
  tiers: z
    .array(z.strictObject({ upTo: RateText.optional(), rate: RateText }))
    .min(1)
    .max(TIERS_MAX),
});
type Settings = z.infer<typeof settings>;

/** Limits in the units of counters, undefined for the last; the rate of each tier as a share of a rule's budget rate. */
type Tiers = {
  readonly limits: readonly (bigint | undefined)[];
  readonly rates: readonly string[];
  readonly shares: readonly (readonly Fraction[])[];
};

const textOf = (units: bigint): string => formatDecimal({ coefficient: units, scale: MEASURE_DIGITS });

/** A tier holds up to and including its limit. */
function tierOf({ limits }: Tiers, units: bigint): number {
  const place = limits.findIndex((limit) => limit === undefined || units <= limit);
  return place < 0 ? limits.length - 1 : place;
}

const shareOf = ({ shares }: Tiers, place: number, rule: number): Fraction => {
  const share = shares[place]?.[rule];
  if (share === undefined) throw new RangeError(`no tier ${place} of rule ${rule}`);
  return share;
};

/** How much of what a trade counts falls into each tier, from what was done before it. */
function portions(
  { limits }: Tiers,
  done: bigint,
  counted: bigint,
): { readonly place: number; readonly units: bigint }[] {
  const found: { place: number; units: bigint }[] = [];
  let from = done;
  const end = done + counted;
  for (const [place, limit] of limits.entries()) {
    const upTo = limit === undefined || limit > end ? end : limit;
    if (upTo > from) {
      found.push({ place, units: upTo - from });
      from = upTo;
    }
  }
  return found;
}

/** One client, in the units of what is measured. */
const ONE = 10n ** BigInt(MEASURE_DIGITS);

/** What a counter says, in the units of limits: clients are counted by ones. */
const inUnits = (by: Settings['by'], stood: bigint): bigint => (by === 'active_clients' ? stood * ONE : stood);

/** What a trade adds to the count: its volume, its client where that one was not active yet, or nothing. */
function countedOf(
  by: Settings['by'],
  { trade, counted, seen, note }: AdjusterSight,
  frame: AdjusterFrame,
): bigint | ParkCode {
  if (by === 'deposits') return 0n;
  if (by === 'active_clients') return (seen[1] ?? 0n) > 0n ? 0n : ONE;
  if (by === 'lots') {
    const { coefficient, scale } = trade.lotFactor;
    return measured(product(lotsOf(trade), { numerator: coefficient, denominator: 10n ** BigInt(scale) }, counted));
  }
  if (trade.execution === undefined) return 'commissions.price_unknown';
  const dollars = fromBaseCurrency(trade.execution, frame, note);
  if (typeof dollars === 'string') return dollars;
  return measured(product(lotsOf(trade), fractionOf(trade.execution.contractSize), dollars, counted));
}

/** The counter that a trade adds to. */
const counterOfTrade = ({ by, of }: Settings, component: string, trade: Owned): CounterName =>
  by === 'active_clients'
    ? counterOf(component, 'active', ownerOf(of, trade), String(trade.clientKey))
    : counterOf(component, by, ownerOf(of, trade));

/** The question for what counts for a trade. */
function lookOf({ by, of, rollingDays }: Settings, component: string, trade: Owned): Look {
  const window = windowOf(rollingDays === undefined ? 'month' : { days: rollingDays }, trade);
  if (by !== 'active_clients') return sumOver(counterOf(component, by, ownerOf(of, trade)), window);
  return { ...sumOver(counterOf(component, 'active', ownerOf(of, trade)), window), distinct: true };
}

/**
 * Tier: the plan's amount, reduced to the rate of the tier (commission-models, Tiers). 5 up to 100 lots, 6 up to 500, 7 above,
 * 495 done, a trade of 20: marginal 5 x 6 + 15 x 7 = 135; step, by the tier at the trade's start, 20 x 6 = 120; retroactive, by
 * the tier that the trade reaches, 20 x 7 = 140, and the earlier ones are trued up.
 */
const adjusting =
  (setting: Settings, tiers: Tiers, frame: AdjusterFrame): Adjust =>
  (amount, sight) => {
    const { trade, rule, seen, again, note } = sight;
    const { by, mode } = setting;
    const counted = countedOf(by, sight, frame);
    if (typeof counted === 'string') return counted;
    const done = inUnits(by, seen[0] ?? 0n);
    const counts =
      by === 'deposits'
        ? []
        : [countOf(counterOfTrade(setting, frame.component, trade), trade, by === 'active_clients' ? 1n : counted)];
    note?.({ by, of: setting.of, mode, done: textOf(done), counts: textOf(counted) });
    if (!again && counted > 0n && (mode === 'marginal' || mode === 'marginal_then_trued_up')) {
      const parts = portions(tiers, done, counted);
      note?.(Object.fromEntries(parts.map(({ place, units }) => [`at ${tiers.rates[place]}`, textOf(units)])));
      const shares = parts.map(({ place, units }) =>
        product(shareOf(tiers, place, rule), { numerator: units, denominator: counted }),
      );
      return { amount: product(amount, shares.reduce(sum)), counts };
    }
    const place = tierOf(tiers, !again && mode === 'retroactive' ? done + counted : done);
    note?.({ rate: `${tiers.rates[place]}` });
    return { amount: product(amount, shareOf(tiers, place, rule)), counts };
  };

/** The tiers with their figures in whole units. */
function tiersOf({ tiers, unit }: Settings, { rules, rateDigits }: AdjusterFrame): Tiers {
  const limits = tiers.map(({ upTo }) => (upTo === undefined ? undefined : fitting(upTo, MEASURE_DIGITS)));
  const shares = tiers.map(({ rate }) =>
    rules.map(({ budgetUnits }): Fraction => {
      if (unit === 'percent') return times(fractionOf(rate), 1n, 100n);
      return { numerator: fitting(rate, rateDigits), denominator: budgetUnits === 0n ? 1n : budgetUnits };
    }),
  );
  return { limits, rates: tiers.map(({ rate }) => (unit === 'percent' ? `${rate} %` : rate)), shares };
}

/** Whether the limits rise, the last tier having none. */
const areRising = (tiers: Settings['tiers']): boolean =>
  tiers.every(({ upTo }, place) => {
    if (upTo === undefined || place === tiers.length - 1) return upTo === undefined && place === tiers.length - 1;
    const below = place === 0 ? 0n : fitting(tiers[place - 1]?.upTo ?? '0', MEASURE_DIGITS);
    return fitting(upTo, MEASURE_DIGITS) > below;
  });

/** Rates that are too fine, or above a budget: a tier reduces what the plan gives, it never adds to it. */
function rateRefusals({ tiers, unit }: Settings, { component, rateDigits, rules }: AdjusterFrame): Refusal[] {
  return tiers.flatMap(({ rate }, place): Refusal[] => {
    const units = rateUnits(rate, unit === 'percent' ? PERCENT_DIGITS : rateDigits);
    const what = `${component}, tier ${place + 1}`;
    if (units === undefined) return [{ code: 'commissions.rate_too_fine', detail: `${what}: ${rate} is too fine` }];
    if (unit === 'percent')
      return units > PERCENT_WHOLE
        ? [{ code: 'commissions.percentages_above_100', detail: `${what}: ${rate} % of the budget` }]
        : [];
    return rules
      .filter(({ budgetUnits }) => budgetUnits > 0n && units > budgetUnits)
      .map(({ name, budgetUnits }) => ({
        code: 'commissions.rate_above_budget',
        detail: `${what}: ${rate}, rule ${name} has ${rateText(budgetUnits, rateDigits)}`,
      }));
  });
}

const isTruedUp = ({ mode }: Settings): boolean => mode === 'retroactive' || mode === 'marginal_then_trued_up';

export const tier = {
  kind: 'tier',
  stage: 'tier',
  settings,
  needsExecution: (given) => settings.parse(given).by === 'notional',
  needsNotional: (given) => settings.parse(given).by === 'notional',
  countsDeposits: (given) => settings.parse(given).by === 'deposits',
  refusals: (given, frame) => {
    const setting = settings.parse(given);
    const { component } = frame;
    const { by, mode, rollingDays, tiers } = setting;
    if (!areRising(tiers))
      return [
        {
          code: 'commissions.tiers_not_rising',
          detail: `${component}: limits must rise, and the last tier alone must have none`,
        },
      ];
    if (isTruedUp(setting) && rollingDays !== undefined)
      return [
        {
          code: 'commissions.tier_mode_unfit',
          detail: `${component}: ${mode} needs a period that ends, a calendar month`,
        },
      ];
    if (mode.startsWith('marginal') && by !== 'lots' && by !== 'notional')
      return [
        {
          code: 'commissions.tier_mode_unfit',
          detail: `${component}: ${mode} needs volume, lots or notional, not ${by}`,
        },
      ];
    return rateRefusals(setting, frame);
  },
  compile: (given, frame) => {
    const setting = settings.parse(given);
    const tiers = tiersOf(setting, frame);
    const { by, of, mode } = setting;
    const look = (trade: Owned): Look => lookOf(setting, frame.component, trade);
    const isActive = by === 'active_clients';
    const trueUp: TrueUp = {
      at: mode === 'retroactive' ? 'reached' : 'month_end',
      of,
      look,
      tierOf: (stood) => tierOf(tiers, inUnits(by, stood)),
    };
    return {
      looks: isActive ? 2 : 1,
      looksOf: (trade) => {
        const whole = look(trade);
        const client = { ...whole, subject: String(trade.clientKey), distinct: false };
        return isActive ? [whole, client] : [whole];
      },
      adjust: adjusting(setting, tiers, frame),
      shareMax: (rule) =>
        tiers.shares
          .map((ofTier) => ofTier[rule] ?? wholeNumber(0n))
          .reduce((most, one) => (isAbove(one, most) ? one : most)),
      ...(by === 'deposits' && {
        deposits: (ibKey: number) => counterOf(frame.component, 'deposits', of === 'ib' ? ibKey : 0),
      }),
      ...(isTruedUp(setting) && { trueUp }),
    };
  },
} satisfies Adjuster & { settings: z.ZodType };
