/**
 * The commission rules once more, written from commission-models.md without a look at the engine: slow, with fractions of any
 * size, one sentence of the text per step. It shares no code with the engine, so that both can only agree by being right.
 */

import { adjusted, counted, countOfTier, hedgedPart, withSight } from './adjusters.ts';
import { heldBackBy } from './filters.ts';
import { type Fraction, over, read, round, sum, times, zero } from './fractions.ts';
import { naiveParts } from './levels.ts';
import { earnedBy } from './models.ts';
import type { NaiveAdjuster, NaiveComponent, NaiveFacts, NaivePlan } from './types.ts';

export type * from './types.ts';

export type NaiveRebate = { component: number; kind: 'ib' | 'client' | 'house'; beneficiary: number; units: bigint };
export type NaiveOutcome =
  | { kind: 'booked'; earningUnits: bigint; rebates: NaiveRebate[] }
  | { kind: 'unpaid'; reason: string }
  | { kind: 'parked'; code: string };

/** "Minor unit exponent + 4 decimals (USD 6, JPY 4, KWD 7; crypto assets 8)." */
export function ledgerUnitsOfOne(currency: string): Fraction {
  const digits = ['BTC', 'ETH', 'USDT', 'USDC'].includes(currency)
    ? 8
    : currency === 'JPY'
      ? 4
      : currency === 'KWD'
        ? 7
        : 6;
  return { n: 10n ** BigInt(digits), d: 1n };
}

/** What a trade must come to, rebates in the order client's IB, client, IBs upward, house, by component. */
export const naiveEngine = (facts: NaiveFacts): NaiveOutcome => naiveCounting(facts).outcome;

/** `naiveEngine`, and by component what the trade adds to the counts of its adjusters, in their order; of a cap what was earned. */
export function naiveCounting(facts: NaiveFacts): { outcome: NaiveOutcome; counts: NaiveCount[][] } {
  const { plan } = facts;
  const unpaid = (reason: string) => ({ outcome: { kind: 'unpaid' as const, reason }, counts: [] });
  const parked = (code: string) => ({ outcome: { kind: 'parked' as const, code }, counts: [] });
  if (facts.chain.length === 0) return unpaid('client_without_ib');
  if (plan === undefined) return unpaid('no_plan');
  if (read(facts.lots).n === 0n) return unpaid(plan.counts === 'open' ? 'close_not_counted' : 'volume_zero');
  if (plan.asOf === 'open' && facts.openedAtMs === undefined) return parked('commissions.open_unknown');
  if (plan.components.length === 0) return unpaid('paid_by_period');
  const outcomes = plan.components.map((component, place) => withTrueUp(facts, plan, component, place));
  const code = outcomes.find((one) => one.code !== undefined)?.code;
  if (code !== undefined) return parked(code);
  const counts = outcomes.map((outcome) => outcome.counts);
  const rebates = outcomes.flatMap((outcome) => outcome.rebates);
  const earningUnits = outcomes.reduce((total, outcome) => total + outcome.earning, 0n);
  // No account could hold more than a signed number of 64 bits.
  if (earningUnits >= 2n ** 63n) return parked('commissions.earning_too_large');
  if (earningUnits > 0n) return { outcome: { kind: 'booked', earningUnits, rebates }, counts };
  const reasons = outcomes.map(({ reason }) => reason ?? '');
  const reason = reasons.filter((one) => one !== 'symbol_unmatched')[0] ?? 'symbol_unmatched';
  return { outcome: { kind: 'unpaid', reason }, counts };
}

/** What a trade adds to the count that an adjuster keeps. */
export type NaiveCount = { adjuster: NaiveAdjuster; units: bigint };
type Part = { earning: bigint; rebates: NaiveRebate[]; reason?: string; code?: string; counts: NaiveCount[] };
const without = (why: string, counts: NaiveCount[] = []): Part => ({
  earning: 0n,
  rebates: [],
  counts,
  ...(why.startsWith('commissions.') ? { code: why } : { reason: why }),
});

/** "A true-up is a component of its own on each earlier trade, to that trade's chain": under the component's number and 32. */
const TRUE_UP = 32;

function withTrueUp(facts: NaiveFacts, plan: NaivePlan, component: NaiveComponent, place: number): Part {
  const own = ofComponent(facts, plan, component, place, { saw: facts.saw?.seen[place] ?? [], again: false });
  const again = facts.saw?.again?.[place] ?? undefined;
  if (again === undefined || own.code !== undefined) return own;
  const all = ofComponent(facts, plan, component, place, { saw: again, again: true });
  const unitsOf = ({ rebates }: Part, { kind, beneficiary }: NaiveRebate): bigint =>
    rebates.find((one) => one.kind === kind && one.beneficiary === beneficiary)?.units ?? 0n;
  const parties = new Map([...all.rebates, ...own.rebates].map((one) => [`${one.kind} ${one.beneficiary}`, one]));
  const changes = [...parties.values()]
    .map((one) => ({ ...one, component: place + TRUE_UP, units: unitsOf(all, one) - unitsOf(own, one) }))
    .filter(({ units }) => units !== 0n);
  return { ...all, rebates: [...own.rebates, ...changes], counts: own.counts };
}

function ofComponent(
  facts: NaiveFacts,
  plan: NaivePlan,
  component: NaiveComponent,
  place: number,
  sight: { saw: readonly bigint[]; again: boolean },
): Part {
  const rule = component.rules.filter(
    (one) =>
      [one.symbol ?? facts.symbol, one.symbolGroup ?? facts.symbolGroup, one.accountGroup ?? facts.accountGroup].join(
        '\n',
      ) === [facts.symbol, facts.symbolGroup, facts.accountGroup].join('\n'),
  )[0];
  if (rule === undefined) return without('symbol_unmatched');
  for (const filter of component.filters ?? []) {
    const why = heldBackBy(facts, filter);
    if (why !== undefined) return without(why);
  }
  const budget = read(rule.budget);
  const left = reduced(facts, plan, component, budget, sight);
  if (left.why !== undefined) return without(left.why, left.counts);
  const earning = times(left.amount, ledgerUnitsOfOne(plan.currency)); // E, in ledger units, not rounded.
  const rounded = round(earning);
  if (rounded === 0n) return without('below_ledger_unit', left.counts);
  const parts = naiveParts(facts.chain, component, rule, budget).map((share) => times(earning, share));
  const paid = (component.adjusters ?? []).map((adjuster) => ({ adjuster, units: rounded }));
  return {
    earning: rounded,
    rebates: roundParts(facts, parts, rounded, component, place),
    counts: [...left.counts, ...paid.filter(({ adjuster }) => adjuster.kind === 'cap')],
  };
}

/** "Volume rule, base …, clamp, coefficient, tier, cap": what is shared, in plan currency; or why there is nothing. */
function reduced(
  facts: NaiveFacts,
  plan: NaivePlan,
  component: NaiveComponent,
  budget: Fraction,
  { saw, again }: { saw: readonly bigint[]; again: boolean },
): { amount: Fraction; counts: NaiveCount[]; why?: string } {
  const counts: NaiveCount[] = [];
  const ending = (why: string) => ({ amount: zero, counts, why });
  const unitsOfOne = ledgerUnitsOfOne(plan.currency);
  let part = read('1');
  const adjusters = withSight(component, saw);
  for (const one of adjusters) {
    if (one.adjuster.kind !== 'hedged_volume') continue;
    const found = hedgedPart(facts, one.saw);
    if (found !== 'commissions.price_unknown')
      counts.push({ adjuster: one.adjuster, units: counted(read(facts.lots)) });
    if (typeof found === 'string') return ending(found);
    part = found;
  }
  if (budget.n === 0n) return ending('rate_zero');
  const earned = earnedBy(facts, component.model, budget, plan);
  if (typeof earned === 'string') return ending(earned);
  let amount = times(earned, part);
  for (const { adjuster, saw: mine } of adjusters) {
    if (adjuster.kind === 'hedged_volume') continue;
    const after = adjusted(facts, plan, adjuster, mine, { amount, part, budget, unitsOfOne, again });
    if (adjuster.kind === 'tier') {
      const units = countOfTier(facts, plan, adjuster, part);
      if (typeof units === 'string') return ending(units);
      counts.push({ adjuster, units });
    }
    if (typeof after === 'string') return ending(after);
    amount = after;
  }
  return { amount, counts };
}

/** Part i = round(sum to i) - round(sum to i-1); the house has the rest; the trader rebate is cut from the rounded first part. */
function roundParts(
  facts: NaiveFacts,
  parts: Fraction[],
  rounded: bigint,
  component: NaiveComponent,
  place: number,
): NaiveRebate[] {
  const rebates: NaiveRebate[] = [];
  parts.forEach((_, depth) => {
    const units = round(sum(parts.slice(0, depth + 1))) - round(sum(parts.slice(0, depth)));
    const p = over(read(component.traderRebate ?? '0'), read('100'));
    const rebate = depth === 0 ? round(times({ n: units, d: 1n }, p)) : 0n;
    rebates.push({ component: place, kind: 'ib', beneficiary: facts.chain[depth]?.ibKey ?? -1, units: units - rebate });
    rebates.push({ component: place, kind: 'client', beneficiary: facts.clientKey, units: rebate });
  });
  rebates.push({ component: place, kind: 'house', beneficiary: 0, units: rounded - round(sum(parts)) });
  return rebates.filter(({ units }) => units !== 0n);
}
