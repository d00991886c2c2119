import { expect } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import { parseDecimal, rescale } from '../../src/kernel/decimal.ts';
import { formatAmount } from '../../src/kernel/money.ts';
import { explainTrade } from '../../src/commissions/engine/rules.ts';
import type { TradeInput } from '../../src/commissions/engine/types.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { compileAgreement, compilePlan } from '../../src/commissions/definitions/rules.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import {
  naiveEngine,
  type NaiveComponent,
  type NaiveConversion,
  type NaiveExecution,
  type NaiveFacts,
  type NaiveLevels,
  type NaiveLink,
  type NaiveModel,
  type NaivePlan,
} from '../../src/commissions/naive/engine.ts';

/** Plain facts as the engine takes them: the plan checked and compiled, the agreements looked up. */
export function inputOf(facts: NaiveFacts, dealKey = 1n): TradeInput {
  const definition = facts.plan === undefined ? undefined : PlanDefinition.parse(facts.plan);
  const agreements = facts.chain.flatMap(({ ibKey, terms }) =>
    terms === undefined ? [] : [{ ib: `IB ${ibKey}`, terms }],
  );
  if (definition !== undefined) expect(checkDefinition(definition, agreements)).toEqual([]);
  const plan = definition === undefined ? undefined : compilePlan(definition);
  const { clientKey, symbol, symbolGroup, accountGroup, openedAtMs, closedAtMs, timesHaveMs } = facts;
  return {
    dealKey,
    clientKey,
    planKey: 1,
    standing: facts.saw,
    lots: rescale(parseDecimal(facts.lots), 8) ?? -1n,
    lotFactor: parseDecimal(facts.lotFactor),
    symbol,
    symbolGroup,
    accountGroup,
    openedAtMs,
    closedAtMs,
    timesHaveMs,
    execution: facts.execution,
    plan,
    chain: facts.chain.map(({ ibKey, status, terms }) => ({
      ibKey,
      status,
      rates: terms === undefined || plan === undefined ? undefined : compileAgreement(plan, terms),
    })),
  };
}

/** A plan of one component of any model, with one rule for every symbol. */
export const planOf = (
  model: NaiveModel,
  budget: string,
  levels: NaiveLevels = percentages('100'),
  currency = 'USD',
): NaivePlan => perLotPlan(budget, levels, { model, currency });

/** How a lot of EURUSD of an account in dollars was carried out, but for what is said. */
export const executed = (words: Partial<NaiveExecution> = {}): NaiveExecution => ({
  contractSize: '100000',
  pipSize: '0.0001',
  digits: 5,
  profitCurrency: 'USD',
  depositCurrency: 'USD',
  side: 'buy',
  ...words,
});

/** What is different of USDJPY. */
export const YEN = { pipSize: '0.01', digits: 3, profitCurrency: 'JPY' };

/** A way by quotations (base, quote, rate), an hour old. */
export const way = (from: string, to: string, ...rows: [string, string, string][]): NaiveConversion => ({
  from,
  to,
  rows: rows.map(([base, quote, rate], place) => ({
    key: String(place + 1),
    base,
    quote,
    rate,
    source: 'ecb',
    at: '2026-03-10T10:00:00.000Z',
    ageMs: 3_600_000,
  })),
});

/** A per-lot plan of one component and one rule for every symbol. */
export function perLotPlan(
  budget: string,
  levels: NaiveLevels,
  more: Partial<NaiveComponent> & { currency?: string } = {},
): NaivePlan {
  const { currency = 'USD', ...component } = more;
  return {
    currency,
    components: [
      { name: 'rebate', model: { kind: 'per_lot' }, levels, rules: [{ name: 'every-symbol', budget }], ...component },
    ],
  };
}

export const differential = (suspension: 'roll-up' | 'house' = 'roll-up'): NaiveLevels => ({
  kind: 'differential',
  suspension,
});
export const percentages = (...levels: string[]): NaiveLevels => ({ kind: 'fixed_by_level', unit: 'percent', levels });
export const amounts = (scaling: 'scaled' | 'unscaled', ...levels: string[]): NaiveLevels => ({
  kind: 'fixed_by_level',
  unit: 'amount',
  levels,
  scaling: scaling === 'scaled',
});

export const shareUp = (...shares: string[]): NaiveLevels => ({ kind: 'share_up', shares });
export const additive = (...overrides: string[]): NaiveLevels => ({ kind: 'additive_override', overrides });
export const pool = (lacking: 'others' | 'house', ...weights: number[]): NaiveLevels => ({
  kind: 'pool',
  weights,
  lacking,
});
const METALS = ['bronze', 'silver', 'gold', 'diamond', 'platinum'];
/** Slots of bronze, silver, gold, diamond and platinum. */
export const rankSlots = (unit: 'percent' | 'amount', ...slots: string[]): NaiveLevels => ({
  kind: 'rank_slots',
  unit,
  ranks: slots.map((slot, place) => ({ name: METALS[place] ?? `rank-${place}`, slot })),
});

/**
 * The chain from the client's own IB upward, keys 1, 2, 3 …: each is an agreed rate ("5.50"), a rank ("gold"), or "-" for none,
 * with "suspended" or "terminated" behind it.
 */
export function upline(...levels: readonly string[]): NaiveLink[] {
  return levels.map((level, depth) => {
    const [rate = '-', word] = level.split(' ');
    const status = word === 'suspended' || word === 'terminated' ? word : 'active';
    const terms = /^[0-9]/.test(rate) ? [{ rate }] : [{ rank: rate }];
    return { ibKey: depth + 1, status, terms: rate === '-' ? undefined : terms };
  });
}

export type TradeWords = Partial<Omit<NaiveFacts, 'plan' | 'chain'>>;

/** A closed trade of one standard lot of EURUSD, but for what is said. */
export const tradeClosed = (words: TradeWords = {}): TradeWords => words;

/** What is expected of a trade: amounts by beneficiary ("IB 1", "client", "house"). */
export const accruals = (expected: Readonly<Record<string, string>>) => (seen: Seen) =>
  expect(seen.accruals).toEqual(expected);
/** Parts from depth 0 upward as accruals; one that is empty is no row. */
export function byLevel(parts: readonly string[], house?: string): Record<string, string> {
  const paid = parts.map((part, depth) => [`IB ${depth + 1}`, part] as const).filter(([, part]) => part !== '');
  return { ...Object.fromEntries(paid), ...(house === undefined ? {} : { house }) };
}

/** What is expected of a trade: the reason for which it pays nothing. */
export const noPay = (reason: string) => (seen: Seen) => expect(seen.verdict).toBe(`unpaid: ${reason}`);
/** What is expected of a trade: the code with which it waits. */
export const parkedAs = (code: string) => (seen: Seen) => expect(seen.verdict).toBe(`parked: ${code}`);

export type Seen = { readonly verdict: string; readonly accruals: Readonly<Record<string, string>> };

/** Given a plan and a chain, when a trade closes, then the engine's figures; the naive engine must come to the same. */
export const given = (plan: NaivePlan | undefined, chain: NaiveLink[]) => ({
  when: (words: TradeWords) => ({
    gives: (check: (seen: Seen) => void) => {
      const facts: NaiveFacts = { ...oneLot, ...words, plan, chain };
      check(see(facts));
    },
  }),
});

/** What a tradeClosed() without words is. */
export const oneLot: Omit<NaiveFacts, 'plan' | 'chain'> = {
  clientKey: 77,
  lots: '1',
  lotFactor: '1',
  symbol: 'EURUSD',
  symbolGroup: 'majors',
  accountGroup: 'standard',
  openedAtMs: Date.UTC(2026, 2, 10, 10, 0, 0),
  closedAtMs: Date.UTC(2026, 2, 10, 11, 0, 0),
  timesHaveMs: true,
};

function see(facts: NaiveFacts): Seen {
  const { result } = explainTrade(inputOf(facts));
  const naive = naiveEngine(facts);
  if (result.kind === 'unpaid') {
    expect(naive).toEqual({ kind: 'unpaid', reason: result.reason });
    return { verdict: `unpaid: ${result.reason}`, accruals: {} };
  }
  if (result.kind === 'parked') {
    expect(naive).toEqual({ kind: 'parked', code: result.code });
    return { verdict: `parked: ${result.code}`, accruals: {} };
  }
  const rebates = result.rebates.map(({ component, kind, beneficiary, units }) => ({
    component,
    kind,
    beneficiary,
    units,
  }));
  expect({ kind: 'booked', earningUnits: result.earningUnits, rebates }).toEqual(naive);
  const currency = Currency.parse(result.currency);
  const named = rebates.map(
    ({ kind, beneficiary, units }) =>
      [kind === 'ib' ? `IB ${beneficiary}` : kind, formatAmount({ units, currency })] as const,
  );
  return { verdict: 'booked', accruals: Object.fromEntries<string>(named) };
}
