import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { acme } from '../../seeds/brokers.ts';
import { dealsOf } from '../../src/main/demo/feeding.ts';
import { realDeals } from '../../src/main/demo/deals.ts';
import { readOptions } from '../../src/main/demo/options.ts';
import { naiveDemo, type NaiveSums } from '../support/naive-demo.ts';
import { run as sql } from '../support/postgres-processes.ts';
import { htmlReport } from '../trading/report-files.ts';

const MT = path.resolve('../shared/data/mt');
const USD_DIGITS = 6;

type Run = { readonly code: number | null; readonly out: string; readonly err: string };
type Printed = {
  trades: number;
  paid: number;
  rebates: number;
  tradesPerSecond: number;
  perIb: { ib: string; parent: string | null; rebates: number; amount: string; currency: string }[];
  conservation: { ok: boolean; checked: number };
  traderRebates: { amount: string }[];
  house: { amount: string }[];
  earned: { amount: string }[];
  unpaid: Record<string, number>;
  parked: { code: string; count: number }[];
  feed: { duplicates: number; rejected: number };
};

vi.setConfig({ testTimeout: 120_000 }); // Processes that start servers, on machines that do other things too.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cascade-demo-spec-'));
  chmodSync(folder, 0o755); // The embedded server's account passes through it.
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The real command as a process; its scratch data can only be in our folder. */
function start(
  args: readonly string[],
  environment: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Run> } {
  const child = spawn(process.execPath, [path.resolve('bin/cascade.mjs'), path.resolve('src/main/demo.ts'), ...args], {
    env: { PATH: process.env.PATH, TMPDIR: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err }))) };
}
const onGiven = (...args: readonly string[]): Promise<Run> => start(args, { DATABASE_URL: inject('adminUrl') }).ended;
const leftovers = (): string[] => readdirSync(folder).filter((name) => name.startsWith('cascade-'));

/** The same deals by the naive engine. */
async function expected(args: readonly string[]): Promise<NaiveSums> {
  const options = readOptions(args);
  if (options === undefined) throw new Error('these arguments ask for help');
  const real = await realDeals(options);
  const seed = acme(real.accounts);
  return naiveDemo(seed, [...dealsOf(real, seed, options.trades)]);
}

function compare({ code, out, err }: Run, naive: NaiveSums): Printed {
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const printed = JSON.parse(out) as Printed;
  const nonZero = (sums: Record<string, { amount: string; rebates: number }>) =>
    Object.fromEntries(Object.entries(sums).filter(([, { rebates }]) => rebates > 0));
  expect(
    nonZero(Object.fromEntries(printed.perIb.map(({ ib, amount, rebates }) => [ib, { amount, rebates }]))),
  ).toEqual(
    Object.fromEntries(
      Object.entries(naive.byIb).map(([ib, { units, rebates }]) => [ib, { amount: text(units), rebates }]),
    ),
  );
  expect(printed).toMatchObject({
    trades: naive.trades,
    rebates: naive.rebates,
    unpaid: naive.unpaid,
    conservation: { ok: true, checked: naive.trades },
  });
  expect(Object.fromEntries(printed.parked.map(({ code: parked, count }) => [parked, count]))).toEqual(naive.parked);
  const sums = (each: { amount: string }[]): string[] => each.map(({ amount }) => amount);
  const unlessNone = (units: bigint): string[] => (units === 0n ? [] : [text(units)]);
  expect([sums(printed.traderRebates), sums(printed.house), sums(printed.earned)]).toEqual([
    unlessNone(naive.traders),
    unlessNone(naive.house),
    unlessNone(naive.earned),
  ]);
  return printed;
}

/** Ledger units of USD as an amount: at least two decimals, no zeros beyond them. */
function text(units: bigint): string {
  const digits = units.toString().padStart(USD_DIGITS + 1, '0');
  return `${digits.slice(0, -USD_DIGITS)}.${digits.slice(-USD_DIGITS).replace(/0{1,4}$/, '')}`;
}

describe('The demo', () => {
  it('comes to the figures of the naive engine for 300 trades, says so as one object, and leaves nothing behind', async () => {
    const args = ['--trades', '300', '--json'];
    const [run, naive] = await Promise.all([start(args).ended, expected(args)]);
    const printed = compare(run, naive);
    expect(printed.trades).toBe(300);
    expect(printed.tradesPerSecond).toBeGreaterThan(0);
    expect(printed.perIb[0]).toMatchObject({ ib: 'Maria', parent: null, currency: 'USD' });
    expect(leftovers()).toEqual([]);
  });

  it('uses the database that it is given, and drops what it made there', async () => {
    const args = ['--trades', '700', '--json'];
    compare(await onGiven(...args), await expected(args));
    const left = `select (select count(*)::int from pg_database where datname like 'demo%') + (select count(*)::int from pg_roles where rolname like 'demo%') as left`;
    expect(await sql(inject('adminUrl'), left)).toEqual({ left: 0 });
  });

  it('takes any report: symbols and accounts that it never saw get a meaning, which it tells', async () => {
    const cells = (...[time, deal, symbol, type, direction, volume, price, order]: string[]): string[] =>
      [time, deal, symbol, type, direction, volume, price, order, '0.00', '0.00', '0.00', '', ''].map(
        (cell) => cell ?? '',
      );
    const heading = [
      'Time',
      'Deal',
      'Symbol',
      'Type',
      'Direction',
      'Volume',
      'Price',
      'Order',
      'Commission',
      'Swap',
      'Profit',
      'Balance',
      'Comment',
    ];
    const rows = [
      cells('2015.03.02 10:00:00', '501', 'EURUSD.r', 'buy', 'in', '0.37', '1.11850', '601'),
      cells('2015.03.02 10:00:40', '502', 'GOLD#', 'sell', 'in', '1.20', '1207.31', '602'),
      cells('2015.03.02 10:05:00', '503', 'EURUSD.r', 'sell', 'out', '0.12', '1.11900', '603'),
      cells('2015.03.02 10:05:01', '504', 'GOLD#', 'buy', 'out', '1.20', '1206.80', '604'),
      cells('2015.03.02 11:00:00', '505', 'US500', 'buy', 'in', '3.00', '2105.1', '605'),
      cells('2015.03.02 11:00:30', '506', 'US500', 'sell', 'out', '3.00', '2105.9', '606'),
      cells('2015.03.03 09:00:00', '507', 'EURUSD.r', 'sell', 'out', '0.25', '1.11700', '607'),
      cells('2015.03.03 09:10:00', '508', 'USDJPY.r', 'sell', 'out', '1.00', '119.70', '608'),
    ];
    const file = path.join(folder, 'report.html');
    writeFileSync(file, htmlReport('900205 (EUR, Somebody-Live, real, Hedge)', [heading, ...rows]));
    const args = ['--trades', '0', '--file', file];
    const naive = await expected([...args, '--json']);
    expect(naive).toMatchObject({
      trades: 5,
      unpaid: { below_minimum_time: 1 },
      parked: { 'commissions.open_unknown': 1 },
    });
    // By hand: 0.12 and 0.25 of EURUSD at 8 and 1.20 of gold at 12 earn 0.96 + 2.00 + 14.40.
    expect(text(naive.earned)).toBe('17.36');
    const printed = compare(await onGiven(...args, '--json'), naive);
    expect(printed.perIb.find(({ ib }) => ib === 'Kim')).toMatchObject({ amount: '4.396' }); // 70 % of 4.00 a lot x 1.57.
    const told = await onGiven(...args);
    expect(told).toMatchObject({ code: 0, err: '' });
    for (const part of [
      'EURUSD.r is EURUSD of the group fx',
      'GOLD# is GOLD of the group metals',
      'US500 is US500 of the group others',
      '1 parked, commissions.open_unknown: deal 508',
      'Proof',
    ])
      expect(told.out).toContain(part);
  });

  it('ends with a sentence and exit code 1 for whatever is wrong, and prints no result', async () => {
    const empty = path.join(folder, 'empty.html');
    writeFileSync(empty, '');
    const csv = path.join(folder, 'deals.csv');
    writeFileSync(csv, 'ticket,time,type,entry,volume,price,symbol,position_id\n1,1782139578,0,0,1.0,1.1,EURUSD,1\n');
    for (const [args, said] of [
      [['--trades', '-1'], /^demo\.usage: .*whole number/],
      [['--trades', '1e3'], /^demo\.usage: /],
      [['--trades'], /^demo\.usage: /],
      [['--nonsense'], /^demo\.usage: .*--nonsense/],
      [['more'], /^demo\.usage: /],
      [['--file', path.join(folder, 'absent.html')], /^demo\.file_unreadable: .*absent\.html/],
      [['--file', folder], /^demo\.file_unreadable: /],
      [['--file', empty], /^trading\.report_foreign: /],
      [['--file', csv], /^trading\.report_login_needed: /],
      [['--file', csv, '--login', 'x'], /^demo\.usage: /],
    ] as const) {
      const run = await onGiven(...args);
      expect(run).toMatchObject({ code: 1, out: '', err: expect.stringMatching(said) as string });
    }
    const nobody = await start([], { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/postgres' }).ended;
    expect(nobody).toMatchObject({ code: 1, err: expect.stringMatching(/^\w+\.\w+: [^\n]+\n$/) as string });
    expect(await start(['--help']).ended).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('--trades <n>') as string,
    });
  });

  it('stopped on its way removes its data and tells so by its exit code', async () => {
    const { child, ended } = start(['--trades', '200000']);
    await new Promise<void>((resolve) =>
      child.stdout?.on('data', (bytes: Buffer) => void (bytes.includes('3  Real') && resolve())),
    );
    child.kill('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      err: expect.stringContaining('scratch data are removed') as string,
    });
    expect(leftovers()).toEqual([]);
  });

  it('ends in order when nobody reads its words any more', async () => {
    const { child, ended } = start(['--trades', '300']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toMatchObject({ code: 141 });
    expect(leftovers()).toEqual([]);
  });
});

describe.skipIf(!existsSync(MT))('The demo on reports from elsewhere', () => {
  it.each([
    ['mt5_report_hedging_2016.html', []],
    ['mt5_report_history_hedging_2022.xlsx', []],
    ['mt5_history_deals_2026.csv', ['--login', '900103']],
  ] as const)('comes to the figures of the naive engine for %s', async (name, more) => {
    expect(readFileSync(path.join(MT, name)).length).toBeGreaterThan(0);
    const args = ['--trades', '0', '--file', path.join(MT, name), ...more, '--json'];
    const naive = await expected(args);
    expect(naive.trades).toBeGreaterThan(0);
    compare(await onGiven(...args), naive);
  });
});
