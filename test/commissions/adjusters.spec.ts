import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Standing } from '../../src/commissions/counters/rules.ts';
import { compilePlan } from '../../src/commissions/definitions/rules.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { computeBatch, explainTrade } from '../../src/commissions/engine/rules.ts';
import type { TradeInput, TradeResult } from '../../src/commissions/engine/types.ts';
import type { NaiveAdjuster, NaiveFacts } from '../../src/commissions/naive/types.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import { rateText } from '../../src/commissions/rules.ts';
import { parseDecimal, rescale } from '../../src/kernel/decimal.ts';
import {
  accruals,
  differential,
  executed,
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

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const usd = (text: string): bigint => rescale(parseDecimal(text), 6) ?? -1n;
const planWith = (budget: string, ...adjusters: NaiveAdjuster[]) =>
  perLotPlan(budget, percentages('100'), { adjusters });
const trade = (adjusters: NaiveAdjuster[], words: Partial<NaiveFacts> = {}, budget = '10.00'): TradeInput =>
  inputOf({ ...oneLot, chain: upline('-'), ...words, plan: planWith(budget, ...adjusters) });
const own = (result: TradeResult | undefined): bigint | string => {
  if (result?.kind === 'booked') return result.earningUnits;
  return result?.kind === 'unpaid' ? result.reason : (result?.code ?? 'nothing');
};

describe('A credit coefficient of (equity - credit) / equity', () => {
  const coefficient: NaiveAdjuster = { kind: 'credit_coefficient' };
  const account = (equity: string, credit: string, ageMs = 0) =>
    executed({ accountState: { equity, credit, at: '2026-03-10T11:00:00.000Z', ageMs } });

  it.each([
    ['1000', '300', '8.4'], // 0.70.
    ['1000', '150', '12'], // 0.85 is not below 0.85.
    ['1000', '150.01', '10.19988'],
    ['1000', '0', '12'],
    ['1000', '-50', '12'],
  ])('of %s and %s makes %s of 12.00', (equity, credit, amount) => {
    given(planWith('12.00', coefficient), upline('-'))
      .when(tradeClosed({ execution: account(equity, credit) }))
      .gives(accruals({ 'IB 1': rateText(usd(amount), 6) }));
  });

  it.each([
    ['300', '300'],
    ['300', '1000'],
    ['0', '0'],
    ['-10', '0'],
  ])('of %s and %s is 0, never below', (equity, credit) => {
    given(planWith('12.00', coefficient), upline('-'))
      .when(tradeClosed({ execution: account(equity, credit) }))
      .gives(noPay('all_credit'));
  });

  it('reduces all levels in proportion', () => {
    given(perLotPlan('8.00', differential(), { adjusters: [coefficient] }), upline('4.00', '5.50', '7.00', '8.00'))
      .when(tradeClosed({ execution: account('1000', '300') }))
      .gives(accruals({ 'IB 1': '2.80', 'IB 2': '1.05', 'IB 3': '1.05', 'IB 4': '0.70' }));
  });

  it('parks a trade of an account of which nothing is known, or nothing young enough', () => {
    const old = { kind: 'credit_coefficient', stateAgeHoursMax: 2 } as const;
    given(planWith('12.00', coefficient), upline('-'))
      .when(tradeClosed({ execution: executed() }))
      .gives(parkedAs('commissions.account_state_unknown'));
    given(planWith('12.00', old), upline('-'))
      .when(tradeClosed({ execution: account('1000', '300', 2 * HOUR_MS + 1) }))
      .gives(parkedAs('commissions.account_state_unknown'));
    given(planWith('12.00', old), upline('-'))
      .when(tradeClosed({ execution: account('1000', '300', 2 * HOUR_MS) }))
      .gives(accruals({ 'IB 1': '8.40' }));
  });
});

describe('A clamp', () => {
  it.each([
    [{ most: '25' }, '3', '25'],
    [{ most: '25' }, '2.5', '25'],
    [{ most: '25' }, '2', '20'],
    [{ most: '8', per: 'lot' as const }, '2', '16'],
    [{ least: '5' }, '0.5', '5'],
    [{ least: '5', most: '7' }, '2', '7'],
  ])('of %j leaves of %s lots at 10.00: %s', (words, lots, amount) => {
    given(planWith('10.00', { kind: 'clamp', ...words }), upline('-'))
      .when(tradeClosed({ lots }))
      .gives(accruals({ 'IB 1': rateText(usd(amount), 6) }));
  });

  it('never raises an amount: one below the least pays nothing', () => {
    given(planWith('10.00', { kind: 'clamp', least: '5' }), upline('-'))
      .when(tradeClosed({ lots: '0.49' }))
      .gives(noPay('below_least_amount'));
  });
});

describe('A cap', () => {
  it('of 500 USD per order cuts what is above', () => {
    given(planWith('10.00', { kind: 'cap', of: 'order', amount: '500' }), upline('-'))
      .when(tradeClosed({ lots: '60' }))
      .gives(accruals({ 'IB 1': '500.00' }));
  });

  it.each([
    ['client', 'day', ['25', '5', 'cap_reached', '25', '25']],
    ['client', 'month', ['25', '5', 'cap_reached', '25', 'cap_reached']],
    ['ib', 'day', ['25', '5', 'cap_reached', 'cap_reached', '25']],
    ['plan', 'month', ['25', '5', 'cap_reached', 'cap_reached', 'cap_reached']],
  ] as const)('of 30 USD per %s and %s holds over all its trades', (of, over, amounts) => {
    const cap: NaiveAdjuster = { kind: 'cap', of, over, amount: '30' };
    const at = (clientKey: number, days = 0) =>
      trade([cap], { lots: '2.5', clientKey, closedAtMs: oneLot.closedAtMs + days * DAY_MS });
    expect(computeBatch([at(1), at(1), at(1), at(2), at(1, 1)]).map(own)).toEqual(
      amounts.map((each) => (each === 'cap_reached' ? each : usd(each))),
    );
  });

  it('runs by UTC days', () => {
    const cap: NaiveAdjuster = { kind: 'cap', of: 'plan', over: 'day', amount: '10' };
    const midnight = Date.UTC(2026, 2, 11);
    const at = (closedAtMs: number) => trade([cap], { closedAtMs });
    expect(computeBatch([at(midnight - 1), at(midnight - 1), at(midnight)]).map(own)).toEqual([
      usd('10'),
      'cap_reached',
      usd('10'),
    ]);
  });

  it('is the last of the stages, whatever order a plan lists them in: 60 lots, clamped to 400, at 0.70 is 280, cut to 250', () => {
    const adjusters: NaiveAdjuster[] = [
      { kind: 'cap', of: 'order', amount: '250' },
      { kind: 'credit_coefficient' },
      { kind: 'clamp', most: '400' },
    ];
    const execution = executed({ accountState: { equity: '1000', credit: '300', at: '', ageMs: 0 } });
    const { steps } = explainTrade(trade(adjusters, { lots: '60', execution }));
    expect(
      steps.flatMap(({ step, figures, units }) => (step === 'adjuster' ? [[figures['adjuster'], units]] : [])),
    ).toEqual([
      ['clamp', usd('400')],
      ['credit_coefficient', usd('280')],
      ['cap', usd('250')],
    ]);
  });
});

describe('Hedged volume, max(long, short) of a client per symbol in the calendar month', () => {
  const hedged: NaiveAdjuster = { kind: 'hedged_volume' };
  const of = (side: 'buy' | 'sell', lots: string, words: Partial<NaiveFacts> = {}) =>
    trade([hedged], { lots, execution: executed({ side }), ...words });

  it('counts a trade by how much it raises it', () => {
    const batch = [of('buy', '2'), of('sell', '2'), of('sell', '1'), of('buy', '2'), of('sell', '0.5')];
    expect(computeBatch(batch).map(own)).toEqual([
      usd('20'), // 2 and 0.
      'volume_hedged', // 2 and 2.
      usd('10'), // 2 and 3.
      usd('10'), // 4 and 3.
      'volume_hedged',
    ]);
  });

  it('keeps clients, symbols and months apart', () => {
    const april = { closedAtMs: Date.UTC(2026, 3, 1) };
    const batch = [
      of('buy', '1'),
      of('sell', '1', { clientKey: 78 }),
      of('sell', '1', { symbol: 'GBPUSD' }),
      of('sell', '1', april),
    ];
    expect(computeBatch(batch).map(own)).toEqual(Array.from({ length: 4 }, () => usd('10')));
  });

  it('pays in all for max(long, short), in whatever order they come', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 500 })), { minLength: 1, maxLength: 10 }),
        (deals) => {
          const sum = (side: boolean): number =>
            deals.reduce((all, [isBuy, lots]) => (isBuy === side ? all + lots : all), 0);
          const results = computeBatch(deals.map(([isBuy, lots]) => of(isBuy ? 'buy' : 'sell', String(lots / 100))));
          const paid = results.reduce(
            (all, result) => (result.kind === 'booked' ? all + result.earningUnits : all),
            0n,
          );
          expect(paid).toBe(BigInt(Math.max(sum(true), sum(false))) * 100_000n);
        },
      ),
      { numRuns: 200 },
    ));
});

describe('for any caps and trades', () => {
  const lots = fc.integer({ min: 1, max: 999_999 }).map((each) => String(each / 1000));

  it('caps are never exceeded, nobody gets more than without them, and what is counted is what was paid', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(lots, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 })), { maxLength: 12 }),
        fc.integer({ min: 0, max: 2_000_000 }),
        (deals, cents) => {
          const amount = String(cents / 100);
          const adjusters: NaiveAdjuster[] = [
            { kind: 'cap', of: 'client', over: 'day', amount },
            { kind: 'cap', of: 'plan', over: 'month', amount: String(cents / 50) },
          ];
          const inputs = deals.map(([each, clientKey, day]) =>
            trade(adjusters, { lots: each, clientKey, closedAtMs: oneLot.closedAtMs + day * DAY_MS }, '7.77'),
          );
          const standing = new Standing();
          const results = computeBatch(inputs, standing);
          const most = usd(amount);
          const byDay = new Map<string, bigint>();
          let all = 0n;
          for (const [place, result] of results.entries()) {
            if (result.kind !== 'booked') continue;
            const name = `${deals[place]?.[1]} ${deals[place]?.[2]}`;
            byDay.set(name, (byDay.get(name) ?? 0n) + result.earningUnits);
            all += result.earningUnits;
            expect(result.earningUnits).toBeLessThanOrEqual(BigInt(Math.round(Number(deals[place]?.[0]) * 7_770_000)));
            expect(result.rebates.reduce((sum, { units }) => sum + units, 0n)).toBe(result.earningUnits);
          }
          for (const paid of byDay.values()) expect(paid).toBeLessThanOrEqual(most);
          expect(all).toBeLessThanOrEqual(2n * most);
          const counted = standing.added().filter(({ count }) => count.measure === 'paid_plan');
          expect(counted.reduce((sum, { count }) => sum + count.units, 0n)).toBe(all);
        },
      ),
      { numRuns: 200 },
    ));
});

describe('What a plan may not say of its adjusters', () => {
  const tier = (words: object): object => ({
    kind: 'tier',
    by: 'lots',
    mode: 'step',
    tiers: [{ rate: '5' }],
    ...words,
  });
  it.each([
    ['tiers_not_rising', tier({ tiers: [{ upTo: '5', rate: '1' }, { upTo: '5', rate: '2' }, { rate: '3' }] })],
    ['tiers_not_rising', tier({ tiers: [{ upTo: '5', rate: '1' }] })],
    ['tiers_not_rising', tier({ tiers: [{ rate: '1' }, { rate: '2' }] })],
    ['tiers_not_rising', tier({ tiers: [{ upTo: '0', rate: '1' }, { rate: '2' }] })],
    ['rate_above_budget', tier({ tiers: [{ upTo: '5', rate: '1' }, { rate: '10.01' }] })],
    ['rate_too_fine', tier({ tiers: [{ rate: '1.0000001' }] })],
    ['percentages_above_100', tier({ unit: 'percent', tiers: [{ rate: '100.5' }] })],
    ['tier_mode_unfit', tier({ by: 'active_clients', mode: 'marginal' })],
    ['tier_mode_unfit', tier({ by: 'deposits', mode: 'marginal_then_trued_up' })],
    ['tier_mode_unfit', tier({ rollingDays: 30, mode: 'retroactive' })],
    ['limits_contradict', { kind: 'clamp' }],
    ['limits_contradict', { kind: 'clamp', least: '5', most: '4' }],
    ['rate_too_fine', { kind: 'clamp', most: '1.0000001' }],
    ['rate_too_fine', { kind: 'cap', of: 'order', amount: '1.0000001' }],
  ])('%s: %j', (code, adjuster) => {
    const definition = PlanDefinition.parse(planWith('10.00', adjuster as NaiveAdjuster));
    expect(checkDefinition(definition).map((refusal) => refusal.code)).toEqual([`commissions.${code}`]);
  });

  it('adjuster_twice: two of one stage, unless they are caps', () => {
    const twice = (each: NaiveAdjuster) =>
      checkDefinition(PlanDefinition.parse(planWith('10.00', each, each))).map((refusal) => refusal.code);
    expect(twice({ kind: 'hedged_volume' })).toEqual(['commissions.adjuster_twice']);
    expect(twice({ kind: 'cap', of: 'order', amount: '1' })).toEqual([]);
  });

  it.each([
    ['an unknown kind', { kind: 'bonus' }],
    ['an unknown field', { kind: 'hedged_volume', over: 'day' }],
    ['a cap without a span', { kind: 'cap', of: 'client', amount: '5' }],
    ['a cap of an order over a day', { kind: 'cap', of: 'order', over: 'day', amount: '5' }],
    ['a negative cap', { kind: 'cap', of: 'order', amount: '-5' }],
    ['a coefficient above 1', { kind: 'credit_coefficient', below: '1.1' }],
    ['rolling days beyond a year', tier({ rollingDays: 367 })],
    ['no tier at all', tier({ tiers: [] })],
  ])('%s is no definition', (_what, adjuster) => {
    expect(PlanDefinition.safeParse(planWith('10.00', adjuster as NaiveAdjuster)).success).toBe(false);
  });
});

it('a plan without adjusters that look at counters sees, counts and keeps nothing', () => {
  const plan = compilePlan(PlanDefinition.parse(planWith('10.00', { kind: 'cap', of: 'order', amount: '5' })));
  expect(plan.looksAtCounters).toBe(false);
  const [result] = computeBatch([trade([{ kind: 'cap', of: 'order', amount: '5' }])]);
  expect(result).toMatchObject({ kind: 'booked', counted: undefined });
});
