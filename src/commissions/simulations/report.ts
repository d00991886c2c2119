import { ibIdsOf, ibNames } from '../../ib/index.ts';
import { tradeIdOf } from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import { csvLine } from '../../platform/csv.ts';
import type { Json, RunningTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { bothShown, extremesOf, marginOf, type Tally, totalsOf } from './rules.ts';
import type { Line, MonthSum } from './types.ts';

const ROWS_PER_PIECE = 1_000;
const EXTREMES = 10;
const MONTHS_TOLD_MAX = 60;
const REASONS_TOLD_MAX = 100;

type Named = (line: Line) => { readonly id: string; readonly name: string };

const shownSum = (sum: MonthSum) => {
  const { month, currency, trades, earned, ibs, clients, house, revenue } = sum;
  return {
    month,
    currency,
    trades,
    earned: bothShown(earned, currency),
    ibs: bothShown(ibs, currency),
    clients: bothShown(clients, currency),
    house: bothShown(house, currency),
    revenue: formatAmount({ units: revenue, currency }),
    margin: bothShown(marginOf(sum), currency),
  };
};

const shownLine = (line: Line, named: Named) => ({
  ...named(line),
  month: line.month,
  currency: line.currency,
  ...bothShown(line, line.currency),
});

/** How IBs are called: by their ids and names, a thousand at a time. */
async function namesOf(tx: TenantTx, lines: readonly Line[]): Promise<Named> {
  const keys = [...new Set(lines.map(({ name }) => Number(name)))];
  const [ids, names] = [new Map<number, string>(), new Map<number, string>()];
  for (let from = 0; from < keys.length; from += ROWS_PER_PIECE) {
    const some = keys.slice(from, from + ROWS_PER_PIECE);
    for (const [key, id] of await ibIdsOf(tx, some)) ids.set(key, id);
    for (const [key, name] of await ibNames(tx, some)) names.set(key, name);
  }
  return ({ name }) => ({ id: ids.get(Number(name)) ?? '', name: names.get(Number(name)) ?? '' });
}

const asItIs: Named = ({ name }) => ({ id: name, name });

/** What a simulation came to: small in the row of its task, everything in its files. */
export async function report(
  task: RunningTask<never>,
  tally: Tally,
  about: { readonly [word: string]: Json },
): Promise<Json> {
  const lines = { ibs: tally.lines('ib'), levels: tally.lines('level'), symbols: tally.lines('symbol') };
  const months = tally.months();
  const { winners, losers } = extremesOf(lines.ibs, EXTREMES);
  const named = await task.read((tx) => namesOf(tx, lines.ibs));
  const names = { ibs: named, levels: asItIs, symbols: asItIs };
  const result = {
    ...about,
    trades: tally.trades,
    changed: tally.changed,
    totals: totalsOf(months).map(shownSum),
    months: months.slice(0, MONTHS_TOLD_MAX).map(shownSum),
    winners: winners.map((line) => shownLine(line, named)),
    losers: losers.map((line) => shownLine(line, named)),
    reasons: tally.reasons().slice(0, REASONS_TOLD_MAX),
    breaches: tally.breaches,
    revenueUntold: tally.revenueUntold,
  };
  const writer = new Writer(task, tally.trades);
  await writer.rows('months.csv', [MONTH_CELLS], months.map(monthCells));
  for (const [file, rows] of Object.entries(lines) as [keyof typeof lines, Line[]][])
    await writer.rows(
      `${file}.csv`,
      [[...(file === 'ibs' ? ['ib', 'name'] : [file.slice(0, -1)]), ...LINE_CELLS]],
      rows.map((line) => lineCells(line, file === 'ibs' ? named : undefined)),
    );
  await writer.rows(
    'reasons.csv',
    [['reason', 'live', 'assumed']],
    tally.reasons().map(({ reason, live, assumed }) => [reason, live, assumed]),
  );
  const breaching = tally.breachingDeals.map(({ dealKey, symbol, closedAtMs }) => [
    tradeIdOf(dealKey),
    symbol,
    new Date(closedAtMs).toISOString(),
  ]);
  await writer.rows('breaches.csv', [['trade', 'symbol', 'closedAt']], breaching);
  await writer.json('simulation.json', result, lines, names);
  return result;
}

const LINE_CELLS = ['month', 'currency', 'live', 'assumed', 'change'];
const BOTH = ['live', 'assumed', 'change'] as const;
const MONTH_CELLS = [
  'month',
  'currency',
  'trades',
  ...['earned', 'ibs', 'clients', 'house'].flatMap((name) => BOTH.map((which) => `${name} ${which}`)),
  'revenue',
  ...BOTH.map((which) => `margin ${which}`),
];

function monthCells(sum: MonthSum): (string | number)[] {
  const { month, currency, trades, revenue, margin, ...parts } = shownSum(sum);
  const cells = [parts.earned, parts.ibs, parts.clients, parts.house].flatMap((both) =>
    BOTH.map((which) => both[which]),
  );
  return [month, currency, trades, ...cells, revenue, ...BOTH.map((which) => margin[which])];
}

function lineCells(line: Line, named: Named | undefined): string[] {
  const { month, currency } = line;
  const both = bothShown(line, currency);
  const called = named === undefined ? [line.name] : Object.values(named(line));
  return [...called, month, currency, ...BOTH.map((which) => both[which])];
}

/** Writes files a piece at a time, each in a page of the task. */
class Writer {
  readonly #task: RunningTask<never>;
  readonly #done: number;

  constructor(task: RunningTask<never>, done: number) {
    this.#task = task;
    this.#done = done;
  }

  rows(file: string, head: readonly string[][], rows: readonly (string | number)[][]): Promise<void> {
    return this.#pieces(
      file,
      [...head, ...rows].map((row) => csvLine(row)),
    );
  }

  /** The whole as one object: the result, and every line of IBs, levels and symbols. */
  async json(
    file: string,
    result: object,
    lines: Readonly<Record<'ibs' | 'levels' | 'symbols', readonly Line[]>>,
    names: Readonly<Record<'ibs' | 'levels' | 'symbols', Named>>,
  ): Promise<void> {
    await this.#pieces(file, [`{"result":${JSON.stringify(result)}`]);
    for (const list of ['ibs', 'levels', 'symbols'] as const) {
      const items = lines[list].map(
        (line, place) => `${place === 0 ? '' : ','}\n${JSON.stringify(shownLine(line, names[list]))}`,
      );
      await this.#pieces(file, [`,\n"${list}":[`, ...items, ']']);
    }
    await this.#pieces(file, ['}\n']);
  }

  async #pieces(file: string, texts: readonly string[]): Promise<void> {
    for (let from = 0; from < texts.length; from += ROWS_PER_PIECE) {
      const piece = texts.slice(from, from + ROWS_PER_PIECE).join('');
      await this.#task.page(async (tx) => {
        await this.#task.write(tx, file, piece);
        return { done: this.#done };
      });
    }
  }
}
