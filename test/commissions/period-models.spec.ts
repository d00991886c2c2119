import { describe, expect, it } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { judgePeriod } from '../../src/commissions/periods/rules.ts';
import type { ClientFacts, CompiledPeriod, PeriodLine, PeriodPart } from '../../src/commissions/periods/types.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import type { AppliedRates, Fraction } from '../../src/commissions/types.ts';
import { formatDecimal, parseDecimal, rescale } from '../../src/kernel/decimal.ts';
import { usd } from '../ledger/support.ts';
import { percentages } from '../support/commission-story.ts';
import { periodIn, planWith } from './period-plans.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FRAME = { currency: 'USD', rateAgeMsMax: 5 * DAY_MS, rateDigits: 6 };
const everything = percentages('100');

const refusalsOf = (model: object, more: object = {}) =>
  checkDefinition(
    PlanDefinition.parse({
      currency: 'USD',
      components: [],
      periods: [{ name: 'one', model, levels: everything, ...more }],
    }),
  ).map(({ code }) => code);

const amountOf = ({ numerator, denominator }: Fraction): string => {
  expect(numerator % denominator).toBe(0n);
  return formatDecimal({ coefficient: numerator / denominator, scale: 6 }, 2);
};
const moneyOf = (units: bigint): string => formatDecimal({ coefficient: units, scale: 6 }, 2);

const line = (part: PeriodPart, amount: string, more: Partial<PeriodLine> = {}): PeriodLine => ({
  part,
  amount,
  currency: 'USD',
  items: 1,
  ...more,
});

const rates = (ageMs: number, rate = '1.25'): AppliedRates => ({
  from: 'EUR',
  to: 'USD',
  rows: [{ key: '1', rate, base: 'EUR', quote: 'USD', source: 'ecb', at: '2026-03-10T15:00:00.000Z', ageMs }],
});

/** What a period comes to: the amount, and what the next one begins with; or the code for which it waits. */
function comesTo(period: CompiledPeriod, lines: readonly PeriodLine[], carried = '0') {
  if (period.model.over !== 'period') throw new Error('a model of periods is needed');
  const judged = judgePeriod(
    { model: period.model, part: period.part },
    { lines, carriedUnits: rescale(parseDecimal(carried), 6) ?? 0n },
    FRAME,
  );
  if (typeof judged === 'string') return judged;
  const carriedOn = moneyOf(judged.carriedUnits);
  return judged.earning === undefined
    ? { earns: judged.reason, carriedOn }
    : { earns: amountOf(judged.earning), carriedOn };
}

const MONTH_OF_THE_SPECIFICATION = [
  line('spread', '1840'),
  line('commission', '620'),
  line('rebates', '210'),
  line('bonuses', '150'),
  line('psp_fees', '96.50'),
];

describe('Net revenue of a period', () => {
  const netRevenue = { kind: 'net_revenue', period: 'month', share: '30' };

  it.each([
    ['(1840 + 620 - 210 - 150 - 96.50) x 30 % = 601.05', MONTH_OF_THE_SPECIFICATION, '601.05'],
    ['a chargeback of 400 is taken away too', [...MONTH_OF_THE_SPECIFICATION, line('chargebacks', '400')], '481.05'],
    ['what the client won counts for nothing', [...MONTH_OF_THE_SPECIFICATION, line('profit', '9000')], '601.05'],
    ['nothing above 0 earns nothing', [line('spread', '10'), line('bonuses', '10')], 'not_above_zero'],
    ['less than nothing earns nothing', [line('spread', '10'), line('bonuses', '30')], 'not_above_zero'],
    ['below the smallest amount nothing is earned', [line('spread', '0.000001')], 'below_ledger_unit'],
    [
      'other currencies by the rates of their own time: 100 EUR at 1.25',
      [line('spread', '100', { currency: 'EUR', rates: rates(HOUR_MS) })],
      '37.50',
    ],
  ])('%s', (_sentence, lines, earns) => {
    expect(comesTo(periodIn(planWith(netRevenue)), lines)).toEqual({ earns, carriedOn: '0.00' });
  });

  it('carries a period below 0 over only where the plan says so', () => {
    const carrying = periodIn(planWith({ ...netRevenue, carryOver: true }));
    expect(comesTo(carrying, [line('spread', '10'), line('bonuses', '30')])).toEqual({
      earns: 'not_above_zero',
      carriedOn: '-20.00',
    });
    expect(comesTo(carrying, [line('spread', '120')], '-20')).toEqual({ earns: '30.00', carriedOn: '0.00' });
  });

  it('counts only the parts that the plan names', () => {
    const period = periodIn(planWith({ ...netRevenue, parts: ['commission', 'rebates'] }));
    expect(comesTo(period, MONTH_OF_THE_SPECIFICATION)).toEqual({ earns: '123.00', carriedOn: '0.00' });
  });

  it('waits for a rate that is missing or too old', () => {
    const period = periodIn(planWith(netRevenue));
    const foreign = (more: Partial<PeriodLine>) => [line('spread', '1', { currency: 'EUR', ...more })];
    expect(comesTo(period, foreign({}))).toBe('commissions.rate_missing');
    expect(comesTo(period, foreign({ rates: rates(6 * DAY_MS) }))).toBe('commissions.rate_stale');
  });
});

describe('Net loss of a period', () => {
  const netLoss = { kind: 'net_loss', period: 'month', share: '25' };

  it.each([
    ['without carry-over', false, '0.00', '750.00'],
    ['with carry-over', true, '-1200.00', '450.00'],
  ])('month 1 -1200 gives 0; month 2 +3000 at 25 %% %s', (_sentence, carryOver, carriedOn, earns) => {
    const period = periodIn(planWith({ ...netLoss, carryOver }));
    expect(comesTo(period, [line('profit', '1200')])).toEqual({ earns: 'not_above_zero', carriedOn });
    expect(comesTo(period, [line('profit', '-3000')], carriedOn)).toEqual({ earns, carriedOn: '0.00' });
  });

  it('goes on carrying what a later loss does not make up for', () => {
    const period = periodIn(planWith({ ...netLoss, carryOver: true }));
    expect(comesTo(period, [line('profit', '-300')], '-1200')).toEqual({ earns: 'carried_loss', carriedOn: '-900.00' });
  });
});

describe('CPA', () => {
  const FIRST_MS = Date.UTC(2026, 2, 10, 10);
  const LADDER = [
    { deposits: '200', pays: '60' },
    { deposits: '1000', pays: '150' },
  ];
  const cpa = (more: object = {}) => ({ kind: 'cpa', tables: [{ steps: LADDER }], ...more });
  const deposit = (amount: string, afterMs = 0) => ({ atMs: FIRST_MS + afterMs, units: usd(amount).units });
  const trade = (lots: string, afterMs = 0) => ({
    atMs: FIRST_MS + afterMs,
    lots: rescale(parseDecimal(lots), 8) ?? 0n,
  });
  const facts = (words: Partial<ClientFacts>): ClientFacts => ({ country: 'DE', deposits: [], trades: [], ...words });
  /** What is paid in all, and how long after the first deposit. */
  function reached(model: object, words: Partial<ClientFacts>): [string, number][] {
    const { model: compiled } = periodIn(planWith(model));
    if (compiled.over !== 'client') throw new Error('a model of clients is needed');
    return compiled
      .progressOf(facts(words))
      .steps.flatMap(({ paysUnits, reachedAtMs }) =>
        reachedAtMs === undefined ? [] : [[moneyOf(paysUnits), reachedAtMs - FIRST_MS]],
      );
  }

  it.each<[string, object, Partial<ClientFacts>, [string, number][]]>([
    ['a deposit of 200 pays 60', cpa(), { deposits: [deposit('200')] }, [['60.00', 0]]],
    [
      'a total of 1000 pays the table 150, so 90 more',
      cpa(),
      { deposits: [deposit('200'), deposit('800', DAY_MS)] },
      [
        ['60.00', 0],
        ['150.00', DAY_MS],
      ],
    ],
    ['a deposit of 199.99 pays nothing', cpa(), { deposits: [deposit('199.99')] }, []],
    [
      'deposits within 24 hours of the first count for its gate',
      cpa({ gates: { firstDeposits: { hours: 24, atLeast: '200' } } }),
      { deposits: [deposit('150'), deposit('50', DAY_MS)] },
      [['60.00', DAY_MS]],
    ],
    [
      'deposits after 24 hours do not, whatever follows',
      cpa({ gates: { firstDeposits: { hours: 24, atLeast: '200' } } }),
      { deposits: [deposit('150'), deposit('5000', DAY_MS + 1)] },
      [],
    ],
    [
      'lots open the gate when they are reached',
      cpa({ gates: { lots: '2.00' } }),
      { deposits: [deposit('200')], trades: [trade('1.5', HOUR_MS), trade('0.5', 2 * HOUR_MS)] },
      [['60.00', 2 * HOUR_MS]],
    ],
    [
      'too few lots do not',
      cpa({ gates: { lots: '2.00' } }),
      { deposits: [deposit('200')], trades: [trade('1.99')] },
      [],
    ],
    [
      'days of trading are counted once each',
      cpa({ gates: { tradingDays: 2 } }),
      { deposits: [deposit('200')], trades: [trade('1', 1), trade('1', 2), trade('1', DAY_MS)] },
      [['60.00', DAY_MS]],
    ],
    [
      'what is not reached within the days is never paid',
      cpa({ gates: { lots: '1', withinDays: 30 } }),
      { deposits: [deposit('200')], trades: [trade('1', 31 * DAY_MS)] },
      [],
    ],
    [
      'a country has the table that names it',
      cpa({ tables: [{ countries: ['FR', 'DE'], steps: [{ deposits: '100', pays: '400' }] }, { steps: LADDER }] }),
      { deposits: [deposit('200')] },
      [['400.00', 0]],
    ],
    [
      'a country of no table has none',
      cpa({ tables: [{ countries: ['FR'], steps: LADDER }] }),
      { deposits: [deposit('200')], country: undefined },
      [],
    ],
  ])('%s', (_sentence, model, words, expected) => {
    expect(reached(model, words)).toEqual(expected);
  });

  it('says how far a client is at each gate', () => {
    const { model } = periodIn(planWith(cpa({ gates: { firstDeposits: { hours: 24, atLeast: '200' }, lots: '2' } })));
    if (model.over !== 'client') throw new Error('a model of clients is needed');
    expect(model.progressOf(facts({ deposits: [deposit('250')], trades: [trade('0.75')] })).gates).toEqual([
      { gate: 'first_deposits', needed: '200 within 24 hours', reached: '250.00', openSinceMs: FIRST_MS },
      { gate: 'lots', needed: '2', reached: '0.75', openSinceMs: undefined },
    ]);
  });

  it('refuses ladders that do not rise, amounts finer than the ledger, and levels that are amounts per lot', () => {
    const steps = (...pairs: [string, string][]) => [{ steps: pairs.map(([deposits, pays]) => ({ deposits, pays })) }];
    expect(refusalsOf(cpa({ tables: steps(['200', '60'], ['200', '90']) }))).toEqual(['commissions.ladder_not_rising']);
    expect(refusalsOf(cpa({ tables: steps(['200', '60'], ['300', '60']) }))).toEqual(['commissions.ladder_not_rising']);
    expect(refusalsOf(cpa({ tables: steps(['200', '60.1234567']) }))).toEqual(['commissions.rate_too_fine']);
    expect(refusalsOf(cpa({ gates: { lots: '0.123456789' } }))).toEqual(['commissions.rate_too_fine']);
    expect(
      refusalsOf(cpa(), { levels: { kind: 'fixed_by_level', unit: 'amount', levels: ['5'], scaling: true } }),
    ).toEqual(['commissions.amounts_need_per_lot']);
    expect(refusalsOf(cpa(), { levels: percentages('60', '50') })).toEqual(['commissions.percentages_above_100']);
    expect(checkDefinition(PlanDefinition.parse({ currency: 'USD', components: [] }))).toMatchObject([
      { code: 'commissions.plan_empty' },
    ]);
  });
});
