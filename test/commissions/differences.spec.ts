import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { differencesOf } from '../../src/commissions/differences/rules.ts';

const gold = { name: 'gold', symbolGroup: 'metals', budget: '10' };
const oil = { name: 'oil', symbol: 'OIL', budget: '2.5' };
const everything = { name: 'everything', budget: '8.00' };
const lots = {
  name: 'lots',
  model: { kind: 'per_lot' },
  levels: { kind: 'differential', suspension: 'roll-up' },
  rules: [gold, everything],
  traderRebate: '10',
  filters: [
    { kind: 'minimum_time_open', seconds: 60 },
    { kind: 'symbol', mode: 'deny', list: ['EURUSD', 'XAUUSD'] },
  ],
};
const tier = (tiers: readonly object[]) => ({ kind: 'tier', by: 'lots', mode: 'step', tiers });
const plan = (components: readonly object[], more: object = {}) =>
  PlanDefinition.parse({ currency: 'USD', ...more, components });
const sentences = (before: PlanDefinition, after: PlanDefinition) =>
  differencesOf(before, after).map(({ sentence }) => sentence);

describe('The differences between two versions, in words', () => {
  it.each([
    [
      'a budget',
      { rules: [{ ...gold, budget: '12.00' }, everything] },
      'Rule gold: the budget rises from 10.00 to 12.00 USD per lot.',
    ],
    ['a rebate', { traderRebate: '7.5' }, 'The trader rebate falls from 10.0 to 7.5 %.'],
    [
      'a filter',
      { filters: [{ kind: 'minimum_time_open', seconds: 180 }, lots.filters[1]] },
      'Filter minimum time open: the seconds rise from 60 to 180.',
    ],
    [
      'a choice of words',
      { filters: [lots.filters[0], { kind: 'symbol', mode: 'deny', list: ['EURUSD'] }] },
      'Filter symbol: XAUUSD is removed from the list.',
    ],
    [
      'a setting of the levels',
      { levels: { kind: 'differential', suspension: 'house' } },
      'The suspension of the levels changes from roll-up to house.',
    ],
    [
      'another kind',
      { levels: { kind: 'pool', weights: [50, 30], lacking: 'house' } },
      'The levels change from differential, suspension roll-up to pool, weights (50; 30), way of parts that no level takes house.',
    ],
    ['a new rule', { rules: [gold, oil, everything] }, 'Rule oil is added: symbol OIL, budget 2.5.'],
    ['a rule that goes', { rules: [everything] }, 'Rule gold is removed: symbol group metals, budget 10.'],
    [
      'a condition that goes',
      { rules: [{ name: 'gold', budget: '10' }, everything] },
      'Rule gold: the symbol group is not set any more, before metals.',
    ],
  ])('tell of %s', (_what, change, sentence) => {
    expect(sentences(plan([lots]), plan([{ ...lots, ...change }]))).toEqual([sentence]);
  });

  it('tell by which unit a budget is counted, whatever the model', () => {
    const of = (kind: string, budget: string) =>
      plan([{ ...lots, model: { kind }, rules: [{ ...everything, budget }] }]);
    expect(sentences(of('pips', '0.8'), of('pips', '0.6'))).toEqual([
      'Rule everything: the budget falls from 0.8 to 0.6 pips.',
    ]);
    expect(sentences(of('per_million', '5'), of('per_million', '6'))).toEqual([
      'Rule everything: the budget rises from 5 to 6 USD per million.',
    ]);
    expect(sentences(of('profit_share', '5'), of('profit_share', '4.5'))).toEqual([
      'Rule everything: the budget falls from 5.0 to 4.5 %.',
    ]);
  });

  it('tell of a rule that moves, where the order decides which one wins', () => {
    const [before, after] = [
      plan([{ ...lots, rules: [gold, oil, everything] }]),
      plan([{ ...lots, rules: [oil, everything, gold] }]),
    ];
    expect(differencesOf(before, after)).toEqual([
      {
        change: 'moved',
        path: 'components[lots].rules[gold]',
        before: 1,
        after: 3,
        sentence: 'Rule gold moves from place 1 to place 3.',
      },
    ]);
  });

  it('name the component where there are several, and compare tiers by their places', () => {
    const tiered = (rate: string) => ({
      ...lots,
      name: 'tiered',
      adjusters: [tier([{ upTo: '100', rate: '5' }, { rate }])],
    });
    expect(sentences(plan([lots, tiered('6')]), plan([tiered('7')]))).toEqual([
      expect.stringMatching(/^Component lots is removed: model \(per lot\)/),
      'Component tiered, adjuster tier, tier 2: the rate rises from 6 to 7.',
    ]);
  });

  it('are none where figures are the same numbers in other words', () => {
    expect(
      differencesOf(
        plan([lots]),
        plan([{ ...lots, traderRebate: '10.00', rules: [{ ...gold, budget: '10.000' }, everything] }]),
      ),
    ).toEqual([]);
  });

  it('are none between equals, at least one between others, and as many there as back', () => {
    const rule = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      budget: fc.constantFrom('1', '2.50', '9'),
      symbol: fc.option(fc.constantFrom('EURUSD', 'OIL'), { nil: undefined }),
    });
    const definition = fc
      .record({
        rules: fc.uniqueArray(rule, { minLength: 1, selector: ({ name }) => name }),
        traderRebate: fc.constantFrom('0', '10', '25.5'),
        age: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        weights: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
      })
      .map(({ rules, traderRebate, age, weights }) =>
        plan([{ ...lots, rules, traderRebate, levels: { kind: 'pool', weights, lacking: 'house' } }], {
          rateAgeHoursMax: age,
        }),
      );
    fc.assert(
      fc.property(definition, definition, (one, other) => {
        const there = differencesOf(one, other);
        expect(there.length > 0).toBe(JSON.stringify(one) !== JSON.stringify(other));
        expect(differencesOf(other, one)).toHaveLength(there.length);
        expect(differencesOf(one, structuredClone(one))).toEqual([]);
        expect(new Set(there.map(({ path, change }) => `${path} ${change}`)).size).toBe(there.length);
      }),
      { numRuns: 300 },
    );
  });
});
