import { expect, it } from 'vitest';
import { explainTrade } from '../../src/commissions/engine/rules.ts';
import {
  accruals,
  differential,
  executed,
  given,
  inputOf,
  oneLot,
  parkedAs,
  percentages,
  planOf,
  tradeClosed,
  upline,
  way,
  YEN,
} from '../support/commission-story.ts';
import type { NaiveExecution, NaiveModel } from '../../src/commissions/naive/engine.ts';

type Row = {
  readonly what: string;
  readonly model: NaiveModel;
  readonly rate: string;
  readonly lots: string;
  readonly execution: Partial<NaiveExecution>;
  readonly earns: string;
};

const earns = ({ model, rate, lots, execution, earns: amount }: Row): void =>
  given(planOf(model, rate), upline('-'))
    .when(tradeClosed({ lots, execution: executed(execution) }))
    .gives(accruals({ 'IB 1': amount }));

const gold = { contractSize: '100', pipSize: '0.01', digits: 2, closeBid: '4581.23', closeAsk: '4581.39' };

const ROWS: readonly Row[] = [
  { what: 'pips: EURUSD', model: { kind: 'pips' }, rate: '0.8', lots: '2.50', execution: {}, earns: '20.00' },
  {
    what: 'pips: USDJPY by the rate of the deal',
    model: { kind: 'pips' },
    rate: '0.6',
    lots: '1.20',
    execution: { ...YEN, rateProfit: '0.00660633' },
    earns: '4.756558',
  },
  {
    what: 'per million: EURUSD at 1.10',
    model: { kind: 'per_million' },
    rate: '5',
    lots: '2',
    execution: { baseCurrency: 'EUR', conversions: [way('EUR', 'USD', ['EUR', 'USD', '1.10'])] },
    earns: '1.10',
  },
  {
    what: 'per million: USDJPY, whose lots are dollars',
    model: { kind: 'per_million' },
    rate: '5',
    lots: '2',
    execution: { ...YEN, baseCurrency: 'USD' },
    earns: '1.00',
  },
  {
    what: 'pips: 720 JPY at 151.37',
    model: { kind: 'pips' },
    rate: '0.6',
    lots: '1.20',
    execution: { ...YEN, conversions: [way('JPY', 'USD', ['USD', 'JPY', '151.37'])] },
    earns: '4.756557',
  },
  {
    what: 'pips: 720 JPY by a cross, never rounded on the way: 720 / 125.85 x 1.145',
    model: { kind: 'pips' },
    rate: '0.6',
    lots: '1.20',
    execution: { ...YEN, conversions: [way('JPY', 'USD', ['EUR', 'JPY', '125.85'], ['EUR', 'USD', '1.145'])] },
    earns: '6.550656',
  },
  {
    what: 'commission of an account in euro',
    model: { kind: 'commission_share' },
    rate: '25',
    lots: '2',
    execution: { depositCurrency: 'EUR', charged: '12.00', conversions: [way('EUR', 'USD', ['EUR', 'USD', '1.145'])] },
    earns: '3.435',
  },
  {
    what: 'points of a cent account',
    model: { kind: 'points' },
    rate: '10',
    lots: '1.00',
    execution: { contractSize: '1000' },
    earns: '0.10',
  },
  {
    what: 'points of a cent account, a hundredth of a lot',
    model: { kind: 'points' },
    rate: '10',
    lots: '0.01',
    execution: { contractSize: '1000' },
    earns: '0.001',
  },
  {
    what: 'half of the spread of gold',
    model: { kind: 'spread_share' },
    rate: '50',
    lots: '1',
    execution: gold,
    earns: '8.00',
  },
  {
    what: 'share of a spread that is limited: 3.0 pips to 1.2',
    model: {
      kind: 'spread_share',
      limits: [{ symbol: 'XAUUSD', pips: '9' }, { symbolGroup: 'majors', pips: '1.2' }, { pips: '5' }],
    },
    rate: '30',
    lots: '3',
    execution: { closeBid: '1.10000', closeAsk: '1.10030' },
    earns: '10.80',
  },
  {
    what: 'the same without a limit',
    model: { kind: 'spread_share' },
    rate: '30',
    lots: '3',
    execution: { closeBid: '1.10000', closeAsk: '1.10030' },
    earns: '27.00',
  },
  {
    what: 'a limit above the spread changes nothing',
    model: { kind: 'spread_share', limits: [{ pips: '3.1' }] },
    rate: '30',
    lots: '3',
    execution: { closeBid: '1.10000', closeAsk: '1.10030' },
    earns: '27.00',
  },
  {
    what: 'share of the mean spread of open and close',
    model: { kind: 'spread_share', spread: 'mean' },
    rate: '25',
    lots: '1',
    execution: { openBid: '1.10000', openAsk: '1.10010', closeBid: '1.20000', closeAsk: '1.20014' },
    earns: '3.00',
  },
  {
    what: 'a negative spread at the open counts as 0',
    model: { kind: 'spread_share', spread: 'mean' },
    rate: '25',
    lots: '1',
    execution: { openBid: '1.10010', openAsk: '1.10000', closeBid: '1.20000', closeAsk: '1.20014' },
    earns: '1.75',
  },
  {
    what: 'share of commission on both legs',
    model: { kind: 'commission_share' },
    rate: '25',
    lots: '2',
    execution: { charged: '12.00' },
    earns: '3.00',
  },
  {
    what: 'spread and commission, 4.00 and 6.00 a lot at 30 % each',
    model: { kind: 'spread_and_commission', spreadShare: '30', commissionShare: '30' },
    rate: '100',
    lots: '2',
    execution: { closeBid: '1.10000', closeAsk: '1.10004', charged: '12.00' },
    earns: '6.00',
  },
  {
    what: 'share of a profit',
    model: { kind: 'profit_share' },
    rate: '5',
    lots: '1',
    execution: { profit: '320' },
    earns: '16.00',
  },
];

it.each(ROWS)('$what: $lots lots at $rate earn $earns', earns);

it.each([
  { hours: undefined, ageMs: 120 * 3_600_000, gives: accruals({ 'IB 1': '4.756557' }) },
  { hours: undefined, ageMs: 120 * 3_600_000 + 1, gives: parkedAs('commissions.rate_stale') },
  { hours: 1, ageMs: 3_600_001, gives: parkedAs('commissions.rate_stale') },
])('a trade waits where a rate is older than the plan allows ($hours h, $ageMs ms)', ({ hours, ageMs, gives }) => {
  const { rows, ...rest } = way('JPY', 'USD', ['USD', 'JPY', '151.37']);
  const conversions = [{ ...rest, rows: rows.map((row) => ({ ...row, ageMs })) }];
  given({ ...planOf({ kind: 'pips' }, '0.6'), rateAgeHoursMax: hours }, upline('-'))
    .when(tradeClosed({ lots: '1.20', execution: executed({ ...YEN, conversions }) }))
    .gives(gives);
});

it('agreed rates are in the unit of the model: pips of pips, percentages of percentages', () => {
  given(planOf({ kind: 'pips' }, '1.0', differential()), upline('0.4', '0.7', '1.0'))
    .when(tradeClosed({ execution: executed() }))
    .gives(accruals({ 'IB 1': '4.00', 'IB 2': '3.00', 'IB 3': '3.00' }));
  given(
    planOf({ kind: 'spread_and_commission', spreadShare: '30', commissionShare: '30' }, '100', differential()),
    upline('40', '100'),
  )
    .when(tradeClosed({ lots: '2', execution: executed({ closeBid: '1.10000', closeAsk: '1.10004', charged: '12' }) }))
    .gives(accruals({ 'IB 1': '2.40', 'IB 2': '3.60' }));
});

it('the lot factor of an account group applies to per lot only', () =>
  given(planOf({ kind: 'pips' }, '1'), upline('-'))
    .when(tradeClosed({ lotFactor: '0.4', execution: executed() }))
    .gives(accruals({ 'IB 1': '10.00' })));

it('an explanation tells the figures that a model looked at', () => {
  const plan = planOf({ kind: 'spread_share', limits: [{ pips: '1.2' }] }, '30', percentages('50'));
  const execution = executed({ closeBid: '1.10000', closeAsk: '1.10030' });
  const { steps } = explainTrade(inputOf({ ...oneLot, lots: '3', execution, plan, chain: upline('-') }));
  expect(steps.find(({ step }) => step === 'earning')?.figures).toMatchObject({
    model: 'spread_share',
    lots: '3',
    contractSize: '100000',
    closeBid: '1.10000',
    closeAsk: '1.10030',
    limitPips: '1.2',
    pipSize: '0.0001',
  });
});
