import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/kernel/problem.ts';
import { readMt5Report } from '../../src/trading/index.ts';
import { htmlReport, workbook } from './report-files.ts';

const ACCOUNT = '900200 (USD, 1:100, Broker-Live, real, Hedge)';
const HEADINGS = [
  'Time',
  'Deal',
  'Symbol',
  'Type',
  'Direction',
  'Volume',
  'Price',
  'Order',
  'Commission',
  'Fee',
  'Swap',
  'Profit',
  'Balance',
  'Comment',
];

/** One position of a hedging account that is opened by one deal and closed by another, at seconds after midnight. */
type Round = {
  readonly symbol: string;
  readonly isBuy: boolean;
  readonly lots: string;
  readonly opensAt: number;
  readonly closesAt: number;
};

const time = (second: number): string =>
  new Date(Date.UTC(2026, 2, 2, 0, 0, second)).toISOString().slice(0, 19).replaceAll('-', '.').replace('T', ' ');
const side = (isBuy: boolean): string => (isBuy ? 'buy' : 'sell');
const price = (second: number): string => `1.${String(10_000 + second)}`;
const orderOf = (index: number, isClose: boolean): string => String(1000 + 2 * index + (isClose ? 1 : 0));

/** Rounds with times that all differ, so that a row of the positions names one deal. */
const rounds = fc.uniqueArray(fc.integer({ min: 1, max: 80_000 }), { minLength: 2, maxLength: 60 }).chain((times) => {
  const pairs = times.slice(0, times.length - (times.length % 2));
  const half = pairs.length / 2;
  return fc
    .array(
      fc.record({
        symbol: fc.constantFrom('EURUSD', 'XAUUSD'),
        isBuy: fc.boolean(),
        lots: fc.constantFrom('0.01', '1.00'),
      }),
      { minLength: half, maxLength: half },
    )
    .map((kinds) =>
      kinds.map((kind, index): Round => {
        const [one = 0, two = 0] = pairs.slice(2 * index, 2 * index + 2);
        return { ...kind, opensAt: Math.min(one, two), closesAt: Math.max(one, two) };
      }),
    );
});

function dealRows(of: readonly Round[]): string[][] {
  const deals = of.flatMap((round, index) => [
    { at: round.opensAt, round, index, isClose: false },
    { at: round.closesAt, round, index, isClose: true },
  ]);
  const rows = deals
    .toSorted((left, right) => left.at - right.at)
    .map(({ at, round, index, isClose }, number) => [
      time(at),
      String(1 + number),
      round.symbol,
      side(round.isBuy !== isClose),
      isClose ? 'out' : 'in',
      round.lots,
      price(at),
      orderOf(index, isClose),
      '0.00',
      '0.00',
      '0.00',
      '0.00',
      '0.00',
      '',
    ]);
  return [HEADINGS, ...rows];
}

const positionRows = (of: readonly Round[]): string[][] =>
  of.map(({ symbol, isBuy, lots, opensAt, closesAt }, index) => [
    time(opensAt),
    orderOf(index, false),
    symbol,
    side(isBuy),
    lots,
    price(opensAt),
    '',
    '',
    time(closesAt),
    price(closesAt),
    '0.00',
    '0.00',
    '0.00',
  ]);

const idsOf = async (bytes: Uint8Array): Promise<Map<unknown, unknown>> => {
  const { deals } = await readMt5Report(bytes);
  return new Map(deals.map(({ Order, PositionID }) => [Order, PositionID]));
};

describe('the positions of a report', () => {
  it('are found for every deal where the file has the table of positions', () =>
    fc.assert(
      fc.asyncProperty(rounds, async (of) => {
        const ids = await idsOf(htmlReport(ACCOUNT, dealRows(of), positionRows(of)));
        const expected = of.flatMap((_round, index) =>
          [false, true].map((isClose) => [orderOf(index, isClose), orderOf(index, false)] as const),
        );
        expect(ids).toEqual(
          new Map(
            expected.toSorted(([left], [right]) => [...ids.keys()].indexOf(left) - [...ids.keys()].indexOf(right)),
          ),
        );
      }),
      { seed: 17, numRuns: 200 },
    ));

  it('are derived possible ones where it has not: same symbol, other side, opened before, closed no further than opened', () =>
    fc.assert(
      fc.asyncProperty(rounds, async (of) => {
        const ids = await idsOf(htmlReport(ACCOUNT, dealRows(of)));
        const closed = new Map<unknown, number>();
        for (const [index, round] of of.entries()) {
          const id = ids.get(orderOf(index, true));
          const opened = of[(Number(id) - 1000) / 2];
          expect(opened).toMatchObject({ symbol: round.symbol, isBuy: round.isBuy });
          expect(opened?.opensAt).toBeLessThan(round.closesAt);
          closed.set(id, (closed.get(id) ?? 0) + Number(round.lots));
          expect(closed.get(id)).toBeLessThanOrEqual(Number(opened?.lots));
        }
      }),
      { seed: 18, numRuns: 200 },
    ));

  it('are left out where the open is not in the file', async () => {
    const of: Round[] = [{ symbol: 'EURUSD', isBuy: true, lots: '1.00', opensAt: 5, closesAt: 10 }];
    const [headings = [], , close = []] = dealRows(of);
    expect(await idsOf(htmlReport(ACCOUNT, [headings, close]))).toEqual(new Map([['1001', undefined]]));
    expect(await idsOf(htmlReport(ACCOUNT, [headings, close], positionRows(of)))).toEqual(new Map([['1001', '1000']]));
  });

  it('of a close by: each of the two deals closes its own', async () => {
    const of: Round[] = [
      { symbol: 'EURUSD', isBuy: true, lots: '1.00', opensAt: 5, closesAt: 10 },
      { symbol: 'EURUSD', isBuy: false, lots: '1.00', opensAt: 6, closesAt: 11 },
    ];
    const rows = dealRows(of).map((row) => row.map((text) => (text === 'out' ? 'out by' : text)));
    expect(await idsOf(htmlReport(ACCOUNT, rows))).toEqual(
      new Map([
        ['1000', '1000'],
        ['1002', '1002'],
        ['1001', '1000'],
        ['1003', '1002'],
      ]),
    );
  });
});

describe('a damaged report', () => {
  const whole = dealRows([{ symbol: 'EURUSD', isBuy: true, lots: '1.00', opensAt: 5, closesAt: 10 }]);
  it.each([
    ['HTML', htmlReport(ACCOUNT, whole)],
    ['a workbook', workbook(ACCOUNT, whole)],
  ])('%s with spoilt bytes is read or refused, and never anything else', (_name, bytes) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }),
        async (spots) => {
          const spoilt = Buffer.from(bytes);
          for (const [at, byte] of spots) spoilt[at] = byte;
          const verdict = await readMt5Report(spoilt, { login: '1' }).then(
            () => 'read',
            (reason: unknown) => (reason instanceof Problem ? 'refused' : reason),
          );
          expect(['read', 'refused']).toContain(verdict);
        },
      ),
      { seed: 19, numRuns: 400 },
    ),
  );
});
