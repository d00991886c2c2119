import { describe, expect, it } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { explainTrade } from '../../src/commissions/engine/rules.ts';
import type { NaiveComponent, NaiveExecution, NaiveLevels, NaiveModel } from '../../src/commissions/naive/types.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import {
  accruals,
  additive,
  amounts,
  byLevel,
  differential,
  executed,
  given,
  inputOf,
  noPay,
  oneLot,
  percentages,
  perLotPlan,
  planOf,
  pool,
  rankSlots,
  shareUp,
  tradeClosed,
  upline,
  way,
  YEN,
} from '../support/commission-story.ts';

/** Sentences of "Readings that are fixed", a row each where they have figures. */
describe('Suspension, in every mode', () => {
  type Row = { levels: NaiveLevels; budget: string; chain: string[]; parts: string[]; house?: string };
  const rows: Row[] = [
    // Differential: rolled up, its rate does not count as a rate below; to the house, it does.
    {
      levels: differential('roll-up'),
      budget: '8',
      chain: ['4', '5.5 suspended', '5', '8'],
      parts: ['4.00', '', '1.00', '3.00'],
    },
    {
      levels: differential('house'),
      budget: '8',
      chain: ['4', '5.5 suspended', '7', '8'],
      parts: ['4.00', '', '1.50', '1.00'],
      house: '1.50',
    },
    // Rank slots pass it over.
    {
      levels: rankSlots('amount', '1', '2', '3', '4', '5'),
      budget: '15',
      chain: ['bronze', 'gold suspended', 'diamond'],
      parts: ['1.00', '', '9.00'],
      house: '5.00',
    },
    // In all others its part moves to the next active one above, else to the house; positions never shift.
    {
      levels: percentages('20', '5', '2'),
      budget: '10',
      chain: ['-', '- suspended', '-'],
      parts: ['2.00', '', '0.70'],
      house: '7.30',
    },
    {
      levels: amounts('scaled', '3', '2', '1.5', '1'),
      budget: '6',
      chain: ['-', '- suspended', '-', '-'],
      parts: ['2.40', '', '2.80', '0.80'],
    },
    {
      levels: amounts('unscaled', '3', '2'),
      budget: '6',
      chain: ['-', '- suspended'],
      parts: ['3.00', ''],
      house: '3.00',
    },
    {
      levels: shareUp('20', '10'),
      budget: '5',
      chain: ['-', '- suspended', '-', '-'],
      parts: ['4.00', '', '0.99', '0.01'],
    },
    {
      levels: additive('20'),
      budget: '8',
      chain: ['5', '- suspended', '-'],
      parts: ['5.00', '', '1.20'],
      house: '1.80',
    },
    { levels: pool('others', 50, 30, 20), budget: '10', chain: ['- suspended', '-'], parts: ['', '10.00'] },
    {
      levels: pool('house', 50, 30, 20),
      budget: '10',
      chain: ['-', '- suspended'],
      parts: ['5.00', ''],
      house: '5.00',
    },
  ];
  it.each(rows)(
    '$levels.kind: $chain of $budget give $parts, house $house',
    ({ levels, budget, chain, parts, house }) =>
      given(perLotPlan(budget, levels), upline(...chain))
        .when(tradeClosed())
        .gives(accruals(byLevel(parts, house))),
  );

  it.each(rows)(
    '$levels.kind: a terminated IB is passed over like a suspended one',
    ({ levels, budget, chain, parts, house }) =>
      given(perLotPlan(budget, levels), upline(...chain.map((link) => link.replace('suspended', 'terminated'))))
        .when(tradeClosed())
        .gives(accruals(byLevel(parts, house))),
  );

  it.each([
    differential('roll-up'),
    differential('house'),
    rankSlots('amount', '4', '4'),
    percentages('50', '50'),
    amounts('scaled', '4', '4'),
    shareUp('50'),
    additive('20'),
    pool('others', 1, 1),
  ])('$kind: no depth-0 share, no trader rebate, whoever gets the part', (levels) => {
    const direct = levels.kind === 'rank_slots' ? 'bronze suspended' : '4 suspended';
    const above = levels.kind === 'rank_slots' ? 'silver' : '8';
    given(perLotPlan('8', levels, { traderRebate: '30' }), upline(direct, above))
      .when(tradeClosed())
      .gives(({ accruals: seen }) => expect([seen['client'], seen['IB 1']]).toEqual([undefined, undefined]));
  });

  it('all levels suspended: the house keeps all', () => {
    for (const { levels, budget, chain } of rows)
      given(perLotPlan(budget, levels), upline(...chain.map((link) => `${link.split(' ')[0]} suspended`)))
        .when(tradeClosed())
        .gives(accruals({ house: `${budget}.00` }));
  });
});

describe('Models in other currencies', () => {
  const rows: {
    what: string;
    model: NaiveModel;
    rate: string;
    currency: string;
    execution: Partial<NaiveExecution>;
    earns: string;
  }[] = [
    {
      what: 'per million: money of the plan currency for each million dollars; no second conversion follows',
      model: { kind: 'per_million' },
      rate: '5',
      currency: 'EUR',
      execution: { baseCurrency: 'EUR', conversions: [way('EUR', 'USD', ['EUR', 'USD', '1.10'])] },
      earns: '1.10',
    },
    {
      what: 'points are converted like pips: 2 x 1 200 points of 0.001 x 100 000 = 240 000 JPY at 150',
      model: { kind: 'points' },
      rate: '1200',
      currency: 'USD',
      execution: { ...YEN, conversions: [way('JPY', 'USD', ['USD', 'JPY', '150'])] },
      earns: '1600.00',
    },
    {
      what: "the deal's own rate serves where the account is in the plan currency",
      model: { kind: 'points' },
      rate: '1200',
      currency: 'USD',
      execution: { ...YEN, rateProfit: '0.005', conversions: [way('JPY', 'USD', ['USD', 'JPY', '150'])] },
      earns: '1200.00',
    },
    {
      what: 'and not where it is in another one',
      model: { kind: 'points' },
      rate: '1200',
      currency: 'USD',
      execution: {
        ...YEN,
        depositCurrency: 'EUR',
        rateProfit: '0.005',
        conversions: [way('JPY', 'USD', ['USD', 'JPY', '150'])],
      },
      earns: '1600.00',
    },
    {
      what: 'profit is converted from the deposit currency',
      model: { kind: 'profit_share' },
      rate: '5',
      currency: 'USD',
      execution: { depositCurrency: 'EUR', profit: '320', conversions: [way('EUR', 'USD', ['EUR', 'USD', '1.25'])] },
      earns: '20.00',
    },
  ];
  it.each(rows)('$what', ({ model, rate, currency, execution, earns }) =>
    given(planOf(model, rate, percentages('100'), currency), upline('-'))
      .when(tradeClosed({ lots: '2', execution: executed(execution) }))
      .gives(accruals({ 'IB 1': earns })),
  );
});

describe('A hybrid plan has several components', () => {
  const half: NaiveComponent = {
    name: 'half-lots',
    model: { kind: 'per_lot' },
    levels: differential(),
    rules: [{ name: 'every-symbol', budget: '0.50' }],
  };
  const commission: NaiveComponent = {
    name: 'commission',
    model: { kind: 'commission_share' },
    levels: percentages('50', '20'),
    rules: [{ name: 'every-symbol', budget: '25' }],
    traderRebate: '10',
  };
  const plan = { currency: 'USD', components: [half, commission] };
  const chain = upline('0.40', '0.50').map((link, depth) => ({
    ...link,
    terms: [{ component: 'half-lots', rate: depth === 0 ? '0.40' : '0.50' }],
  }));

  it('half of a lot rate of 1.00 is 0.50 a lot, shared by its own levels, beside a share of 12.00 charged', () => {
    const trade = { ...oneLot, execution: executed({ charged: '12.00' }), plan, chain };
    const { result } = explainTrade(inputOf(trade));
    const rebates = result.kind === 'booked' ? result.rebates : [];
    expect(rebates.map(({ component, kind, units }) => `${component} ${kind} ${Number(units) / 1_000_000}`)).toEqual([
      '0 ib 0.4',
      '0 ib 0.1',
      '1 ib 1.35',
      '1 client 0.15',
      '1 ib 0.6',
      '1 house 0.9',
    ]);
    expect(result).toMatchObject({ kind: 'booked', earningUnits: 3_500_000n });
  });

  it('a component that pays nothing says why beside one that pays', () => {
    const refused = { ...half, filters: [{ kind: 'symbol' as const, mode: 'deny' as const, list: ['EURUSD'] }] };
    const trade = { ...oneLot, execution: executed({ charged: '12.00' }), chain };
    const { result } = explainTrade(inputOf({ ...trade, plan: { ...plan, components: [refused, commission] } }));
    expect(result).toMatchObject({
      kind: 'booked',
      earningUnits: 3_000_000n,
      components: [
        { units: 0n, reason: 'symbol_excluded' },
        { units: 3_000_000n, reason: undefined },
      ],
    });
  });

  it('where none pays, the first that knows the symbol says why', () => {
    const filters = [{ kind: 'account_group' as const, mode: 'allow' as const, list: ['vip'] }];
    given(
      {
        ...plan,
        components: [
          { ...half, filters },
          { ...commission, filters },
        ],
      },
      chain,
    )
      .when(tradeClosed({ execution: executed({ charged: '12.00' }) }))
      .gives(noPay('account_group_excluded'));
  });
});

describe('Publication refuses levels that pay more than there is', () => {
  it.each([
    { levels: percentages('60', '41'), code: 'commissions.percentages_above_100' },
    { levels: percentages('60', '40'), code: undefined },
    { levels: amounts('unscaled', '3.00', '2.00', '1.50', '1.00'), code: 'commissions.levels_above_budget' },
    { levels: amounts('scaled', '3.00', '2.00', '1.50', '1.00'), code: undefined },
  ])('$levels.kind $levels.levels of 6.00, scaling $levels.scaling: $code', ({ levels, code }) =>
    expect(checkDefinition(PlanDefinition.parse(perLotPlan('6.00', levels))).map((refusal) => refusal.code)).toEqual(
      code === undefined ? [] : [code],
    ),
  );

  it('amounts by level on a model that does not pay by the lot', () =>
    expect(
      checkDefinition(PlanDefinition.parse(planOf({ kind: 'pips' }, '6', amounts('scaled', '3')))).map(
        ({ code }) => code,
      ),
    ).toEqual(['commissions.amounts_need_per_lot']));
});
