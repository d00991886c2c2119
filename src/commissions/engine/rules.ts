import { roundHalfEven } from '../../kernel/decimal.ts';
import { dayOf, Standing } from '../counters/rules.ts';
import type { CounterChange, CountedTrade, Counters, Look } from '../counters/types.ts';
import { matchRule } from '../definitions/rules.ts';
import type { CompiledComponent, CompiledPlan } from '../definitions/types.ts';
import { product } from '../models/fractions.ts';
import { rateText } from '../rules.ts';
import { exactly, shareOut, type Sharing, trueUpOf } from '../sharing/rules.ts';
import { type Fraction, NO_PAY_REASONS, type NoPayReason, type Note, type ParkCode, type Verdict } from '../types.ts';
import type { ComponentResult, Explanation, Rebate, Step, TradeInput, TradeResult } from './types.ts';

/** Amounts fit a Postgres bigint. */
const UNITS_MAX = 2n ** 63n - 1n;

/**
 * What a trade earns and for whom. Pure; in ledger units of the plan currency; exact to the unit (commission-models). Under a plan
 * that looks at counters the trade says what it saw of them (`standing`), as its booking keeps it.
 */
export const computeTrade = (trade: TradeInput): TradeResult => compute(trade, undefined);

/**
 * `computeTrade` for each of a batch, in its order. Under plans that look at counters each trade sees what those before it have
 * counted, beyond what the given counters stood at; under all others no trade changes the result of another.
 */
export const computeBatch = (trades: readonly TradeInput[], counters: Counters = new Standing()): TradeResult[] =>
  trades.map((trade) => {
    if (trade.plan?.looksAtCounters !== true) return compute(trade, undefined);
    const result = compute({ ...trade, standing: { seen: looksSeen(trade, counters) } }, undefined);
    if (result.kind !== 'parked' && result.counted !== undefined)
      counters.add(trade.planKey ?? 0, result.counted.counts);
    return result;
  });

/** `computeTrade` with each step's figures, reason and rounding: the same computation, told. */
export function explainTrade(trade: TradeInput): Explanation {
  const steps: Step[] = [];
  return { result: compute(trade, steps), steps };
}

/** The counters that a trade's plan looks at for it, by component and in the order of its adjusters. */
export const looksOf = (trade: TradeInput): readonly (readonly Look[])[] =>
  trade.plan?.components.map(({ adjusters }) => adjusters.flatMap((adjuster) => adjuster.looksOf(trade))) ?? [];

/** What they stand at. */
export const looksSeen = (trade: TradeInput, counters: Counters): bigint[][] =>
  looksOf(trade).map((looks) => looks.map((look) => counters.read(trade.planKey ?? 0, look)));

function compute(trade: TradeInput, steps: Step[] | undefined): TradeResult {
  const { dealKey, plan } = trade;
  if (trade.chain.length === 0) return unpaid(dealKey, 'client_without_ib');
  if (plan === undefined) return unpaid(dealKey, 'no_plan');
  if (trade.lots === 0n) return unpaid(dealKey, plan.counts === 'open' ? 'close_not_counted' : 'volume_zero');
  if (plan.asOf === 'open' && trade.openedAtMs === undefined)
    return { kind: 'parked', dealKey, code: 'commissions.open_unknown' };
  const rebates: Rebate[] = [];
  const components: ComponentResult[] = [];
  const counts: CounterChange[] | undefined = plan.looksAtCounters ? [] : undefined;
  let earningUnits = 0n;
  for (let place = 0; place < plan.components.length; place += 1) {
    const result = computePlace({ trade, plan, place, rebates, steps, counts });
    if (typeof result === 'string') return { kind: 'parked', dealKey, code: result };
    components.push(result);
    earningUnits += result.units;
  }
  if (earningUnits > UNITS_MAX) return { kind: 'parked', dealKey, code: 'commissions.earning_too_large' };
  const counted = counts === undefined ? undefined : countedBy(trade, plan, counts);
  if (earningUnits > 0n)
    return { kind: 'booked', dealKey, currency: plan.currency, earningUnits, components, rebates, counted };
  return { ...unpaid(dealKey, reasonOf(components), components), counted };
}

const countedBy = (trade: TradeInput, plan: CompiledPlan, counts: readonly CounterChange[]): CountedTrade => ({
  standing: trade.standing ?? { seen: [] },
  counts,
  planKey: trade.planKey ?? 0,
  ibKey: trade.chain[0]?.ibKey ?? 0,
  clientKey: trade.clientKey,
  symbol: trade.symbol,
  day: dayOf(trade.closedAtMs),
  months: plan.components.flatMap(({ name: component, adjusters }) =>
    adjusters.flatMap(({ trueUp }) => {
      if (trueUp === undefined) return [];
      const { owner, fromDay: month } = trueUp.look(trade);
      return [{ component, owner, month, at: trueUp.at }];
    }),
  ),
});

const unpaid = (dealKey: bigint, reason: NoPayReason, components: readonly ComponentResult[] = []) =>
  ({ kind: 'unpaid', dealKey, reason, components }) as const;

/** A component that knows the symbol says why; the symbol is unmatched only where no component knows it. */
const reasonOf = (components: readonly ComponentResult[]): NoPayReason =>
  components.length === 0
    ? 'paid_by_period'
    : (components.find(({ reason }) => reason !== 'symbol_unmatched')?.reason ?? 'symbol_unmatched');

const isNoPayReason = (word: NoPayReason | ParkCode): word is NoPayReason => Object.hasOwn(NO_PAY_REASONS, word);

type Place = {
  readonly trade: TradeInput;
  readonly plan: CompiledPlan;
  readonly place: number;
  readonly rebates: Rebate[];
  readonly steps: Step[] | undefined;
  readonly counts: CounterChange[] | undefined;
};

/** One component of the plan; and where the trade was brought to a tier later, that true-up as a component of its own. */
function computePlace({ trade, plan, place, rebates, steps, counts }: Place): ComponentResult | ParkCode {
  const component = plan.components[place];
  if (component === undefined) throw new RangeError(`the plan has no component ${place}`);
  const { name: called } = component;
  const seen = component.adjusters.length === 0 ? NOTHING_SEEN : trade.standing?.seen[place];
  const work = { trade, plan, component, place, called, rebates, steps, counts, seen, again: false };
  const again = trade.standing?.again?.[place];
  if (again === undefined || again === null) return withPaid(computeComponent(work), component, trade, counts);
  const own: Rebate[] = [];
  const first = computeComponent({ ...work, rebates: own });
  if (typeof first === 'string') return first;
  const whole: Rebate[] = [];
  const words = { called: `${called}, trued up`, counts: undefined, seen: again, again: true };
  const result = computeComponent({ ...work, ...words, rebates: whole });
  if (typeof result === 'string') return result;
  rebates.push(...own, ...trueUpOf(own, whole, { place, called, steps }));
  return withPaid(result, component, trade, counts);
}

/** Counts what a component paid in the end: caps go by own part and true-up together. */
function withPaid(
  result: ComponentResult | ParkCode,
  component: CompiledComponent,
  trade: TradeInput,
  counts: CounterChange[] | undefined,
): ComponentResult | ParkCode {
  if (counts === undefined || typeof result === 'string' || result.units === 0n) return result;
  counts.push(...paidCounts(component, trade, result.units));
  return result;
}

const NOTHING_SEEN: readonly bigint[] = [];

/** A component at work: `seen` is what its adjusters saw of the counters, `again` whether for a true-up; `counts` is added to. */
type Work = Sharing & {
  readonly plan: CompiledPlan;
  readonly counts: CounterChange[] | undefined;
  readonly seen: readonly bigint[] | undefined;
  readonly again: boolean;
};

function computeComponent(work: Work): ComponentResult | ParkCode {
  const { trade, plan, component, called, steps } = work;
  const rule = matchRule(component.rules, trade);
  const { symbol, symbolGroup, accountGroup } = trade;
  const winner = component.rules[rule];
  if (winner === undefined) {
    steps?.push({
      step: 'rule',
      component: called,
      reason: 'symbol_unmatched',
      figures: { symbol, symbolGroup, accountGroup },
    });
    return { rule, units: 0n, reason: 'symbol_unmatched' };
  }
  steps?.push({
    step: 'rule',
    component: called,
    figures: {
      symbol,
      symbolGroup,
      accountGroup,
      rule: winner.name,
      budgetRate: rateText(winner.budgetUnits, plan.rateDigits),
    },
  });
  const verdict = judge(component, work);
  if (verdict.kind === 'refuse') return { rule, units: 0n, reason: verdict.reason };
  if (verdict.kind === 'park') return verdict.code;
  const earned = earn(rule, winner.budgetUnits, work);
  if (typeof earned === 'string') return isNoPayReason(earned) ? { rule, units: 0n, reason: earned } : earned;
  const units = roundHalfEven(earned.numerator, earned.denominator);
  if (units === 0n) return { rule, units, reason: 'below_ledger_unit' };
  const parked = shareOut(rule, earned, units, work);
  if (parked !== undefined) return parked;
  return { rule, units, reason: undefined };
}

/** What a component adds to the counters of money by which its caps are measured. */
function paidCounts({ adjusters }: CompiledComponent, trade: TradeInput, units: bigint): CounterChange[] {
  const counts = new Map<string, CounterChange>(); // Two caps may look at one counter.
  for (const { paid } of adjusters) {
    const count = paid?.(trade);
    if (count !== undefined) counts.set(count.measure, { ...count, units });
  }
  return [...counts.values()];
}

/** What is shared: the base of the model, of the volume that counts, as the adjusters leave it. Exact. */
function earn(rule: number, budgetUnits: bigint, work: Work): Fraction | NoPayReason | ParkCode {
  const { trade, component, called, steps } = work;
  const volume = adjust(ONE, ONE, 'volume', rule, work);
  if (typeof volume === 'string') return volume;
  const figures: Record<string, string> = { model: component.model };
  const base = budgetUnits === 0n ? 'rate_zero' : component.earn(trade, budgetUnits, noteInto(figures, steps));
  if (typeof base === 'string') {
    steps?.push({ step: 'earning', component: called, reason: base, figures });
    return base;
  }
  const earning = volume === ONE ? base : product(base, volume);
  const units = roundHalfEven(earning.numerator, earning.denominator);
  steps?.push({
    step: 'earning',
    component: called,
    ...(units === 0n && { reason: 'below_ledger_unit' }),
    figures: { ...figures, ...exactly(earning) },
    units,
  });
  if (earning.numerator < 0n) return 'commissions.trade_impossible';
  return component.adjusters.length === 0 ? earning : adjust(earning, volume, 'amount', rule, work);
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };

/** Lets the adjusters of the volume, or those of the amount, work in the order of their stages. */
function adjust(
  given: Fraction,
  counted: Fraction,
  which: 'volume' | 'amount',
  rule: number,
  { trade, component, called, steps, counts, seen, again }: Work,
): Fraction | NoPayReason | ParkCode {
  let amount = given;
  let from = 0;
  for (const { kind, stage, looks, adjust: work } of component.adjusters) {
    const looked = seen?.slice(from, from + looks);
    from += looks;
    if ((stage === 'volume') !== (which === 'volume')) continue;
    // Never take counters that were not read for those that stand at 0.
    if (looks > 0 && looked?.length !== looks) throw new Error(`what ${kind} looks at was not read`);
    const figures: Record<string, string> = { adjuster: kind };
    const note = noteInto(figures, steps);
    const adjusted = work(amount, { trade, rule, counted, seen: looked ?? NOTHING_SEEN, again, note });
    const reason = typeof adjusted === 'string' ? adjusted : adjusted.reason;
    const step = which === 'volume' ? 'volume' : 'adjuster';
    if (steps !== undefined) {
      const exact = typeof adjusted === 'string' ? {} : exactly(adjusted.amount);
      const left =
        typeof adjusted === 'string' ? 0n : roundHalfEven(adjusted.amount.numerator, adjusted.amount.denominator);
      const told = reason === undefined ? {} : { reason };
      steps.push({
        step,
        component: called,
        ...told,
        figures: { ...figures, ...exact },
        ...(which === 'amount' && { units: left }),
      });
    }
    if (typeof adjusted === 'string') return adjusted;
    if (counts !== undefined && adjusted.counts !== undefined) counts.push(...adjusted.counts);
    if (reason !== undefined) return reason;
    amount = adjusted.amount;
  }
  return amount;
}

const passed: Verdict = { kind: 'pass' };

/** The first filter that does not let the trade pass. */
function judge(component: CompiledComponent, { trade, called, steps }: Work): Verdict {
  for (const filter of component.filters) {
    const figures: Record<string, string> = { filter: filter.kind };
    const verdict = filter.judge(trade, noteInto(figures, steps));
    const reason =
      verdict.kind === 'refuse' ? { reason: verdict.reason } : verdict.kind === 'park' ? { reason: verdict.code } : {};
    steps?.push({ step: 'filter', component: called, ...reason, figures });
    if (verdict.kind !== 'pass') return verdict;
  }
  return passed;
}

const noteInto = (figures: Record<string, string>, steps: Step[] | undefined): Note | undefined =>
  steps === undefined ? undefined : (noted) => void Object.assign(figures, noted);
