import { formatDecimal } from '../../kernel/decimal.ts';
import type { AwardPart } from '../awards/types.ts';
import { differenceOf, judgePeriod, type SharedAward, shareAward } from '../periods/rules.ts';
import type { AwardStep, CompiledPeriod, PeriodReason } from '../periods/types.ts';
import type { ChainLink, Fraction, ParkCode, PlanFrame } from '../types.ts';
import type { AwardInputs, ClientInputs, PeriodInputs } from './contract.ts';

/** All that an award is computed from: what was kept of it, and what held as of its time. */
export type AwardCase<Inputs> = {
  readonly component: CompiledPeriod;
  readonly plan: PlanFrame & { readonly rateDigits: number };
  /** The direct IB first; empty where there is none any more. */
  readonly chain: readonly ChainLink[];
  readonly clientKey: number;
  readonly inputs: Inputs;
};

/** What it comes to: the whole, what is awarded now, and what the next period begins with. */
export type AwardOutcome = {
  readonly whole: SharedAward;
  readonly now: SharedAward;
  readonly carriedUnits: bigint;
  readonly reason: PeriodReason | undefined;
};

const NOTHING: SharedAward = { units: 0n, parts: [] };

/** What an award comes to; the same for whoever makes it and whoever explains it. A code where it must wait. */
export const computeAward = (given: AwardCase<AwardInputs>, steps?: AwardStep[]): AwardOutcome | ParkCode =>
  given.inputs.over === 'period'
    ? computePeriod({ ...given, inputs: given.inputs }, steps)
    : computeStep({ ...given, inputs: given.inputs }, steps);

const sharedOf = ({ units, parts }: PeriodInputs['before']): SharedAward => ({
  units: BigInt(units),
  parts: parts.map((part): AwardPart => ({ ...part, units: BigInt(part.units) })),
});

function computePeriod(given: AwardCase<PeriodInputs>, steps?: AwardStep[]): AwardOutcome | ParkCode {
  const { component, plan, inputs } = given;
  if (component.model.over !== 'period') throw new RangeError(`${component.name} does not pay by the period`);
  const before = sharedOf(inputs.before);
  const judged = judgePeriod(
    { model: component.model, part: component.part },
    { lines: inputs.lines, carriedUnits: BigInt(inputs.carriedUnits) },
    plan,
    steps,
  );
  if (typeof judged === 'string') return judged;
  const whole = wholeOf(given, judged.earning, steps);
  if (typeof whole === 'string') return whole;
  const reason = judged.reason ?? (given.chain.length === 0 ? 'client_without_ib' : undefined);
  const now = differenceOf(whole, before);
  if (before.units !== 0n || before.parts.length > 0)
    steps?.push({
      step: 'before',
      figures: { whole: inMoney(whole.units, plan), before: inMoney(before.units, plan) },
      units: now.units,
    });
  return { whole, now, carriedUnits: judged.carriedUnits, reason };
}

function wholeOf(
  { component, chain, clientKey }: Pick<AwardCase<AwardInputs>, 'component' | 'chain' | 'clientKey'>,
  earning: Fraction | undefined,
  steps?: AwardStep[],
): SharedAward | ParkCode {
  if (earning === undefined || chain.length === 0) return NOTHING;
  return shareAward(component, chain, clientKey, earning, steps);
}

/** A step of a ladder pays what it adds to what was paid before. */
function computeStep(given: AwardCase<ClientInputs>, steps?: AwardStep[]): AwardOutcome | ParkCode {
  const { component, plan, inputs } = given;
  for (const { gate, needed, reached, openSince } of inputs.gates)
    steps?.push({ step: 'gate', figures: { gate, needed, reached, openSince: openSince ?? '' } });
  const [pays, paid] = [BigInt(inputs.step.paysUnits), BigInt(inputs.paidBeforeUnits)];
  const added = pays - paid;
  steps?.push({
    step: 'ladder',
    figures: {
      deposits: inMoney(BigInt(inputs.step.depositUnits), plan),
      pays: inMoney(pays, plan),
      paidBefore: inMoney(paid, plan),
    },
    units: added,
  });
  const { numerator, denominator } = component.part;
  const whole = wholeOf(given, { numerator: added * numerator, denominator }, steps);
  if (typeof whole === 'string') return whole;
  return { whole, now: whole, carriedUnits: 0n, reason: undefined };
}

const inMoney = (units: bigint, { rateDigits }: { readonly rateDigits: number }): string =>
  formatDecimal({ coefficient: units, scale: rateDigits }, 2);
