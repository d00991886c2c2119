import { roundHalfEven } from '../../kernel/decimal.ts';
import { PERCENT_WHOLE } from '../contract.ts';
import { matchRule, rateText } from '../definitions/rules.ts';
import type { CompiledComponent, CompiledPlan } from '../definitions/types.ts';
import {
  type Fraction,
  type LevelReason,
  NO_PAY_REASONS,
  type NoPayReason,
  type Note,
  type ParkCode,
  type Verdict,
} from '../types.ts';
import type { ComponentResult, Explanation, Rebate, Step, TradeInput, TradeResult } from './types.ts';

/** Amounts fit a Postgres bigint. */
const UNITS_MAX = 2n ** 63n - 1n;

/** What a trade earns and for whom. Pure; in ledger units of the plan currency; exact to the unit (commission-models). */
export const computeTrade = (trade: TradeInput): TradeResult => compute(trade, undefined);

/** `computeTrade` for each of a batch, in its order. No trade changes the result of another. */
export const computeBatch = (trades: readonly TradeInput[]): TradeResult[] => trades.map(computeTrade);

/** `computeTrade` with each step's figures, reason and rounding: the same computation, told. */
export function explainTrade(trade: TradeInput): Explanation {
  const steps: Step[] = [];
  return { result: compute(trade, steps), steps };
}

function compute(trade: TradeInput, steps: Step[] | undefined): TradeResult {
  const { dealKey, plan } = trade;
  if (trade.chain.length === 0) return unpaid(dealKey, 'client_without_ib');
  if (plan === undefined) return unpaid(dealKey, 'no_plan');
  if (trade.lots === 0n) return unpaid(dealKey, plan.counts === 'open' ? 'close_not_counted' : 'volume_zero');
  if (plan.asOf === 'open' && trade.openedAtMs === undefined)
    return { kind: 'parked', dealKey, code: 'commissions.open_unknown' };
  const rebates: Rebate[] = [];
  const components: ComponentResult[] = [];
  let earningUnits = 0n;
  for (let place = 0; place < plan.components.length; place += 1) {
    const result = computeComponent({ trade, plan, place, rebates, steps });
    if (typeof result === 'string') return { kind: 'parked', dealKey, code: result };
    components.push(result);
    earningUnits += result.units;
  }
  if (earningUnits > UNITS_MAX) return { kind: 'parked', dealKey, code: 'commissions.earning_too_large' };
  if (earningUnits > 0n) return { kind: 'booked', dealKey, currency: plan.currency, earningUnits, components, rebates };
  return unpaid(dealKey, reasonOf(components), components);
}

const unpaid = (dealKey: bigint, reason: NoPayReason, components: readonly ComponentResult[] = []): TradeResult => ({
  kind: 'unpaid',
  dealKey,
  reason,
  components,
});

/** A component that knows the symbol says why; the symbol is unmatched only where no component knows it. */
const reasonOf = (components: readonly ComponentResult[]): NoPayReason =>
  components.find(({ reason }) => reason !== 'symbol_unmatched')?.reason ?? 'symbol_unmatched';

const isNoPayReason = (word: NoPayReason | ParkCode): word is NoPayReason => Object.hasOwn(NO_PAY_REASONS, word);

/** One component of the plan at work on one trade. `rebates` and `steps` are added to. */
type Work = {
  readonly trade: TradeInput;
  readonly plan: CompiledPlan;
  readonly place: number;
  readonly rebates: Rebate[];
  readonly steps: Step[] | undefined;
};

function computeComponent(work: Work): ComponentResult | ParkCode {
  const { trade, plan, place, steps } = work;
  const component = plan.components[place];
  if (component === undefined) throw new RangeError(`the plan has no component ${place}`);
  const rule = matchRule(component.rules, trade);
  const { symbol, symbolGroup, accountGroup } = trade;
  const winner = component.rules[rule];
  if (winner === undefined) {
    steps?.push({
      step: 'rule',
      component: component.name,
      reason: 'symbol_unmatched',
      figures: { symbol, symbolGroup, accountGroup },
    });
    return { rule, units: 0n, reason: 'symbol_unmatched' };
  }
  steps?.push({
    step: 'rule',
    component: component.name,
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
  const figures: Record<string, string> = { model: component.model };
  const earning =
    winner.budgetUnits === 0n ? 'rate_zero' : component.earn(trade, winner.budgetUnits, noteInto(figures, steps));
  if (typeof earning === 'string') {
    steps?.push({ step: 'earning', component: component.name, reason: earning, figures });
    return isNoPayReason(earning) ? { rule, units: 0n, reason: earning } : earning;
  }
  const units = roundHalfEven(earning.numerator, earning.denominator);
  const tooLittle = units === 0n ? ({ reason: 'below_ledger_unit' } as const) : undefined;
  steps?.push({
    step: 'earning',
    component: component.name,
    ...tooLittle,
    figures: { ...figures, ...exactly(earning) },
    units,
  });
  if (earning.numerator < 0n) return 'commissions.trade_impossible';
  if (tooLittle !== undefined) return { rule, units, ...tooLittle };
  return shareOut(component, rule, earning, units, work) ?? { rule, units, reason: undefined };
}

const passed: Verdict = { kind: 'pass' };

/** The first filter that does not let the trade pass. */
function judge(component: CompiledComponent, { trade, steps }: Work): Verdict {
  for (const filter of component.filters) {
    const figures: Record<string, string> = { filter: filter.kind };
    const verdict = filter.judge(trade, noteInto(figures, steps));
    const reason =
      verdict.kind === 'refuse' ? { reason: verdict.reason } : verdict.kind === 'park' ? { reason: verdict.code } : {};
    steps?.push({ step: 'filter', component: component.name, ...reason, figures });
    if (verdict.kind !== 'pass') return verdict;
  }
  return passed;
}

/**
 * Shares an earning among the chain: each part is rounded on the running total of exact fractions, depth 0 upward, and the house
 * takes what is left of the rounded earning, so that the parts always add up to it. Gives a code where the trade must be parked.
 */
function shareOut(
  component: CompiledComponent,
  rule: number,
  earning: Fraction,
  units: bigint,
  work: Work,
): ParkCode | undefined {
  const { trade, place, rebates, steps } = work;
  const reasons: LevelReason[] | undefined = steps === undefined ? undefined : [];
  const { weights, whole } = component.weigh(place, rule, trade.chain, reasons);
  const denominator = earning.denominator * whole;
  let reached = 0n;
  let given = 0n;
  for (let depth = 0; depth < weights.length; depth += 1) {
    const weight = weights[depth] ?? 0n;
    const ibKey = trade.chain[depth]?.ibKey ?? 0;
    reached += weight;
    const numerator = earning.numerator * reached;
    const upTo = weight > 0n ? roundHalfEven(numerator, denominator) : given;
    const part = upTo - given;
    given = upTo;
    steps?.push({
      step: 'share',
      component: component.name,
      ibKey,
      depth,
      ...(reasons?.[depth] === undefined ? {} : { reason: reasons[depth] }),
      figures: {
        weight: String(weight),
        whole: String(whole),
        runningTotal: String(upTo),
        ...exactly({ numerator, denominator }),
      },
      units: part,
    });
    if (part > 0n) pay(component, ibKey, depth, part, work);
  }
  if (reached > whole) return 'commissions.rate_above_budget'; // Refused at publication; should it get here, nothing is booked.
  const house = units - given;
  steps?.push({ step: 'house', component: component.name, figures: {}, units: house });
  if (house > 0n) rebates.push({ component: place, kind: 'house', beneficiary: 0, depth: -1, units: house });
  return undefined;
}

/** Books an IB's part; the direct IB's is shared with the client by the trader rebate, cut from the rounded part. */
function pay(component: CompiledComponent, ibKey: number, depth: number, part: bigint, work: Work): void {
  const { trade, place, rebates, steps } = work;
  const toClient = depth === 0 ? roundHalfEven(part * component.traderRebate, PERCENT_WHOLE) : 0n;
  if (part > toClient)
    rebates.push({ component: place, kind: 'ib', beneficiary: ibKey, depth, units: part - toClient });
  if (depth > 0 || component.traderRebate === 0n) return;
  const cut = { numerator: part * component.traderRebate, denominator: PERCENT_WHOLE };
  steps?.push({
    step: 'trader_rebate',
    component: component.name,
    ibKey,
    depth,
    figures: exactly(cut),
    units: toClient,
  });
  if (toClient > 0n)
    rebates.push({ component: place, kind: 'client', beneficiary: trade.clientKey, depth: 0, units: toClient });
}

/** The exact figure behind a rounded one, in ledger units. */
const exactly = ({ numerator, denominator }: Fraction): Record<string, string> => ({
  exactNumerator: String(numerator),
  exactDenominator: String(denominator),
});

const noteInto = (figures: Record<string, string>, steps: Step[] | undefined): Note | undefined =>
  steps === undefined ? undefined : (noted) => void Object.assign(figures, noted);
