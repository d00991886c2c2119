import { describe, expect, it } from 'vitest';
import { AgreementTerms, PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { lintDefinition } from '../../src/commissions/lint/findings.ts';
import type { LintedSymbol, LintWorld } from '../../src/commissions/lint/types.ts';

const symbol = (name: string, symbolGroup: string, profitCurrency = 'USD', baseCurrency?: string): LintedSymbol => ({
  serverKey: 1,
  symbol: name,
  symbolGroup,
  contractSize: '100000',
  pipSize: '0.0001',
  digits: 5,
  profitCurrency,
  baseCurrency,
});
const rate = (from: string, to: string, ageHours = 1) => ({
  from,
  to,
  rates: {
    from,
    to,
    rows: [
      {
        key: '1',
        rate: '1.5',
        base: from,
        quote: to,
        source: 'ecb',
        at: '2026-03-01T00:00:00.000Z',
        ageMs: ageHours * 3_600_000,
      },
    ],
  },
});
const world = (more: Partial<LintWorld> = {}): LintWorld => ({
  symbols: [symbol('EURUSD', 'fx', 'USD', 'EUR'), symbol('USDJPY', 'fx', 'JPY', 'USD'), symbol('XAUUSD', 'metals')],
  groups: [
    { serverKey: 1, name: 'real\\standard', lotFactor: '1' },
    { serverKey: 1, name: 'real\\cent', lotFactor: '0.4' },
    { serverKey: 2, name: 'elsewhere', lotFactor: '1' },
  ],
  depositCurrencies: ['USD'],
  rates: [],
  terms: [AgreementTerms.parse([{ rate: '5.00' }]), AgreementTerms.parse([{ rate: '6.00' }])],
  ...more,
});
const lots = {
  name: 'lots',
  model: { kind: 'per_lot' },
  levels: { kind: 'differential', suspension: 'roll-up' },
  rules: [{ name: 'everything', budget: '8.00' }],
};
const plan = (...components: readonly object[]) => PlanDefinition.parse({ currency: 'USD', components });
const codes = (definition: PlanDefinition, more: Partial<LintWorld> = {}) =>
  lintDefinition(definition, world(more)).findings.map(({ severity, code, place }) => `${severity} ${code} ${place}`);
const partsOf = (definition: PlanDefinition, more: Partial<LintWorld> = {}) =>
  lintDefinition(definition, world(more)).worstCases.map(({ pairs, parts }) => [
    pairs,
    ...parts.map((part) => part.paidPercentMax),
  ]);

describe('The worst case of a plan', () => {
  const amounts = (levels: string[], scaling: boolean) => ({ kind: 'fixed_by_level', unit: 'amount', levels, scaling });
  it.each([
    ['the highest agreed rate, whoever has it', {}, '75'],
    [
      'all percentages of the levels',
      { levels: { kind: 'fixed_by_level', unit: 'percent', levels: ['20', '5', '2'] } },
      '27',
    ],
    ['all amounts of the levels', { levels: amounts(['3', '1'], false) }, '50'],
    ['amounts that are scaled down to the budget', { levels: amounts(['6', '4'], true) }, '100'],
    ['all that levels pass on', { levels: { kind: 'share_up', shares: ['20', '10'] } }, '100'],
    ['all ranks', { levels: { kind: 'pool', weights: [50, 30, 20], lacking: 'house' } }, '100'],
    [
      'the best tier, wherever it stands',
      {
        adjusters: [
          {
            kind: 'tier',
            by: 'lots',
            mode: 'step',
            tiers: [{ upTo: '100', rate: '4' }, { upTo: '500', rate: '6' }, { rate: '5' }],
          },
        ],
      },
      '56.25',
    ],
  ])('is %s', (_words, change, percent) => {
    expect(partsOf(plan({ ...lots, ...change }))).toEqual([[6, percent]]);
  });

  it('is said for each symbol and account type, with the budgets of all components that earn there', () => {
    const gold = {
      ...lots,
      name: 'gold',
      rules: [
        { name: 'gold', symbolGroup: 'metals', budget: '4.00' },
        { name: 'rest', accountGroup: 'real\\cent', budget: '1.00' },
      ],
    };
    const { worstCases, pairs } = lintDefinition(
      plan(lots, gold),
      world({ terms: [AgreementTerms.parse([{ component: 'lots', rate: '8' }, { rate: '1' }])] }),
    );
    expect(pairs).toBe(6);
    expect(worstCases.map(({ pairs: count, totals, parts }) => [count, parts.map(({ rule }) => rule), totals])).toEqual(
      [
        [2, ['everything', null], [{ unit: 'USD per lot', budget: '8.00', paidMax: '8.00' }]],
        [2, ['everything', 'rest'], [{ unit: 'USD per lot', budget: '9.00', paidMax: '9.00' }]],
        [2, ['everything', 'gold'], [{ unit: 'USD per lot', budget: '12.00', paidMax: '9.00' }]],
      ],
    );
  });
});

describe('Lint finds', () => {
  it('nothing where nothing is wrong', () => expect(codes(plan(lots))).toEqual([]));

  it('a rule that never wins, and which one takes all that it names', () => {
    const rules = [
      { name: 'fx', symbolGroup: 'fx', budget: '8' },
      { name: 'cents', symbolGroup: 'fx', accountGroup: 'real\\cent', budget: '6' },
      { name: 'rest', budget: '7' },
    ];
    const [finding] = lintDefinition(plan({ ...lots, rules }), world()).findings;
    expect(finding).toMatchObject({
      severity: 'warning',
      code: 'rule_shadowed',
      place: 'components[lots].rules[cents]',
      sentence: 'Rule cents of lots never wins: rule fx stands before it and takes all that it names.',
    });
  });

  it.each([
    [
      'a rule for what is not registered',
      plan({ ...lots, rules: [{ name: 'oil', symbol: 'OIL', budget: '6' }, ...lots.rules] }),
      {},
      ['warning rule_matches_nothing components[lots].rules[oil]'],
    ],
    [
      'symbols that nobody names',
      plan({ ...lots, rules: [{ name: 'fx', symbolGroup: 'fx', budget: '8' }] }),
      {},
      ['warning symbol_unmatched '],
    ],
    ['rates that nobody agreed upon', plan(lots), { terms: [] }, ['warning no_agreement components[lots]']],
    [
      'a budget of 0',
      plan({ ...lots, rules: [{ name: 'none', symbol: 'XAUUSD', budget: '0' }, ...lots.rules] }),
      {},
      ['note budget_zero components[lots].rules[none]'],
    ],
    [
      'components that share out more than there is',
      plan(
        ...['first', 'second'].map((name) => ({
          ...lots,
          name,
          model: { kind: 'commission_share' },
          levels: { kind: 'share_up', shares: ['50'] },
          rules: [{ name: 'all', budget: '60' }],
        })),
      ),
      {},
      ['warning shares_above_100 components'],
    ],
  ] as const)('%s', (_words, definition, more, expected) => {
    expect(codes(definition, more)).toEqual(expected);
  });

  const pips = { ...lots, model: { kind: 'pips' } };
  it.each([
    ['is missing for some', plan(pips), {}, ['warning rate_missing components[lots]']],
    ['is known', plan(pips), { rates: [rate('JPY', 'USD')] }, []],
    [
      'is older than the plan allows',
      plan(pips),
      { rates: [rate('JPY', 'USD', 121)] },
      ['warning rate_stale components[lots]'],
    ],
    [
      'is missing for all',
      PlanDefinition.parse({ currency: 'KWD', components: [pips] }),
      {},
      ['error currency_unreachable components[lots]'],
    ],
    ['is not needed', PlanDefinition.parse({ currency: 'KWD', components: [lots] }), {}, []],
    [
      'needs a base currency',
      plan({ ...lots, model: { kind: 'per_million' } }),
      { rates: [rate('EUR', 'USD')] },
      ['warning base_currency_missing components[lots]'],
    ],
  ] as const)('a rate that %s', (_words, definition, more, expected) => {
    expect(codes(definition, more)).toEqual(expected);
  });
});
