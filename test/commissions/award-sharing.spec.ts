import { describe, expect, it } from 'vitest';
import { periodOf } from '../../src/commissions/arrivals/calendar.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { compileAgreement, compilePlan } from '../../src/commissions/definitions/rules.ts';
import { differenceOf, type SharedAward, shareAward } from '../../src/commissions/periods/rules.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import type { ChainLink } from '../../src/commissions/types.ts';
import { formatDecimal, parseDecimal, rescale } from '../../src/kernel/decimal.ts';
import { usd } from '../ledger/support.ts';
import { differential, percentages } from '../support/commission-story.ts';
import { periodIn, planWith } from './period-plans.ts';

const everything = percentages('100');
const moneyOf = (units: bigint): string => formatDecimal({ coefficient: units, scale: 6 }, 2);

describe('A hybrid plan', () => {
  const definition = PlanDefinition.parse({
    currency: 'USD',
    components: [
      {
        name: 'lots',
        model: { kind: 'per_lot' },
        levels: everything,
        rules: [{ name: 'every-symbol', budget: '0.50' }],
      },
    ],
    periods: [
      {
        name: 'cpa',
        model: { kind: 'cpa', tables: [{ steps: [{ deposits: '200', pays: '60' }] }] },
        levels: everything,
        part: '50',
      },
    ],
  });

  it('has half a CPA and half a lot rate: 30 and 0.50', () => {
    expect(checkDefinition(definition)).toEqual([]);
    const plan = compilePlan(definition);
    const { part } = periodIn(plan);
    expect((60n * part.numerator * 100n) / part.denominator).toBe(3000n);
    expect(plan.components[0]?.rules[0]?.budgetUnits).toBe(usd('0.50').units);
  });

  it('keeps agreed rates of both: those of the CPA are percentages of what is earned, and 100 at most', () => {
    const plan = compilePlan({
      ...definition,
      periods: definition.periods?.map((period) => ({ ...period, levels: differential() })),
    });
    const terms = [
      { component: 'cpa', rate: '60' },
      { component: 'lots', rate: '0.30' },
    ];
    expect(compileAgreement(plan, terms)).toEqual([[300_000n], [60_000_000n]]);
  });
});

describe('An award is shared up the tree', () => {
  const chainOf = (
    rates: readonly (string | undefined)[],
    statuses: readonly ChainLink['status'][] = [],
  ): ChainLink[] =>
    rates.map((rate, depth) => ({
      ibKey: depth + 1,
      status: statuses[depth] ?? 'active',
      rates: rate === undefined ? undefined : [[rescale(parseDecimal(rate), 6) ?? 0n]],
    }));
  const shared = (levels: object, chain: readonly ChainLink[], amount: string, traderRebate = '0') => {
    const period = periodIn(
      planWith({ kind: 'net_loss', period: 'month', share: '25', carryOver: false }, { levels, traderRebate }),
    );
    const result = shareAward(period, chain, 77, { numerator: usd(amount).units, denominator: 1n });
    if (typeof result === 'string') return result;
    return result.parts.map(({ kind, beneficiary, units }) => `${kind} ${beneficiary} ${moneyOf(units)}`);
  };

  it.each<[string, object, ChainLink[], string, string[]]>([
    [
      'by percentages',
      percentages('20', '5', '2'),
      chainOf(['0', '0', '0']),
      '0',
      ['ib 1 20.00', 'ib 2 5.00', 'ib 3 2.00'],
    ],
    [
      'differentially, by agreed percentages of what is earned',
      differential(),
      chainOf(['50', '75', '100']),
      '0',
      ['ib 1 50.00', 'ib 2 25.00', 'ib 3 25.00'],
    ],
    [
      'past a suspended level, which rolls up',
      differential(),
      chainOf(['50', '75', '100'], ['active', 'suspended']),
      '0',
      ['ib 1 50.00', 'ib 3 50.00'],
    ],
    ['the client has its part of the direct IB', everything, chainOf(['0']), '30', ['client 77 30.00', 'ib 1 70.00']],
  ])('%s', (_sentence, levels, chain, rebate, expected) => {
    expect(shared(levels, chain, '100', rebate)).toEqual(expected);
  });

  it('is rounded on the running total, so that no unit is lost', () => {
    expect(shared(percentages('33.333333', '33.333333', '33.333334'), chainOf(['0', '0', '0']), '0.000002')).toEqual([
      'ib 1 0.000001',
      'ib 3 0.000001',
    ]);
  });

  it('is never shared beyond the whole', () => {
    expect(shared(differential(), chainOf(['150']), '100')).toBe('commissions.rate_above_budget');
  });

  it('differs from what was awarded before by each part of it', () => {
    const award = (...parts: [number, string][]): SharedAward => ({
      units: usd('100').units,
      parts: parts.map(([beneficiary, amount], depth) => ({
        kind: 'ib',
        beneficiary,
        depth,
        units: usd(amount).units,
      })),
    });
    const now = { ...award([1, '60'], [2, '30']), units: usd('120').units };
    expect(differenceOf(now, award([1, '60'], [3, '10']))).toEqual({
      units: usd('20').units,
      parts: [
        { kind: 'ib', beneficiary: 2, depth: 1, units: usd('30').units },
        { kind: 'ib', beneficiary: 3, depth: 1, units: usd('-10').units },
      ],
    });
    expect(differenceOf(award([1, '5']), award([1, '5']))).toEqual({ units: 0n, parts: [] });
  });
});

describe('Periods', () => {
  it.each([
    ['day', '2026-03-10T23:59:59.999Z', '2026-03-10', '2026-03-11'],
    ['week', '2026-03-15T12:00:00Z', '2026-03-09', '2026-03-16'],
    ['week', '2026-03-09T00:00:00Z', '2026-03-09', '2026-03-16'],
    ['month', '2026-12-31T23:00:00Z', '2026-12-01', '2027-01-01'],
  ] as const)('a %s that holds %s', (unit, at, from, to) => {
    expect(periodOf(unit, new Date(at))).toEqual({ from: new Date(from), to: new Date(to) });
  });
});
