import type { TradeInput } from '../engine/types.ts';
import { naiveEngine } from '../naive/engine.ts';
import { type NaiveBook, naiveTerms, naiveVersion } from '../naive/lookup.ts';
import type { NaiveFacts, NaiveTerm } from '../naive/types.ts';
import type { BookedOutcome } from '../replay/types.ts';

/** What the naive engine needs of a booked trade: what the engine was given, and as of which count of changes. */
export type ProvenTrade = {
  readonly input: TradeInput;
  readonly lotFactor: string;
  readonly change: bigint;
  /** What a re-run named in place of what held: a version, rates of IBs. */
  readonly terms?:
    | {
        readonly versionKey?: number | undefined;
        readonly rates?: readonly { readonly ibKey: number; readonly terms: NaiveTerm[] }[] | undefined;
      }
    | undefined;
};

const LOT_DECIMALS = 8;
const KINDS: Readonly<Record<number, string>> = { 1: 'ib', 2: 'client', 3: 'house' };

/** 10^-8 lot as lots. */
function lotsText(lots: bigint): string {
  const digits = lots.toString().padStart(LOT_DECIMALS + 1, '0');
  return `${digits.slice(0, -LOT_DECIMALS)}.${digits.slice(-LOT_DECIMALS)}`;
}

/** A trade in plain words, its plan and agreements looked up anew. */
function plainly(book: NaiveBook, { input, lotFactor, change, terms }: ProvenTrade) {
  const { chain, closedAtMs, asOfMs = closedAtMs } = input;
  const version =
    terms?.versionKey === undefined
      ? naiveVersion(
          book,
          chain.map(({ ibKey }) => ibKey),
          asOfMs,
          change,
        )
      : book.versions.find(({ key }) => key === terms.versionKey);
  const { clientKey, symbol, symbolGroup, accountGroup, openedAtMs, timesHaveMs, execution } = input;
  const facts: NaiveFacts = {
    clientKey,
    lots: lotsText(input.lots),
    lotFactor,
    symbol,
    symbolGroup,
    accountGroup,
    openedAtMs,
    closedAtMs,
    timesHaveMs,
    execution: execution as NaiveFacts['execution'],
    saw: input.standing,
    plan: version?.definition,
    chain: chain.map(({ ibKey, status }, depth) => ({
      ibKey,
      status,
      terms:
        version &&
        (terms?.rates?.find((named) => named.ibKey === ibKey)?.terms ??
          naiveTerms(book, { ibKey, depth, clientKey, accountGroup, planKey: version.planKey }, asOfMs, change)),
    })),
  };
  return { facts, versionKey: version?.key ?? null };
}

/**
 * Where the naive engine comes to something else than what is stored, as a sentence; undefined where it comes to the same: plan
 * version, earning, every rebate, and why nothing was paid.
 */
export function naiveDifference(stored: BookedOutcome, book: NaiveBook, trade: ProvenTrade): string | undefined {
  const { facts, versionKey } = plainly(book, trade);
  if (versionKey !== stored.planVersionKey)
    return `plan version: stored ${stored.planVersionKey}, the naive engine has ${versionKey}`;
  const outcome = naiveEngine(facts);
  if (outcome.kind === 'parked') return `the naive engine would park it as ${outcome.code}`;
  const said = outcome.kind === 'unpaid' ? outcome.reason : undefined;
  const kept = stored.reasons.find(({ component }) => component === -1)?.reason;
  if (said !== kept) return `reason: stored ${kept ?? 'none'}, the naive engine has ${said ?? 'none'}`;
  const earned = outcome.kind === 'booked' ? outcome.earningUnits : 0n;
  if (earned !== stored.earningUnits)
    return `earned units: stored ${stored.earningUnits}, the naive engine has ${earned}`;
  const before = inWords(stored.rebates.map((rebate) => ({ ...rebate, kind: KINDS[rebate.kind] ?? '' })));
  const again = inWords(outcome.kind === 'booked' ? outcome.rebates : []);
  return before === again ? undefined : `rebates: stored ${before}, the naive engine has ${again}`;
}

const inWords = (rebates: readonly { component: number; kind: string; beneficiary: number; units: bigint }[]): string =>
  rebates
    .map(({ component, kind, beneficiary, units }) => `${component}/${kind}/${beneficiary}=${units}`)
    .toSorted()
    .join(' ');
