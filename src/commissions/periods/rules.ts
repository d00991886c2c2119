import { formatDecimal, parseDecimal, rescale, roundHalfEven } from '../../kernel/decimal.ts';
import type { AwardPart } from '../awards/types.ts';
import { PERCENT_DIGITS, PERCENT_WHOLE } from '../contract.ts';
import { levelModeOf } from '../levels/index.ts';
import { alongRates } from '../models/conversion.ts';
import { fractionOf, product, sum, wholeNumber } from '../models/fractions.ts';
import type { ChainLink, Fraction, LevelFrame, LevelReason, ParkCode, PlanFrame, Refusal } from '../types.ts';
import type { PaidByPeriod, PeriodComponent } from './contract.ts';
import { periodModelOf } from './index.ts';
import type { AwardStep, CompiledPeriod, OfPeriods, PeriodLine, PeriodReason } from './types.ts';

/** A period component has one rate for everything, by this name in agreements: a percentage of what is earned. */
const RULE = 'whole';
const ONE: Fraction = { numerator: 1n, denominator: 1n };

const frameOf = ({ name }: PeriodComponent, rateDigits: number): LevelFrame => ({
  component: name,
  ratePerLot: false,
  rateDigits,
  rules: [{ name: RULE, budgetUnits: 100n * 10n ** BigInt(rateDigits) }],
});

/** All that forbids a period component. */
export const periodRefusals = (component: PeriodComponent, rateDigits: number): Refusal[] => [
  ...periodModelOf(component.model).refusals(component.model, { component: component.name, rateDigits }),
  ...levelModeOf(component.levels).refusals(component.levels, frameOf(component, rateDigits)),
];

/** The period components of a plan, ready; they stand behind the `before` components that pay by the trade. */
export const compilePeriods = (
  components: readonly PeriodComponent[],
  rateDigits: number,
  before: number,
): PaidByPeriod[] =>
  components.map((component, place) => {
    const frame = frameOf(component, rateDigits);
    const mode = levelModeOf(component.levels);
    const model = periodModelOf(component.model);
    const percent = fractionOf(component.part);
    return {
      name: component.name,
      kind: component.model.kind,
      place: before + place,
      model: model.compile(component.model, { component: component.name, rateDigits }),
      part: { numerator: percent.numerator, denominator: percent.denominator * 100n },
      levelMode: mode.kind,
      usesRates: mode.usesRates,
      ranks: mode.ranks?.(component.levels) ?? [],
      weigh: mode.compile(component.levels, frame),
      rules: frame.rules,
      traderRebate: rescale(parseDecimal(component.traderRebate), PERCENT_DIGITS) ?? 0n,
    };
  });

/** What a client's period came to. */
export type PeriodOutcome = {
  /** Undefined where it earns nothing, and `reason` says why. */
  readonly earning: Fraction | undefined;
  readonly reason: PeriodReason | undefined;
  /** What the next period begins with, in ledger units: 0 or below. */
  readonly carriedUnits: bigint;
};

const divisorOf = (left: bigint, right: bigint): bigint => (right === 0n ? left : divisorOf(right, left % right));
const magnitude = (units: bigint): bigint => (units < 0n ? -units : units);

/** In lowest terms: sums over many rates keep their figures as short as can be. */
function shortened({ numerator, denominator }: Fraction): Fraction {
  const divisor = divisorOf(magnitude(numerator), denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/**
 * What a period earns: the parts that count, added or taken away, with what was carried over; of what is above 0 the share. All
 * exact; in ledger units of the plan currency. A code where a rate is missing or too old.
 */
export function judgePeriod(
  { model, part }: { readonly model: OfPeriods; readonly part: Fraction },
  { lines, carriedUnits }: { readonly lines: readonly PeriodLine[]; readonly carriedUnits: bigint },
  plan: PlanFrame & { readonly rateDigits: number },
  steps?: AwardStep[],
): PeriodOutcome | ParkCode {
  const unit = wholeNumber(10n ** BigInt(plan.rateDigits));
  let net = wholeNumber(0n);
  for (const line of lines) {
    const sign = model.signs[line.part];
    if (sign === undefined) continue;
    const rate = line.currency === plan.currency ? ONE : alongRates(line.rates, plan);
    const figures = { part: line.part, amount: line.amount, currency: line.currency, items: String(line.items) };
    if (typeof rate === 'string') {
      steps?.push({ step: 'input', reason: rate, figures });
      return rate;
    }
    const counted = product(fractionOf(line.amount), rate, unit, wholeNumber(sign));
    steps?.push({ step: 'input', figures: { ...figures, ...ratesText(line), ...exactly(counted) } });
    net = shortened(sum(net, counted));
  }
  const carried = model.carries ? carriedUnits : 0n;
  const base = sum(net, wholeNumber(carried));
  const baseUnits = roundHalfEven(base.numerator, base.denominator);
  const carriedOn = model.carries && baseUnits < 0n ? baseUnits : 0n;
  steps?.push({
    step: 'net',
    figures: {
      carriedOver: inMoney(carried, plan.rateDigits),
      carriedOn: inMoney(carriedOn, plan.rateDigits),
      ...exactly(base),
    },
    units: baseUnits,
  });
  if (base.numerator <= 0n) {
    const reason = net.numerator > 0n ? 'carried_loss' : 'not_above_zero';
    return { earning: undefined, reason, carriedUnits: carriedOn };
  }
  const earning = shortened(product(base, model.share, part));
  const isTooLittle = roundHalfEven(earning.numerator, earning.denominator) === 0n;
  return {
    earning: isTooLittle ? undefined : earning,
    reason: isTooLittle ? 'below_ledger_unit' : undefined,
    carriedUnits: 0n,
  };
}

/** The rates of a line as people read them. */
const ratesText = ({ rates }: PeriodLine): Record<string, string> =>
  rates === undefined
    ? {}
    : {
        rates: rates.rows
          .map(({ base, quote, rate, source, at }) => `${base}/${quote} ${rate} (${source}, ${at})`)
          .join(', '),
      };

const inMoney = (units: bigint, scale: number): string => formatDecimal({ coefficient: units, scale }, 2);

const exactly = ({ numerator, denominator }: Fraction): Record<string, string> => ({
  exactNumerator: String(numerator),
  exactDenominator: String(denominator),
});

/** What an earning comes to, and whose it is; the rest is the house's. */
export type SharedAward = { readonly units: bigint; readonly parts: readonly AwardPart[] };

/**
 * Shares an earning among a chain by the component's level mode: each part is rounded on the running total of exact fractions,
 * depth 0 upward (commission-models, Units and rounding); the client's rebate is cut from the rounded part of depth 0.
 */
export function shareAward(
  component: CompiledPeriod,
  chain: readonly ChainLink[],
  clientKey: number,
  earning: Fraction,
  steps?: AwardStep[],
): SharedAward | ParkCode {
  const units = roundHalfEven(earning.numerator, earning.denominator);
  steps?.push({ step: 'earning', figures: { component: component.name, ...exactly(earning) }, units });
  const reasons: LevelReason[] | undefined = steps === undefined ? undefined : [];
  const { weights, whole } = component.weigh(component.place, 0, chain, reasons);
  const denominator = earning.denominator * whole;
  const parts: AwardPart[] = [];
  let reached = 0n;
  let given = 0n;
  for (const [depth, weight] of weights.entries()) {
    reached += weight;
    const upTo = roundHalfEven(earning.numerator * reached, denominator);
    const units = upTo - given;
    given = upTo;
    const ibKey = chain[depth]?.ibKey ?? 0;
    const reason = reasons?.[depth];
    const figures = { weight: String(weight), whole: String(whole), runningTotal: String(upTo) };
    steps?.push({ step: 'share', ibKey, depth, ...(reason && { reason }), figures, units });
    const toClient = depth === 0 ? roundHalfEven(units * component.traderRebate, PERCENT_WHOLE) : 0n;
    if (toClient > 0n) {
      steps?.push({ step: 'trader_rebate', ibKey, depth, figures: { ofUnits: String(units) }, units: toClient });
      parts.push({ kind: 'client', beneficiary: clientKey, depth: 0, units: toClient });
    }
    if (units > toClient) parts.push({ kind: 'ib', beneficiary: ibKey, depth, units: units - toClient });
  }
  if (reached > whole) return 'commissions.rate_above_budget'; // Refused at publication; should it get here, nothing is paid.
  steps?.push({ step: 'house', figures: {}, units: units - given });
  return { units, parts };
}

/** What is awarded now: the whole as it is known now, less what was awarded before. Parts that do not change are left out. */
export function differenceOf(now: SharedAward, before: SharedAward): SharedAward {
  const parts = new Map<string, AwardPart>();
  const add = (part: AwardPart, units: bigint): void => {
    const name = `${part.kind} ${part.beneficiary}`;
    const known = parts.get(name);
    parts.set(name, { ...(known ?? part), units: (known?.units ?? 0n) + units });
  };
  for (const part of now.parts) add(part, part.units);
  for (const part of before.parts) add(part, -part.units);
  return { units: now.units - before.units, parts: [...parts.values()].filter(({ units }) => units !== 0n) };
}
