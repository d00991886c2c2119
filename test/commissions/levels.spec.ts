import { describe, expect, it } from 'vitest';
import { explainTrade } from '../../src/commissions/engine/rules.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import {
  accruals,
  additive,
  byLevel,
  given,
  inputOf,
  oneLot,
  percentages,
  perLotPlan,
  pool,
  rankSlots,
  shareUp,
  tradeClosed,
  upline,
} from '../support/commission-story.ts';
import type { NaiveLevels, NaivePlan, NaiveTerm } from '../../src/commissions/naive/engine.ts';

/** A row of a table: one lot of a budget, a chain, and what each level gets. */
type Row = {
  readonly levels: NaiveLevels;
  readonly budget: string;
  readonly chain: string[];
  readonly parts: string[];
  readonly house?: string;
};

const shares = ({ levels, budget, chain, parts, house }: Row): void =>
  given(perLotPlan(budget, levels), upline(...chain))
    .when(tradeClosed())
    .gives(accruals(byLevel(parts, house)));

describe('share-up: each level passes a share of what it got', () => {
  const levels = shareUp('20', '10');
  const budget = '5.00';
  it.each([
    { levels, budget, chain: ['-', '-', '-', '-'], parts: ['4.00', '0.90', '0.09', '0.01'] },
    { levels, budget, chain: ['-', '-'], parts: ['4.00', '1.00'] },
    { levels, budget, chain: ['-'], parts: ['5.00'] },
    { levels: shareUp('0'), budget, chain: ['-', '-'], parts: ['5.00', ''] },
    { levels: shareUp('100'), budget, chain: ['-', '-', '-'], parts: ['', '', '5.00'] },
    { levels, budget, chain: ['-', '- suspended', '-', '-'], parts: ['4.00', '', '0.99', '0.01'] },
    { levels, budget, chain: ['- suspended', '-', '-', '-'], parts: ['', '4.90', '0.09', '0.01'] },
    { levels, budget, chain: ['-', '-', '-', '- terminated'], parts: ['4.00', '0.90', '0.09', ''], house: '0.01' },
  ])('shares $levels.shares of $budget for $chain give $parts, house $house', shares);

  it('compounds over the first 100 levels of a chain: the last of them keeps what it got', () => {
    const chain = upline(...Array.from({ length: 150 }, () => '-'));
    const { result } = explainTrade(inputOf({ ...oneLot, plan: perLotPlan('5.00', shareUp('99')), chain }));
    const units = result.kind === 'booked' ? result.rebates.map((rebate) => rebate.units) : [];
    expect(units).toHaveLength(100);
    expect(units.reduce((sum, each) => sum + each, 0n)).toBe(5_000_000n);
    expect(units.at(-1)).toBeGreaterThan(units.at(-2) ?? 0n);
  });
});

describe('rank slots: each takes the slots up to its rank that nobody below took', () => {
  const levels = rankSlots('amount', '1', '2', '3', '4', '5');
  const budget = '15.00';
  it.each([
    {
      levels,
      budget,
      chain: ['bronze', 'gold', 'gold', 'diamond', 'silver', 'bronze', 'platinum'],
      parts: ['1.00', '5.00', '', '4.00', '', '', '5.00'],
    },
    { levels, budget, chain: ['bronze', 'gold'], parts: ['1.00', '5.00'], house: '9.00' },
    { levels, budget, chain: ['platinum', 'gold'], parts: ['15.00', ''] },
    { levels, budget, chain: ['-', 'silver'], parts: ['', '3.00'], house: '12.00' },
    { levels, budget, chain: ['bronze', 'gold suspended', 'diamond'], parts: ['1.00', '', '9.00'], house: '5.00' },
    { levels, budget, chain: ['bronze suspended', 'gold'], parts: ['', '6.00'], house: '9.00' },
    { levels, budget: '30.00', chain: ['gold'], parts: ['6.00'], house: '24.00' },
    {
      levels: rankSlots('percent', '10', '20', '30'),
      budget: '10.00',
      chain: ['silver', 'gold'],
      parts: ['3.00', '3.00'],
      house: '4.00',
    },
  ])('ranks $chain take $parts of $budget, house $house', shares);
});

describe('additive override: the parent gets a percentage on top, the child keeps all', () => {
  it.each([
    { levels: additive('20'), budget: '8.00', chain: ['5', '-', '-'], parts: ['5.00', '1.00', '0.20'], house: '1.80' },
    { levels: additive('20'), budget: '6.20', chain: ['5', '-', '-'], parts: ['5.00', '1.00', '0.20'] },
    {
      levels: additive('20'),
      budget: '6.199999',
      chain: ['5', '-', '-', '-'],
      parts: ['5.00', '1.00', '', ''],
      house: '0.199999',
    },
    { levels: additive('100', '1'), budget: '9.00', chain: ['5', '-', '-'], parts: ['5.00', '', ''], house: '4.00' }, // Nor any above it.
    {
      levels: additive('10', '50'),
      budget: '8.00',
      chain: ['5', '-', '-'],
      parts: ['5.00', '0.50', '0.25'],
      house: '2.25',
    },
    {
      levels: additive('20'),
      budget: '8.00',
      chain: ['5', '- suspended', '-'],
      parts: ['5.00', '', '1.20'],
      house: '1.80',
    },
    { levels: additive('20'), budget: '8.00', chain: ['5 suspended', '-'], parts: ['', '6.00'], house: '2.00' },
    { levels: additive('20'), budget: '8.00', chain: ['-', '5'], parts: ['', ''], house: '8.00' },
    { levels: additive('0'), budget: '8.00', chain: ['5', '-'], parts: ['5.00', ''], house: '3.00' },
  ])('$levels.overrides % of $budget for $chain give $parts, house $house', shares);
});

describe('pool: the earning is shared by the weights of the levels', () => {
  const others = pool('others', 50, 30, 20);
  const house = pool('house', 50, 30, 20);
  const budget = '10.00';
  it.each([
    { levels: others, budget, chain: ['-', '-'], parts: ['6.25', '3.75'] },
    { levels: house, budget, chain: ['-', '-'], parts: ['5.00', '3.00'], house: '2.00' },
    { levels: others, budget, chain: ['-', '-', '-', '-'], parts: ['5.00', '3.00', '2.00', ''] },
    { levels: others, budget, chain: ['- suspended', '-'], parts: ['', '10.00'] },
    { levels: others, budget, chain: ['-', '- suspended'], parts: ['6.25', ''], house: '3.75' },
    { levels: pool('others', 0, 1), budget, chain: ['-'], parts: [''], house: '10.00' },
  ])('weights $levels.weights, lacking ones to the $levels.lacking, for $chain give $parts, house $house', shares);
});

describe('publication refuses', () => {
  const refused = (plan: NaivePlan, ...terms: NaiveTerm[]): string[] =>
    checkDefinition(PlanDefinition.parse(plan), [{ ib: 'Maria', terms }]).map(
      ({ code, detail }) => `${code}: ${detail}`,
    );

  it('slots above the budget, or above 100 percent', () => {
    expect(refused(perLotPlan('14.99', rankSlots('amount', '1', '2', '3', '4', '5')))).toEqual([
      'commissions.levels_above_budget: rebate: the slots add to 15.00, rule every-symbol has 14.99',
    ]);
    expect(refused(perLotPlan('10', rankSlots('percent', '60', '41')))).toEqual([
      'commissions.percentages_above_100: rebate: the slots add to 101 %',
    ]);
  });

  it('two slots of one rank', () =>
    expect(
      refused(
        perLotPlan('10', {
          kind: 'rank_slots',
          unit: 'percent',
          ranks: [
            { name: 'gold', slot: '10' },
            { name: 'gold', slot: '20' },
          ],
        }),
      ),
    ).toEqual(['commissions.names_not_unique: ranks of rebate: gold occurs twice']));

  it('a rank that no component has, or not the one that is named', () => {
    const plan = perLotPlan('15', rankSlots('amount', '1', '2'));
    expect(refused(plan, { rank: 'silver' }, { rate: '3' })).toEqual([]);
    expect(refused(plan, { rank: 'gold' })).toEqual([
      'commissions.rank_unknown: Maria: rank gold: no component of the plan has it',
    ]);
    expect(refused(perLotPlan('15', percentages('50')), { component: 'rebate', rank: 'gold' })).toEqual([
      'commissions.rank_unknown: Maria: rank gold: component rebate does not have it',
    ]);
  });

  it('a pool in which nobody has a weight', () =>
    expect(refused(perLotPlan('10', pool('others', 0, 0)))).toEqual([
      'commissions.weights_all_zero: rebate: no level has a weight',
    ]));

  it('an agreed rate above the budget that overrides are added to', () =>
    expect(refused(perLotPlan('5', additive('20')), { rate: '5.01' })).toEqual([
      'commissions.rate_above_budget: Maria: rebate, rule every-symbol: agreed 5.01, budget 5.00',
    ]));
});

it.each([
  {
    levels: shareUp('20', '0'),
    chain: ['-', '-', '-', '- suspended'],
    why: ['own_part', 'own_part', 'no_level', 'suspended_moved_up'],
  },
  {
    levels: rankSlots('amount', '1', '2'),
    chain: ['bronze', '-', 'bronze', 'silver suspended'],
    why: ['own_part', 'no_rank', 'slots_taken', 'suspended_passed_over'],
  },
  {
    levels: additive('50'),
    chain: ['6', '- suspended', '-'],
    why: ['own_part', 'suspended_moved_up', 'override_not_covered'],
    budget: '8.99',
  },
  { levels: additive('10', '0'), chain: ['6', '-', '-'], why: ['own_part', 'own_part', 'no_override'] },
  {
    levels: pool('house', 1, 1),
    chain: ['- suspended', '-', '-'],
    why: ['suspended_moved_up', 'own_and_moved_part', 'no_level'],
  },
])('each level of $levels.kind says why it got its part', ({ levels, chain, why, budget = '10' }) => {
  const { steps } = explainTrade(inputOf({ ...oneLot, plan: perLotPlan(budget, levels), chain: upline(...chain) }));
  expect(steps.filter(({ step }) => step === 'share').map(({ reason }) => reason)).toEqual(why);
});
