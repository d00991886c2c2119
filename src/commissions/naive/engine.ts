/**
 * The commission rules once more, written from commission-models.md without a look at the engine: slow, with fractions of any
 * size, one sentence of the text per step. It shares no code with the engine, so that both can only agree by being right.
 */

import { heldBackBy } from './filters.ts';
import type { NaiveComponent, NaiveFacts, NaivePlan } from './types.ts';
import { type Fraction, over, read, round, sum, times } from './fractions.ts';
import { partsOf } from './levels.ts';
import { earnedBy } from './models.ts';

export type * from './types.ts';

export type NaiveRebate = { component: number; kind: 'ib' | 'client' | 'house'; beneficiary: number; units: bigint };
export type NaiveOutcome =
  | { kind: 'booked'; earningUnits: bigint; rebates: NaiveRebate[] }
  | { kind: 'unpaid'; reason: string }
  | { kind: 'parked'; code: string };

/** "Minor unit exponent + 4 decimals (USD 6, JPY 4, KWD 7; crypto assets 8)." */
function ledgerUnitsOfOne(currency: string): Fraction {
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
export function naiveEngine(facts: NaiveFacts): NaiveOutcome {
  const { plan } = facts;
  if (facts.chain.length === 0) return { kind: 'unpaid', reason: 'client_without_ib' };
  if (plan === undefined) return { kind: 'unpaid', reason: 'no_plan' };
  if (read(facts.lots).n === 0n)
    return { kind: 'unpaid', reason: plan.counts === 'open' ? 'close_not_counted' : 'volume_zero' };
  if (plan.components.length === 0) return { kind: 'unpaid', reason: 'paid_by_period' };
  const outcomes = plan.components.map((component, place) => ofComponent(facts, plan, component, place));
  const parked = outcomes.find(({ code }) => code !== undefined)?.code;
  if (parked !== undefined) return { kind: 'parked', code: parked };
  const rebates = outcomes.flatMap((outcome) => outcome.rebates);
  const earningUnits = outcomes.reduce((total, outcome) => total + outcome.earning, 0n);
  // No account could hold more than a signed number of 64 bits.
  if (earningUnits >= 2n ** 63n) return { kind: 'parked', code: 'commissions.earning_too_large' };
  if (earningUnits > 0n) return { kind: 'booked', earningUnits, rebates };
  const reasons = outcomes.map(({ reason }) => reason ?? '');
  return { kind: 'unpaid', reason: reasons.filter((reason) => reason !== 'symbol_unmatched')[0] ?? 'symbol_unmatched' };
}

type Part = { earning: bigint; rebates: NaiveRebate[]; reason?: string; code?: string };
const nothing = (reason: string): Part => ({ earning: 0n, rebates: [], reason });

function ofComponent(facts: NaiveFacts, plan: NaivePlan, component: NaiveComponent, place: number): Part {
  const rule = component.rules.filter(
    (one) =>
      [one.symbol ?? facts.symbol, one.symbolGroup ?? facts.symbolGroup, one.accountGroup ?? facts.accountGroup].join(
        '\n',
      ) === [facts.symbol, facts.symbolGroup, facts.accountGroup].join('\n'),
  )[0];
  if (rule === undefined) return nothing('symbol_unmatched');
  for (const filter of component.filters ?? []) {
    const why = heldBackBy(facts, filter);
    if (why !== undefined)
      return why.startsWith('commissions.') ? { earning: 0n, rebates: [], code: why } : nothing(why);
  }
  const budget = read(rule.budget);
  if (budget.n === 0n) return nothing('rate_zero');
  const earned = earnedBy(facts, component.model, budget, plan);
  if (typeof earned === 'string')
    return earned.startsWith('commissions.') ? { earning: 0n, rebates: [], code: earned } : nothing(earned);
  const earning = times(earned, ledgerUnitsOfOne(plan.currency)); // E, in ledger units, not rounded.
  const rounded = round(earning);
  if (rounded === 0n) return nothing('below_ledger_unit');
  const parts = partsOf(facts.chain, component, rule, budget).map((share) => times(earning, share));
  return { earning: rounded, rebates: roundParts(facts, parts, rounded, component, place) };
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
