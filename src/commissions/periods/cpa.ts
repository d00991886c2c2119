import { z } from 'zod';
import { CountryCode } from '../../kernel/contact.ts';
import { formatDecimal, parseDecimal, rescale } from '../../kernel/decimal.ts';
import { RateText } from '../contract.ts';
import { LOT_DIGITS, type Refusal } from '../types.ts';
import type { ClientFacts, ClientProgress, Gate, LadderStep, PeriodFrame, PeriodModel } from './types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const settings = z.strictObject({
  kind: z.literal('cpa'),
  /** The first table that names the client's country, or none at all, is its table. */
  tables: z
    .array(
      z.strictObject({
        countries: z.array(CountryCode).min(1).max(300).optional(),
        /** What is paid in all once the client has deposited so much in all; each step pays what it adds. */
        steps: z
          .array(z.strictObject({ deposits: RateText, pays: RateText }))
          .min(1)
          .max(50),
      }),
    )
    .min(1)
    .max(50),
  /** All of them must be open before anything is paid. */
  gates: z
    .strictObject({
      /** So much is deposited within so many hours of the first deposit. */
      firstDeposits: z.strictObject({ hours: z.int().min(1).max(8_784), atLeast: RateText }).optional(),
      /** Lots closed, by the lot factor of the account group. */
      lots: RateText.optional(),
      /** Days (UTC) on which trades were closed. */
      tradingDays: z.int().min(1).max(366).optional(),
      /** All must be reached within so many days of the first deposit, or never. */
      withinDays: z.int().min(1).max(3_660).optional(),
    })
    .optional(),
});
type Settings = z.infer<typeof settings>;

const unitsOf = (text: string, digits: number): bigint | undefined => rescale(parseDecimal(text), digits);
const text = (units: bigint, scale: number): string => formatDecimal({ coefficient: units, scale }, 2);

/** What a running sum reached, and when it first came to what is needed. */
function reaching<Item extends { readonly atMs: number }>(
  items: readonly Item[],
  needed: bigint,
  amountOf: (item: Item) => bigint,
): { readonly reached: bigint; readonly atMs: number | undefined } {
  let reached = 0n;
  let atMs: number | undefined;
  for (const item of items) {
    reached += amountOf(item);
    if (atMs === undefined && reached >= needed) atMs = item.atMs;
  }
  return { reached, atMs };
}

/** The first trade of each day. */
function daysOf(trades: ClientFacts['trades']): { readonly atMs: number }[] {
  const days = new Map<number, { readonly atMs: number }>();
  for (const trade of trades) {
    const day = Math.floor(trade.atMs / DAY_MS);
    if (!days.has(day)) days.set(day, trade);
  }
  return [...days.values()];
}

/** The gates that a plan names, each with how far the client is. */
function gatesOf({ gates = {} }: Settings, facts: ClientFacts, digits: number): Gate[] {
  const { firstDeposits, lots, tradingDays } = gates;
  const found: Gate[] = [];
  const firstMs = facts.deposits[0]?.atMs;
  if (firstDeposits !== undefined) {
    const untilMs = (firstMs ?? 0) + firstDeposits.hours * HOUR_MS;
    const needed = unitsOf(firstDeposits.atLeast, digits) ?? 0n;
    const within = facts.deposits.filter(({ atMs }) => atMs <= untilMs);
    const { reached, atMs } = reaching(within, needed, ({ units }) => units);
    found.push({
      gate: 'first_deposits',
      needed: `${firstDeposits.atLeast} within ${firstDeposits.hours} hours`,
      reached: text(reached, digits),
      openSinceMs: atMs,
    });
  }
  if (lots !== undefined) {
    const { reached, atMs } = reaching(facts.trades, unitsOf(lots, LOT_DIGITS) ?? 0n, (trade) => trade.lots);
    found.push({ gate: 'lots', needed: lots, reached: text(reached, LOT_DIGITS), openSinceMs: atMs });
  }
  if (tradingDays !== undefined) {
    const days = daysOf(facts.trades);
    const openSinceMs = days[tradingDays - 1]?.atMs;
    found.push({ gate: 'trading_days', needed: String(tradingDays), reached: String(days.length), openSinceMs });
  }
  return found;
}

/** How far a client is: each step is reached when all gates are open and its deposits are there, within the days if a plan says so. */
function progressOf(plan: Settings, facts: ClientFacts, digits: number): ClientProgress {
  const table = plan.tables.find(
    ({ countries }) => countries === undefined || countries.some((code) => code === facts.country),
  );
  const named = plan.tables.some(({ countries }) => countries !== undefined);
  const firstMs = facts.deposits[0]?.atMs;
  const country: Gate[] = named
    ? [
        {
          gate: 'country',
          needed: 'a country of a table',
          reached: facts.country ?? 'unknown',
          openSinceMs: table === undefined ? undefined : firstMs,
        },
      ]
    : [];
  const gates = [...country, ...gatesOf(plan, facts, digits)];
  const { withinDays } = plan.gates ?? {};
  const lastMs = withinDays === undefined ? Infinity : (firstMs ?? 0) + withinDays * DAY_MS;
  const steps = (table?.steps ?? []).map(({ deposits, pays }): LadderStep => {
    const depositUnits = unitsOf(deposits, digits) ?? 0n;
    const { atMs } = reaching(facts.deposits, depositUnits, ({ units }) => units);
    const instants = [atMs, ...gates.map(({ openSinceMs }) => openSinceMs)];
    const known = instants.filter((instant) => instant !== undefined);
    const reachedAtMs = known.length === instants.length ? Math.max(...known) : undefined;
    return {
      depositUnits,
      paysUnits: unitsOf(pays, digits) ?? 0n,
      reachedAtMs: reachedAtMs !== undefined && reachedAtMs <= lastMs ? reachedAtMs : undefined,
    };
  });
  if (withinDays === undefined) return { gates, steps };
  const inTime = steps.some(({ reachedAtMs }) => reachedAtMs !== undefined);
  const limit: Gate = {
    gate: 'within_days',
    needed: `${withinDays} days of the first deposit`,
    reached: firstMs === undefined ? 'no deposit' : inTime ? 'in time' : 'not yet, or too late',
    openSinceMs: inTime ? firstMs : undefined,
  };
  return { gates: [...gates, limit], steps };
}

function refusalsOf({ tables, gates = {} }: Settings, { component, rateDigits }: PeriodFrame): Refusal[] {
  const amounts = [
    ...tables.flatMap(({ steps }) => steps.flatMap(({ deposits, pays }) => [deposits, pays])),
    ...(gates.firstDeposits === undefined ? [] : [gates.firstDeposits.atLeast]),
  ];
  const fine = amounts.find((amount) => unitsOf(amount, rateDigits) === undefined);
  if (fine !== undefined)
    return [
      { code: 'commissions.rate_too_fine', detail: `${component}: ${fine} has more than ${rateDigits} decimals` },
    ];
  if (gates.lots !== undefined && unitsOf(gates.lots, LOT_DIGITS) === undefined)
    return [
      { code: 'commissions.rate_too_fine', detail: `${component}: ${gates.lots} lots have more than 8 decimals` },
    ];
  return tables.flatMap(({ steps }, table) =>
    steps.slice(1).flatMap(({ deposits, pays }, place): Refusal[] => {
      const before = steps[place];
      const rises = (upper: string, lower = '0'): boolean =>
        (unitsOf(upper, rateDigits) ?? 0n) > (unitsOf(lower, rateDigits) ?? 0n);
      if (rises(deposits, before?.deposits) && rises(pays, before?.pays)) return [];
      return [
        {
          code: 'commissions.ladder_not_rising',
          detail: `${component}, table ${table + 1}: ${deposits} for ${pays} does not follow ${before?.deposits} for ${before?.pays}`,
        },
      ];
    }),
  );
}

/**
 * CPA: a fixed sum once per client for ever, behind gates; a ladder pays the difference on the next step (commission-models,
 * Base models). A deposit of 200 pays 60; once 1000 are deposited the table pays 150, so 90 more.
 */
export const cpa = {
  kind: 'cpa',
  settings,
  refusals: (given, frame) => refusalsOf(settings.parse(given), frame),
  compile: (given, { rateDigits }) => {
    const plan = settings.parse(given);
    const looksAtTrades = plan.gates?.lots !== undefined || plan.gates?.tradingDays !== undefined;
    return { over: 'client', looksAtTrades, progressOf: (facts) => progressOf(plan, facts, rateDigits) };
  },
} satisfies PeriodModel & { settings: z.ZodType };
