import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AskedTerms, ScheduleTerms } from '../../src/payouts/schedules/contract.ts';
import { endAfter, endsDue, endUpTo, gridOf, issuedFrom, signatureOf } from '../../src/payouts/schedules/rules.ts';
import { boundsOf, stateOf } from '../../src/payouts/accruals/rules.ts';
import { settleSum } from '../../src/payouts/statements/rules.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { termsOf } from './statement-desk.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const USD = Currency.parse('USD');

const cycles = {
  realtime: { kind: 'realtime' },
  hourly: { kind: 'hourly' },
  daily: { kind: 'daily' },
  'twice a week': { kind: 'weekly', days: ['thursday', 'monday'] },
  monthly: { kind: 'monthly', afterDays: 5 },
} as const;

describe('A schedule', () => {
  it.each([
    ['realtime', 'realtime+0', '2026-03-10T10:15', '2026-03-10T10:30'],
    ['hourly', 'hourly+0', '2026-03-10T10:00', '2026-03-10T11:00'],
    ['daily', 'daily+0', '2026-03-10T00:00', '2026-03-11T00:00'],
    ['twice a week', 'weekly:1,4+0', '2026-03-09T00:00', '2026-03-12T00:00'],
    ['monthly', 'monthly+5', '2026-03-01T00:00', '2026-04-01T00:00'],
  ] as const)('%s has periods of UTC', (name, signature, before, after) => {
    const terms = termsOf({ cycle: cycles[name] });
    expect(signatureOf(terms)).toBe(signature);
    const grid = gridOf(signature);
    expect(iso(endUpTo(grid, at('2026-03-10T10:16:59Z')))).toBe(before);
    expect(iso(endAfter(grid, at('2026-03-10T10:16:59Z')))).toBe(after);
  });

  it('realtime states what closes within 30 minutes, wherever in the quarter it closes', () => {
    const grid = gridOf('realtime+0');
    const minute = 60_000;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (closedAt) => {
        const roundMs = minute; // Settling looks after each tenant once a minute.
        expect(issuedFrom(grid, endAfter(grid, closedAt)) + roundMs - closedAt).toBeLessThanOrEqual(30 * minute);
      }),
    );
  });

  it('has ends that follow each other without a gap, as the calendar of the platform has them', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(cycles)), fc.integer({ min: -4e11, max: 4e12 }), (cycle, ms) => {
        const grid = gridOf(signatureOf(termsOf({ cycle })));
        const [start, end] = [endUpTo(grid, ms), endAfter(grid, ms)];
        expect(start <= ms && ms < end).toBe(true);
        expect(endAfter(grid, start)).toBe(end);
        expect(endUpTo(grid, end)).toBe(end);
        const date = new Date(start);
        if (cycle.kind === 'monthly') {
          expect(start).toBe(Date.UTC(new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth(), 1));
          expect(end).toBe(Date.UTC(new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth() + 1, 1));
        }
        if (cycle.kind === 'weekly') expect([1, 4]).toContain(date.getUTCDay());
      }),
    );
  });

  it('is issued days after the end of the month, or after the days of hold if they are more', () => {
    const terms = { cycle: { kind: 'monthly', afterDays: 5 } } as const;
    const issued = (words: object) =>
      iso(issuedFrom(gridOf(signatureOf(termsOf({ ...terms, ...words }))), at('2026-04-01T00:00:00Z')));
    expect(issued({})).toBe('2026-04-06T00:00');
    expect(issued({ holdDays: 14 })).toBe('2026-04-15T00:00');
  });

  it('makes up for ends that were missed, and begins with the latest where nothing was ever made', () => {
    const grid = gridOf('daily+0');
    const now = at('2026-03-10T00:00:30Z');
    const due = (done: string | null, max = 40) =>
      endsDue(grid, done === null ? null : at(done), now, max).map((end) => iso(end).slice(5, 10));
    expect(due(null)).toEqual(['03-10']);
    expect(due('2026-03-10T00:00:00Z')).toEqual([]);
    expect(due('2026-03-07T00:00:00Z')).toEqual(['03-08', '03-09', '03-10']);
    expect(due('2026-01-07T00:00:00Z', 2)).toEqual(['03-09', '03-10']);
    expect(endsDue(gridOf('monthly+5'), at('2026-02-01T00:00:00Z'), at('2026-03-05T23:59:59Z'), 40)).toEqual([]);
  });

  it.each([
    { cycle: { kind: 'weekly', days: [] } },
    { cycle: { kind: 'weekly', days: ['monday', 'monday'] } },
    { cycle: { kind: 'monthly', afterDays: -1 } },
    { cycle: { kind: 'daily' }, holdDays: 61 },
    {
      cycle: { kind: 'daily' },
      minimums: [
        { amount: '1', currency: 'USD' },
        { amount: '2', currency: 'USD' },
      ],
    },
    { cycle: { kind: 'daily' }, minimums: [{ amount: '1', currency: 'XYZ' }] },
    { cycle: { kind: 'yearly' } },
  ])('does not say %j', (terms) => expect(ScheduleTerms.safeParse(terms).success).toBe(false));
});

describe('An entry', () => {
  const bounds = boundsOf(termsOf({ holdDays: 2 }), at('2026-03-10T12:00:00Z'));
  const plain = { isPaid: false, isStated: false, isReversed: false, isDisputed: false };
  const earned = (text: string, words: object = {}, onHold = false) =>
    stateOf({ ...plain, earnedAtMs: at(text), ...words }, { ...bounds, onHold });

  it.each([
    ['pending until its period ends', '2026-03-10T00:00:00Z', {}, 'pending'],
    ['held while its days of hold are not over', '2026-03-09T23:59:59Z', {}, 'held'],
    ['held from the first instant of them', '2026-03-08T00:00:00Z', {}, 'held'],
    ['available afterwards', '2026-03-07T23:59:59Z', {}, 'available'],
    ['in a statement that tells of it', '2026-03-07T23:59:59Z', { isStated: true }, 'in_statement'],
    [
      'held while it is disputed, in a statement or not',
      '2026-03-07T23:59:59Z',
      { isStated: true, isDisputed: true },
      'held',
    ],
    [
      'paid by a run, whatever comes later',
      '2026-03-07T23:59:59Z',
      { isStated: true, isPaid: true, isReversed: true },
      'paid',
    ],
    ['reversed by a correction before it was stated', '2026-03-07T23:59:59Z', { isReversed: true }, 'reversed'],
    [
      'in its statement for ever, also when it is reversed later',
      '2026-03-07T23:59:59Z',
      { isStated: true, isReversed: true },
      'in_statement',
    ],
  ] as const)('is %s', (_rule, text, words, state) => expect(earned(text, words)).toBe(state));

  it('is held while its beneficiary is on hold, unless it is paid', () => {
    expect(earned('2026-03-10T00:00:00Z', {}, true)).toBe('held');
    expect(earned('2026-03-01T00:00:00Z', { isStated: true }, true)).toBe('held');
    expect(earned('2026-03-01T00:00:00Z', { isStated: true, isPaid: true }, true)).toBe('paid');
  });
});

describe('A sum', () => {
  it.each([
    ['ten of 0.001 pay 0.01', 10_000n, 0n, '10000 0'],
    ['less than a cent is carried', 9_999n, 0n, '0 9999'],
    ['whole cents are paid, the rest is carried', 9_632_840n, 0n, '9630000 2840'],
    ['below the minimum of 500 all is carried', 499_999_999n, 500_000_000n, '0 499999999'],
    ['at the minimum of 500 it is paid', 500_000_000n, 500_000_000n, '500000000 0'],
    ['below 0 is carried', -1_500_000n, 0n, '0 -1500000'],
  ])('%s', (_rule, total, minimum, expected) => {
    const { payableUnits, carriedUnits } = settleSum(total, USD, minimum);
    expect(`${payableUnits} ${carriedUnits}`).toBe(expected);
  });
});

describe('A minimum below 0', () => {
  const terms = { cycle: cycles.monthly, minimums: [{ amount: '-3.00', currency: USD }] };

  it('is refused where terms are asked for, and read where they were stored before', () => {
    expect(AskedTerms.safeParse(terms).success).toBe(false);
    expect(AskedTerms.parse(null)).toBeNull();
    expect(ScheduleTerms.parse(terms).minimums).toEqual(terms.minimums);
  });
});
