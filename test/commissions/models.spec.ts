import { describe, expect, it } from 'vitest';
import { computeTrade } from '../../src/commissions/engine/rules.ts';
import {
  accruals,
  amounts,
  byLevel,
  differential,
  given,
  inputOf,
  noPay,
  oneLot,
  parkedAs,
  percentages,
  perLotPlan,
  tradeClosed,
  upline,
} from '../support/commission-story.ts';

describe('per lot: lots x lot factor of the account group x rate', () => {
  it.each([
    { lots: '1.37', lotFactor: '1', rate: '7.00', earns: '9.59' },
    { lots: '100', lotFactor: '0.4', rate: '7.00', earns: '280.00' },
    { lots: '40', lotFactor: '1', rate: '7.00', earns: '280.00' },
    { lots: '1.25', lotFactor: '1', rate: '7.00', earns: '8.75' },
    { lots: '0.01', lotFactor: '0.01', rate: '10.00', earns: '0.001' },
    { lots: '0.00000001', lotFactor: '1', rate: '50.00', earns: '0.00' }, // 0.5 ledger units: half to even.
    { lots: '0.00000003', lotFactor: '1', rate: '50.00', earns: '0.000002' }, // 1.5 ledger units.
  ])('$lots lots, factor $lotFactor, at $rate USD earn $earns USD', ({ lots, lotFactor, rate, earns }) =>
    given(perLotPlan(rate, differential()), upline(rate))
      .when(tradeClosed({ lots, lotFactor }))
      .gives(earns === '0.00' ? noPay('below_ledger_unit') : accruals({ 'IB 1': earns })),
  );

  it.each([
    { currency: 'USD', share: '4.666667' },
    { currency: 'JPY', share: '4.6667' },
    { currency: 'KWD', share: '4.6666667' },
  ])('an amount of $currency is kept in its own ledger units', ({ currency, share }) =>
    given(perLotPlan('7.00', percentages('66.666667'), { currency }), upline('-'))
      .when(tradeClosed())
      .gives((seen) => expect(seen.accruals['IB 1']).toBe(share)),
  );
});

describe('differential: own rate - highest rate below', () => {
  it.each([
    { rates: ['4.00', '5.50', '7.00', '8.00'], lots: '1.37', parts: ['5.48', '2.055', '2.055', '1.37'] },
    { rates: ['4.00', '5.50', '5.00', '8.00'], lots: '1', parts: ['4.00', '1.50', '', '2.50'] },
    { rates: ['4.00', '5.50 suspended', '7.00', '8.00'], lots: '1', parts: ['4.00', '', '3.00', '1.00'] },
    { rates: ['4', '5.50 suspended', '5', '8'], lots: '1', parts: ['4.00', '', '1.00', '3.00'] },
    { rates: ['4', '5.50 terminated', '5', '8'], lots: '1', parts: ['4.00', '', '1.00', '3.00'] },
    { rates: ['4', '-', '5', '8'], lots: '1', parts: ['4.00', '', '1.00', '3.00'] },
    { rates: ['4.00 suspended', '5.50', '7.00', '8.00'], lots: '1', parts: ['', '5.50', '1.50', '1.00'] },
    { rates: ['4.00', '5.50', '7.00'], lots: '1', parts: ['4.00', '1.50', '1.50'], house: '1.00' },
    {
      rates: ['4.00', '5.50', '7.00', '8.00 suspended'],
      lots: '1',
      parts: ['4.00', '1.50', '1.50', ''],
      house: '1.00',
    },
    { rates: ['-', '-'], lots: '1', parts: ['', ''], house: '8.00' },
    { rates: ['8.00', '8.00', '8.00'], lots: '1', parts: ['8.00', '', ''] },
  ])('rates $rates under roll-up on $lots lots give $parts, house $house', ({ rates, lots, parts, house }) =>
    given(perLotPlan('8.00', differential('roll-up')), upline(...rates))
      .when(tradeClosed({ lots }))
      .gives(accruals(byLevel(parts, house))),
  );

  it.each([
    { rates: ['4.00', '5.50 suspended', '7.00', '8.00'], parts: ['4.00', '', '1.50', '1.00'], house: '1.50' },
    { rates: ['4', '5.50 suspended', '5', '8'], parts: ['4.00', '', '', '2.50'], house: '1.50' },
    { rates: ['4.00 suspended', '5.50', '7.00', '8.00'], parts: ['', '1.50', '1.50', '1.00'], house: '4.00' },
  ])('rates $rates with suspension to the house give $parts, house $house', ({ rates, parts, house }) =>
    given(perLotPlan('8.00', differential('house')), upline(...rates))
      .when(tradeClosed())
      .gives(accruals(byLevel(parts, house))),
  );

  it('looks an agreed rate up by rule, the first term that names the rule or nothing', () => {
    const plan = perLotPlan('0', differential(), {
      rules: [
        { name: 'gold', symbol: 'XAUUSD', budget: '20.00' },
        { name: 'majors', symbolGroup: 'majors', budget: '8.00' },
      ],
    });
    const chain = [{ ibKey: 1, status: 'active' as const, terms: [{ rule: 'gold', rate: '12.00' }, { rate: '4.00' }] }];
    given(plan, chain)
      .when(tradeClosed())
      .gives(accruals({ 'IB 1': '4.00', house: '4.00' }));
    given(plan, chain)
      .when(tradeClosed({ symbol: 'XAUUSD', symbolGroup: 'metals' }))
      .gives(accruals({ 'IB 1': '12.00', house: '8.00' }));
  });
});

describe('fixed by level', () => {
  it.each([
    { levels: percentages('20', '5', '2'), chain: ['-', '-', '-'], parts: ['2.00', '0.50', '0.20'], house: '7.30' },
    {
      levels: percentages('20', '5', '2'),
      chain: ['-', '-', '-', '-'],
      parts: ['2.00', '0.50', '0.20', ''],
      house: '7.30',
    },
    {
      levels: percentages('20', '5', '2'),
      chain: ['-', '- suspended', '-'],
      parts: ['2.00', '', '0.70'],
      house: '7.30',
    },
    {
      levels: percentages('20', '5', '2'),
      chain: ['- suspended', '- terminated', '-'],
      parts: ['', '', '2.70'],
      house: '7.30',
    },
    {
      levels: percentages('20', '5', '2'),
      chain: ['-', '-', '- suspended', '-'],
      parts: ['2.00', '0.50', '', '0.20'],
      house: '7.30',
    },
    {
      levels: percentages('20', '5', '2'),
      chain: ['-', '-', '- suspended'],
      parts: ['2.00', '0.50', ''],
      house: '7.50',
    },
    { levels: percentages('60', '40'), chain: ['-', '-'], parts: ['6.00', '4.00'] },
  ])('$levels.levels % of 10.00 for the chain $chain give $parts, house $house', ({ levels, chain, parts, house }) =>
    given(perLotPlan('10.00', levels), upline(...chain))
      .when(tradeClosed())
      .gives(accruals(byLevel(parts, house))),
  );

  it.each([
    {
      levels: amounts('scaled', '3.00', '2.00', '1.50', '1.00'),
      chain: ['-', '-', '-', '-'],
      parts: ['2.40', '1.60', '1.20', '0.80'],
    },
    {
      levels: amounts('scaled', '3.00', '2.00', '1.50', '1.00'),
      chain: ['-', '-'],
      parts: ['2.40', '1.60'],
      house: '2.00',
    },
    { levels: amounts('scaled', '3.00', '2.00'), chain: ['-', '-'], parts: ['3.00', '2.00'], house: '1.00' }, // Never scaled up.
    { levels: amounts('unscaled', '3.00', '2.00', '1.00'), chain: ['-', '-', '-'], parts: ['3.00', '2.00', '1.00'] },
    {
      levels: amounts('unscaled', '3.00', '2.00', '1.00'),
      chain: ['-', '- suspended', '-'],
      parts: ['3.00', '', '3.00'],
    },
  ])(
    'amounts $levels.levels of a budget of 6.00, scaling $levels.scaling, for $chain give $parts, house $house',
    (row) =>
      given(perLotPlan('6.00', row.levels), upline(...row.chain))
        .when(tradeClosed())
        .gives(accruals(byLevel(row.parts, row.house))),
  );
});

describe("trader rebate: a share of the direct IB's own part goes back to the client", () => {
  it('30 % of 5.48 is 1.644, the IB keeps 3.836, and the journal of four levels adds up to 10.96', () =>
    given(perLotPlan('8.00', differential(), { traderRebate: '30' }), upline('4.00', '5.50', '7.00', '8.00'))
      .when(tradeClosed({ lots: '1.37' }))
      .gives(accruals({ 'IB 1': '3.836', client: '1.644', 'IB 2': '2.055', 'IB 3': '2.055', 'IB 4': '1.37' })));

  it('of 100 % leaves the direct IB without a row', () =>
    given(perLotPlan('8.00', differential(), { traderRebate: '100' }), upline('4.00', '8.00'))
      .when(tradeClosed())
      .gives(accruals({ client: '4.00', 'IB 2': '4.00' })));

  it.each([differential('roll-up'), differential('house'), percentages('50', '50')])(
    'is not paid where the direct IB is suspended ($kind $suspension)',
    (levels) =>
      given(perLotPlan('8.00', levels, { traderRebate: '30' }), upline('4.00 suspended', '8.00'))
        .when(tradeClosed())
        .gives((seen) => expect(seen.accruals['client']).toBeUndefined()),
  );
});

describe('minimum time open, from the first open, per closing leg', () => {
  const plan = perLotPlan('7.00', differential(), { filters: [{ kind: 'minimum_time_open', seconds: 60 }] });
  const at = (minute: number, second: number, ms = 0): number => Date.UTC(2026, 2, 10, 10, minute, second, ms);
  const openedAtMs = at(0, 0);

  it('a close of 0.75 lot at 10:00:59 is refused', () =>
    given(plan, upline('7.00'))
      .when(tradeClosed({ lots: '0.75', openedAtMs, closedAtMs: at(0, 59) }))
      .gives(noPay('below_minimum_time')));

  it('a close of 1.25 lots at 10:03:10 pays 8.75', () =>
    given(plan, upline('7.00'))
      .when(tradeClosed({ lots: '1.25', openedAtMs, closedAtMs: at(3, 10) }))
      .gives(accruals({ 'IB 1': '8.75' })));

  it.each([
    { what: 'exactly 60 s is paid', opened: at(0, 0, 0), closed: at(1, 0, 0), ms: true, pays: true },
    { what: '1 ms less is refused', opened: at(0, 0, 1), closed: at(1, 0, 0), ms: true, pays: false },
    {
      what: 'where one side lacks milliseconds both are cut to seconds',
      opened: at(0, 0, 999),
      closed: at(1, 0, 0),
      ms: false,
      pays: true,
    },
    { what: 'cut to seconds, 59 s stay 59 s', opened: at(0, 0, 0), closed: at(0, 59, 999), ms: false, pays: false },
  ])('$what', ({ opened, closed, ms, pays }) =>
    given(plan, upline('7.00'))
      .when(tradeClosed({ openedAtMs: opened, closedAtMs: closed, timesHaveMs: ms }))
      .gives(pays ? accruals({ 'IB 1': '7.00' }) : noPay('below_minimum_time')),
  );

  it.each([{ openedAtMs: undefined }, { openedAtMs: at(5, 0), closedAtMs: at(4, 59) }])(
    'an open that is unknown or after the close parks the trade (%o)',
    (times) => given(plan, upline('7.00')).when(tradeClosed(times)).gives(parkedAs('commissions.open_unknown')),
  );

  it('a plan without the filter pays a trade whose open is unknown', () =>
    given(perLotPlan('7.00', differential()), upline('7.00'))
      .when(tradeClosed({ openedAtMs: undefined }))
      .gives(accruals({ 'IB 1': '7.00' })));
});

describe('a trade that pays nothing says why', () => {
  const majorsOnly = perLotPlan('0', differential(), {
    rules: [{ name: 'majors', symbolGroup: 'majors', budget: '8.00' }],
  });
  it.each([
    { reason: 'client_without_ib', plan: majorsOnly, chain: [], trade: {} },
    { reason: 'no_plan', plan: undefined, chain: upline('4'), trade: {} },
    { reason: 'volume_zero', plan: majorsOnly, chain: upline('4'), trade: { lots: '0' } },
    { reason: 'symbol_unmatched', plan: majorsOnly, chain: upline('4'), trade: { symbolGroup: 'metals' } },
    { reason: 'group_counts_nothing', plan: majorsOnly, chain: upline('4'), trade: { lotFactor: '0' } },
    { reason: 'rate_zero', plan: perLotPlan('0', differential()), chain: upline('4'), trade: {} },
  ])('$reason', ({ reason, plan, chain, trade }) => given(plan, chain).when(tradeClosed(trade)).gives(noPay(reason)));

  it('the first rule that matches wins, whatever follows', () =>
    given(
      perLotPlan('0', differential(), {
        rules: [
          { name: 'vip-gold', symbol: 'XAUUSD', accountGroup: 'vip', budget: '30.00' },
          { name: 'gold', symbol: 'XAUUSD', budget: '20.00' },
          { name: 'rest', budget: '8.00' },
        ],
      }),
      upline('-'),
    )
      .when(tradeClosed({ symbol: 'XAUUSD', symbolGroup: 'metals' }))
      .gives(accruals({ house: '20.00' })));

  it('a symbol that one component knows and another does not is no exception', () => {
    const metals = perLotPlan('0', differential(), {
      name: 'metals',
      rules: [{ name: 'metals', symbolGroup: 'metals', budget: '20' }],
    });
    const plan = { currency: 'USD', components: [...metals.components, ...majorsOnly.components] };
    given(plan, upline('4'))
      .when(tradeClosed())
      .gives(accruals({ 'IB 1': '4.00', house: '4.00' }));
    given(plan, upline('4'))
      .when(tradeClosed({ lotFactor: '0' }))
      .gives(noPay('group_counts_nothing'));
    given(plan, upline('4'))
      .when(tradeClosed({ symbolGroup: 'crypto' }))
      .gives(noPay('symbol_unmatched'));
  });
});

describe('a trade that cannot be right is parked and never thrown', () => {
  const trade = inputOf({ ...oneLot, plan: perLotPlan('8.00', differential()), chain: upline('4.00', '8.00') });
  it.each([
    { code: 'commissions.trade_impossible', input: { ...trade, lots: -1n } },
    { code: 'commissions.earning_too_large', input: { ...trade, lots: 10n ** 30n } },
    {
      code: 'commissions.rate_above_budget',
      input: { ...trade, chain: [{ ibKey: 1, status: 'active' as const, rates: [[8_000_001n]] }] },
    },
  ])('as $code', ({ code, input }) => expect(computeTrade(input)).toEqual({ kind: 'parked', dealKey: 1n, code }));
});
