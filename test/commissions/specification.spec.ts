import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { computeBatch } from '../../src/commissions/engine/rules.ts';
import type { NaiveAdjuster, NaiveExecution } from '../../src/commissions/naive/types.ts';
import {
  accruals,
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

/*
 * The specification, line by line: the words of a line, and the test that holds its figures. Where the specification is at hand,
 * no line of it may lack a row, and every row must quote it.
 *
 * Units and rounding    -> test/trading, test/kernel, models.spec, base-models.spec, executions.spec, engine.spec, test/payouts
 * Base models           -> models.spec, base-models.spec, unpaid-models.spec, period-models.spec
 * Tiers                 -> tiers.spec, standing.spec
 * Filters               -> models.spec, filters.spec, this file (caps, coefficient, hedged volume), mending.spec
 * Level modes           -> models.spec, levels.spec
 * Readings              -> all of these
 * What always holds     -> engine.spec, conservation.spec, booking.spec, corrections.spec, scenarios/replay.spec, ib/chains.spec
 * Journal, cycles       -> ledger/post.spec, models.spec, owed.spec, payouts/schedules.spec
 */
const LINES: readonly (readonly [words: string, file: string, holds: string])[] = [
  // Units and rounding
  ['VolumeExt: lots x 1e8', 'trading/mt5-deals.spec.ts', 'VolumeExt'],
  ['Contract size `C`: units per lot', 'commissions/executions.spec.ts', 'need of deal and symbol'],
  ['Pip size is a stored setting of the symbol', 'commissions/base-models.spec.ts', 'pips: USDJPY'],
  ['inverses and crosses are exact fractions', 'commissions/base-models.spec.ts', 'never rounded on the way'],
  ['minor unit exponent + 4 decimals', 'commissions/models.spec.ts', 'is kept in its own ledger units'],
  ['rounded once, half to even', 'commissions/models.spec.ts', '1.5 ledger units.'],
  ['rounded on the *running total*', 'commissions/engine.spec.ts', 'three thirds of a unit lose nothing'],
  ['The change to a wallet', 'payouts/runs.spec.ts', 'by a rate that is kept'],
  ['the payout takes whole minor units', 'payouts/posting.spec.ts', 'pays 0.01 USD for ten accruals of 0.001'],
  ['commission base = -(sum over', 'trading/executions.spec.ts', '-6.00 on each of 2 lots are 12.00'],
  ['so that part closes count it once', 'trading/executions.spec.ts', 'of part closes counts the entry once'],
  ['is one rebate row `house`', 'commissions/engine.spec.ts', 'the rebates add up to the earning'],
  ['the closing part of in/out', 'commissions/counting.spec.ts', 'of a reversal the opening part'],
  // Base models
  ['1.37 x 7.00 = 9.59', 'commissions/models.spec.ts', "lots: '1.37', lotFactor: '1', rate: '7.00', earns: '9.59'"],
  ['100 lots count 40', 'commissions/models.spec.ts', "lots: '100', lotFactor: '0.4'"],
  ['2 lots EURUSD at 1.10, 5 USD: 1.10', 'commissions/base-models.spec.ts', 'per million: EURUSD at 1.10'],
  ['0.8 pip = 20.00', 'commissions/base-models.spec.ts', "earns: '20.00'"],
  ['720 JPY at 151.37 = 4.756557', 'commissions/base-models.spec.ts', "earns: '4.756557'"],
  ['1.00 x 10 x 0.00001 x 1000 = 0.10', 'commissions/base-models.spec.ts', "earns: '0.10'"],
  ['0.01 lot = 0.001', 'commissions/base-models.spec.ts', "earns: '0.001'"],
  ['gold (4581.39 - 4581.23) x 100 x 1 x 50 % = 8.00', 'commissions/base-models.spec.ts', "closeAsk: '4581.39'"],
  ['10.80 and not 27.00', 'commissions/base-models.spec.ts', "earns: '10.80'"],
  [
    '(1.0 + 1.4) / 2 = 1.2 pips, 1 lot, 25 % = 3.00',
    'commissions/base-models.spec.ts',
    'mean spread of open and close',
  ],
  ['2 lots, -6.00 in all on the in deal', 'commissions/base-models.spec.ts', 'share of commission on both legs'],
  ['2 x (4.00 x 30 % + 6.00 x 30 %) = 6.00', 'commissions/base-models.spec.ts', '4.00 and 6.00 a lot at 30 % each'],
  ['+320 at 5 % = 16.00', 'commissions/base-models.spec.ts', "earns: '16.00'"],
  ['-50 gives 0', 'commissions/unpaid-models.spec.ts', "profit: '-50'"],
  ['x 30 % = 601.05', 'commissions/period-models.spec.ts', "'601.05'"],
  ['450 with carry, 750 without', 'commissions/period-models.spec.ts', "'450.00'"],
  ['deposit 200 pays 60; total 1000 pays table 150, so +90', 'commissions/period-models.spec.ts', 'so 90 more'],
  ['deposits in 24 h of the first', 'commissions/period-models.spec.ts', 'deposits within 24 hours of the first'],
  ['half CPA and half lot rate: 30 and 0.50', 'commissions/settlements.spec.ts', 'half the lot rate: 30 and 0.50'],
  // Tiers
  ['over a calendar month or rolling days', 'commissions/tiers.spec.ts', 'of rolling days forgets what is older'],
  ['Rates 5 up to 100 lots, 6 up to 500, 7 above', 'commissions/tiers.spec.ts', '495 done; a trade of 20 lots'],
  ['marginal 5 x 6 + 15 x 7 = 135', 'commissions/tiers.spec.ts', "['marginal', '135']"],
  ['20 x 6 = 120', 'commissions/tiers.spec.ts', "['step', '120']"],
  ['515 x 7 - 2970 = 635', 'commissions/tiers.spec.ts', "usd('635')"],
  ['of which 140 is the trade', 'commissions/tiers.spec.ts', "['retroactive', '140']"],
  ['515 x 7 - (2870 + 135) = 600', 'commissions/tiers.spec.ts', "usd('600')"],
  // Filters
  ['a close at 10:00:59 of 0.75 lot is refused', 'commissions/models.spec.ts', 'a close of 0.75 lot at 10:00:59'],
  ['one at 10:03:10 of 1.25 lot pays 8.75', 'commissions/models.spec.ts', "'IB 1': '8.75'"],
  ['an in/out restarts the clock', 'trading/due.spec.ts', 'reversal'],
  ['set by hand with a reason', 'commissions/mending.spec.ts', 'is booked by what somebody says'],
  ['Minimum movement >= 2.5 x spread', 'commissions/filters.spec.ts', '2.5 x spread at the close'],
  ['Cap per order (500 USD, Forex4you), day, client', 'commissions/specification.spec.ts', "amount: '500'"],
  ['1000 and 300 give 0.70, 12.00 becomes 8.40', 'commissions/specification.spec.ts', "'8.40'"],
  ['Hedged volume per symbol = max(long, short)', 'commissions/specification.spec.ts', 'volume_hedged'],
  [
    'Symbol, account group, side, channel, open reason',
    'commissions/filters.spec.ts',
    'a list lets pass what it names',
  ],
  ['raises a visible exception', 'commissions/exceptions.spec.ts', 'is listed, and its batch says so'],
  ['Order: eligibility, volume rule, base', 'commissions/engine.spec.ts', 'volume rules, tiers, caps'],
  // Level modes
  ['goes up to the master', 'commissions/models.spec.ts', 'differential: own rate - highest rate below'],
  ['1.37 lots: 5.48, 2.055, 2.055, 1.37', 'commissions/models.spec.ts', "parts: ['5.48', '2.055', '2.055', '1.37']"],
  ['4.00, 1.50, 0, 2.50', 'commissions/models.spec.ts', "parts: ['4.00', '1.50', '', '2.50']"],
  ['(4.00, -, 3.00, 1.00)', 'commissions/models.spec.ts', "parts: ['4.00', '', '3.00', '1.00']"],
  ['house 1.50)', 'commissions/models.spec.ts', "parts: ['4.00', '', '1.50', '1.00'], house: '1.50'"],
  ['is refused when the plan is published', 'commissions/plans.spec.ts', 'rate_above_budget'],
  [
    'of a base of 10.00: 2.00, 0.50, 0.20',
    'commissions/models.spec.ts',
    "parts: ['2.00', '0.50', '0.20'], house: '7.30'",
  ],
  ['2.40, 1.60, 1.20, 0.80', 'commissions/models.spec.ts', "parts: ['2.40', '1.60', '1.20', '0.80']"],
  ['above the budget with scaling off: refused', 'commissions/plans.spec.ts', 'levels_above_budget'],
  ['amount 5: 4.00, 0.90, 0.09, 0.01', 'commissions/levels.spec.ts', "parts: ['4.00', '0.90', '0.09', '0.01']"],
  [
    'Bronze takes 1; the next Gold takes',
    'commissions/levels.spec.ts',
    "parts: ['1.00', '5.00', '', '4.00', '', '', '5.00']",
  ],
  ['allowed only while the budget covers it', 'commissions/levels.spec.ts', 'Nor any above it.'],
  ['6.25, 3.75', 'commissions/levels.spec.ts', "parts: ['6.25', '3.75']"],
  ['5.00, 3.00, house 2.00', 'commissions/levels.spec.ts', "parts: ['5.00', '3.00'], house: '2.00'"],
  ['30 % of 5.48 = 1.644; the IB keeps 3.836', 'commissions/models.spec.ts', "'IB 1': '3.836', client: '1.644'"],
  // Readings that are fixed
  ['this is the way', 'commissions/specification.spec.ts', 'Readings'],
  ['no second conversion follows', 'commissions/base-models.spec.ts', 'whose lots are dollars'],
  ['a negative spread counts as 0', 'commissions/base-models.spec.ts', 'a negative spread at the open counts as 0'],
  ['*Movement* is |close - open|', 'commissions/filters.spec.ts', '|close - open|'],
  ['tiers count the lots after it', 'commissions/tiers.spec.ts', 'counts lots after the lot factor'],
  ['agreement rates are percentages of E', 'commissions/base-models.spec.ts', 'percentages of percentages'],
  ['a tier holds up to and including its limit', 'commissions/tiers.spec.ts', 'holds up to and including its limit'],
  ['a refused trade counts for none', 'commissions/tiers.spec.ts', 'counts nothing of a refused trade'],
  ['the budget holds per trade after it', 'commissions/tiers.spec.ts', 'the budget holds after it'],
  ['run by UTC days and months', 'commissions/specification.spec.ts', 'the day before does not count'],
  ['0 where equity is not above 0', 'commissions/specification.spec.ts', 'all_credit'],
  ['raises max(long, short) in the calendar month', 'commissions/specification.spec.ts', 'of 2 lots against 3'],
  ['(4, 5.50 suspended, 5, 8: 4, -, 1, 3)', 'commissions/models.spec.ts', "parts: ['4.00', '', '1.00', '3.00']"],
  ['rank slots pass a suspended IB over', 'commissions/levels.spec.ts', "'gold suspended', 'diamond'"],
  ['No depth-0 share, no trader rebate', 'commissions/models.spec.ts', 'is not paid where the direct IB is suspended'],
  ['2.40, 1.60, house 2.00', 'commissions/models.spec.ts', "parts: ['2.40', '1.60'],"],
  ['(20 % on 5: 5, 1, 0.20)', 'commissions/levels.spec.ts', "parts: ['5.00', '1.00', '0.20'], house: '1.80'"],
  ['a direct row wins over an inverse one', 'trading/rates.spec.ts', 'cross'],
  ['RateProfit serves only where', 'commissions/base-models.spec.ts', 'by the rate of the deal'],
  ['both are cut to seconds', 'commissions/models.spec.ts', 'where one side lacks milliseconds'],
  ['*In-leg commission* is rounded', 'trading/executions.spec.ts', 'on the running total'],
  // What always holds
  ['sum of shares + trader rebate + house = E', 'commissions/conservation.spec.ts', 'which refuses a row that %s'],
  ['nothing is added', 'commissions/booking.spec.ts', 'books nothing twice'],
  ['belongs to the new IB', 'commissions/booking.spec.ts', 'as of the close, not of the booking'],
  ['(kept as `known_at`)', 'ib/chains.spec.ts', 'with the same knowledge'],
  [
    'posts reversing and replacing entries',
    'commissions/corrections.spec.ts',
    'is the next revision, with what it changes',
  ],
  ['replaying them gives the same bytes', 'scenarios/replay.spec.ts', 'whatever is corrected'],
  // Journal and cycles
  ['Debit commission expense 10.96', 'ledger/post.spec.ts', 'the journal of the 4-level example'],
  [
    'what was paid already becomes a receivable',
    'commissions/owed.spec.ts',
    'is wholly a receivable when all was paid',
  ],
  ['Within 30 minutes of close', 'payouts/schedules.spec.ts', 'what closes within 30 minutes'],
  ['minimum amount with carry-over', 'payouts/statements.spec.ts', 'carries over what does not come to the minimum'],
  ['Demo ranges: 3-12 USD per lot', 'scenarios/demo-tenants.spec.ts', 'use several models'],
];

const SPECIFICATION = path.resolve('../shared/commission-models.md');

describe('The specification', () => {
  it('is held by tests that are there', () => {
    const texts = new Map<string, string>();
    const textOf = (file: string): string => {
      const text = texts.get(file) ?? readFileSync(path.resolve('test', file), 'utf8');
      texts.set(file, text);
      return text;
    };
    expect(LINES.filter(([, file, holds]) => !textOf(file).includes(holds))).toEqual([]);
  });

  it.skipIf(!existsSync(SPECIFICATION))('has no line that nothing holds, and all that is quoted is in it', () => {
    const text = readFileSync(SPECIFICATION, 'utf8');
    expect(LINES.filter(([words]) => !text.includes(words)).map(([words]) => words)).toEqual([]);
    const says = (line: string): boolean => /\d/.test(line) || line.startsWith('- ');
    const lines = text
      .slice(text.indexOf('## Units'))
      .split('\n')
      .filter((line) => says(line) && !line.startsWith('#'));
    expect(lines.filter((line) => !LINES.some(([words]) => line.includes(words)))).toEqual([]);
  });
});

/** 12.00 USD of a lot, in all. */
const planWith = (...adjusters: NaiveAdjuster[]) => perLotPlan('12.00', percentages('100'), { adjusters });
const LOT = 10n ** 12n;

describe('Readings of what stands between an earning and its shares', () => {
  const stateOf = (equity: string, credit: string, ageMs = 0): Partial<NaiveExecution> => ({
    accountState: { equity, credit, ageMs, at: '2026-03-10T10:00:00.000Z' },
  });
  it.each([
    ['1000 and 300 give 0.70', '1000', '300', '8.40'],
    ['0.85 is not below 0.85', '1000', '150', '12.00'],
    ['0.849 is', '1000', '151', '10.188'],
    ['no credit at all', '1000', '0', '12.00'],
  ])('credit coefficient: %s', (_what, equity, credit, earns) =>
    given(planWith({ kind: 'credit_coefficient' }), upline('-'))
      .when(tradeClosed({ execution: executed(stateOf(equity, credit)) }))
      .gives(accruals({ 'IB 1': earns })),
  );
  it.each([
    ['never below 0', '300', '1000'],
    ['0 where equity is not above 0', '0', '0'],
    ['0 where it is below', '-5', '-10'],
  ])('credit coefficient: %s', (_what, equity, credit) =>
    given(planWith({ kind: 'credit_coefficient' }), upline('-'))
      .when(tradeClosed({ execution: executed(stateOf(equity, credit)) }))
      .gives(noPay('all_credit')),
  );
  it('credit coefficient: a trade of an account whose equity nobody told, or too long ago, waits', () => {
    const plan = planWith({ kind: 'credit_coefficient', stateAgeHoursMax: 24 });
    for (const execution of [executed(), executed(stateOf('1000', '300', 24 * 3_600_000 + 1))])
      given(plan, upline('-')).when(tradeClosed({ execution })).gives(parkedAs('commissions.account_state_unknown'));
  });

  it.each([
    ['below it nothing changes', '41.66', '499.92'],
    ['above it the trade pays 500', '50', '500.00'],
  ])('cap per order of 500 USD: %s', (_what, lots, earns) =>
    given(planWith({ kind: 'cap', of: 'order', amount: '500' }), upline('-'))
      .when(tradeClosed({ lots }))
      .gives(accruals({ 'IB 1': earns })),
  );
  it.each([
    ['nothing was paid', 0n, '12.00'],
    ['95 of 100 were paid: 5 are left', 95_000_000n, '5.00'],
    ['all was paid', 100_000_000n, undefined],
    ['more was paid, by a true-up', 101_000_000n, undefined],
  ])('cap per day and client: %s', (_what, paid, earns) => {
    const cap: NaiveAdjuster = { kind: 'cap', of: 'client', over: 'day', amount: '100' };
    given(planWith(cap), upline('-'))
      .when(tradeClosed({ saw: { seen: [[paid]] } }))
      .gives(earns === undefined ? noPay('cap_reached') : accruals({ 'IB 1': earns }));
  });
  it('cap per day: the day before does not count, by UTC', () => {
    const cap: NaiveAdjuster = { kind: 'cap', of: 'client', over: 'day', amount: '15' };
    const of = (closedAtMs: number) => ({ ...oneLot, closedAtMs, plan: planWith(cap), chain: upline('-') });
    const midnight = Date.UTC(2026, 2, 11);
    const trades = [of(midnight - 2), of(midnight - 1), of(midnight)];
    const earned = computeBatch(trades.map((each, place) => inputOf(each, BigInt(place)))).map((result) =>
      result.kind === 'booked' ? result.earningUnits : 0n,
    );
    expect(earned).toEqual([12_000_000n, 3_000_000n, 12_000_000n]);
  });

  it.each([
    ['a buy of 2 lots against 3 that were sold counts nothing', 'buy', '2', undefined],
    ['a buy of 5 lots against 3 that were sold counts 2', 'buy', '5', '24.00'],
    ['a sell beside 3 that were sold counts all', 'sell', '2', '24.00'],
  ] as const)('hedged volume: %s', (_what, side, lots, earns) =>
    given(planWith({ kind: 'hedged_volume' }), upline('-'))
      .when(tradeClosed({ lots, execution: executed({ side }), saw: { seen: [[0n, 3n * LOT]] } }))
      .gives(earns === undefined ? noPay('volume_hedged') : accruals({ 'IB 1': earns })),
  );

  it.each([
    ['above the most', { most: '10' }, '10.00'],
    ['between', { most: '20', least: '5' }, '12.00'],
    ['most for each lot', { most: '3', per: 'lot' }, '3.00'],
    ['below the least', { least: '12.01' }, undefined],
  ] as const)('clamp: %s', (_what, limits, earns) =>
    given(planWith({ kind: 'clamp', ...limits }), upline('-'))
      .when(tradeClosed())
      .gives(earns === undefined ? noPay('below_least_amount') : accruals({ 'IB 1': earns })),
  );

  it('in the order clamp, coefficient, cap, whatever order a plan lists them in', () => {
    const adjusters: NaiveAdjuster[] = [
      { kind: 'cap', of: 'order', amount: '6.50' },
      { kind: 'credit_coefficient' },
      { kind: 'clamp', most: '10' },
    ];
    for (const listed of [adjusters, adjusters.toReversed()])
      given(planWith(...listed), upline('-'))
        .when(tradeClosed({ execution: executed(stateOf('1000', '300')) }))
        .gives(accruals({ 'IB 1': '6.50' })); // 12 to 10, x 0.70 = 7.00, capped.
  });
});
