import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { FIXTURE_ACCOUNTS, type RealAccounts } from '../../../seeds/brokers.ts';
import { DEMO_SYMBOLS } from '../../../seeds/market.ts';
import { Currency } from '../../kernel/currency.ts';
import { closesVolume, type RawDeal, readMt5Report, translateDeal } from '../../trading/index.ts';
import { demoProblem } from './errors.ts';
import type { DemoOptions } from './options.ts';
import { assumeSymbol, type SeenSymbol } from './symbols.ts';

/** Deals that really happened, and who made them. */
export type RealDeals = {
  /** Where they come from, for people. */
  readonly origin: string;
  readonly deals: readonly RawDeal[];
  readonly trades: number;
  readonly accounts: RealAccounts;
  /** What a file does not say and was assumed, a sentence each. */
  readonly assumed: readonly string[];
};

const USD = Currency.parse('USD');
const DAY_MS = 86_400_000;
const fixture = new URL('../../../seeds/feed-fixture.ndjson', import.meta.url);
const FixtureLine = z.object({
  type: z.literal('deal.add'),
  deal: z.custom<RawDeal>((value) => typeof value === 'object'),
});

/** The deals of the built-in fixture, or of the report file that was asked for. */
export const realDeals = ({ file, login }: DemoOptions): Promise<RealDeals> =>
  file === undefined ? fixtureDeals() : reportDeals(file, login);

async function fixtureDeals(): Promise<RealDeals> {
  const lines = (await readFile(fixture, 'utf8')).split('\n').filter((line) => line !== '');
  const deals = lines.map((line) => FixtureLine.parse(JSON.parse(line)).deal);
  return { origin: 'three real MT5 accounts', deals, trades: tradesIn(deals), accounts: FIXTURE_ACCOUNTS, assumed: [] };
}

async function reportDeals(file: string, login: string | undefined): Promise<RealDeals> {
  const report = await readMt5Report(await bytesOf(file), login === undefined ? {} : { login });
  const { deals } = report;
  const told = Currency.safeParse(report.currency);
  const known = new Set(DEMO_SYMBOLS.map(({ rawName }) => rawName));
  const symbols = symbolsIn(deals)
    .filter(({ rawName }) => !known.has(rawName))
    .map(assumeSymbol);
  const assumed = [
    `the server's clock follows New York + 7 hours, as most do`,
    ...(told.success ? [] : [`the account ${report.login} is in USD`]),
    ...symbols.map(
      ({ rawName, symbol, symbolGroup, contractSize, digits }) =>
        `${rawName} is ${symbol} of the group ${symbolGroup}, contract ${contractSize}, ${digits} digits`,
    ),
  ];
  const earliestMs = Math.min(...deals.map(serverMsOf));
  const accounts: RealAccounts = {
    logins: [BigInt(report.login)],
    currency: told.success ? told.data : USD,
    symbols,
    since: new Date(Math.max(0, earliestMs - DAY_MS)),
  };
  return { origin: `${path.basename(file)} (${report.kind})`, deals, trades: tradesIn(deals), accounts, assumed };
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it is no file';
    throw demoProblem('demo.file_unreadable', { detail: `${file} (${reason})`, cause: error });
  }
}

/** Closed volume of a deal, in 1e-8 lot, with whose it is; undefined where it closes nothing. */
export function tradeOf(
  raw: RawDeal,
): { readonly ticket: bigint; readonly login: bigint; readonly closedVolume: bigint } | undefined {
  const read = translateDeal(raw);
  return read.ok && closesVolume(read.value) ? read.value : undefined;
}

const tradesIn = (deals: readonly RawDeal[]): number => deals.filter((deal) => tradeOf(deal) !== undefined).length;

function serverMsOf(raw: RawDeal): number {
  const read = translateDeal(raw);
  return read.ok ? read.value.serverTimeMs : Infinity;
}

/** The numbers of the server that are taken: generated tickets, orders and positions start above them. */
export function highestNumber(deals: readonly RawDeal[]): bigint {
  let highest = 0n;
  for (const raw of deals) {
    const read = translateDeal(raw);
    if (!read.ok) continue;
    for (const number of [read.value.ticket, read.value.order, read.value.positionId])
      if (number > highest) highest = number;
  }
  return highest;
}

function symbolsIn(deals: readonly RawDeal[]): SeenSymbol[] {
  const seen = new Map<string, SeenSymbol>();
  for (const raw of deals) {
    const read = translateDeal(raw);
    if (!read.ok || read.value.entry === undefined) continue;
    const { symbol: rawName, price = '', contractSize } = read.value;
    const digits = Math.max(price.split('.')[1]?.length ?? 0, seen.get(rawName)?.digits ?? 0);
    seen.set(rawName, { rawName, digits, contractSize: seen.get(rawName)?.contractSize ?? contractSize });
  }
  return [...seen.values()];
}
