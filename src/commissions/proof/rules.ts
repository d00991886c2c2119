import type { TradeInput } from '../engine/types.ts';
import { naiveEngine } from '../naive/engine.ts';
import { type NaiveBook, naiveTerms, naiveVersion } from '../naive/lookup.ts';
import { type Fraction, over, read, round, times, inUnits } from '../naive/fractions.ts';
import { naiveAward, naiveCpa, naivePeriod } from '../naive/periods.ts';
import type { NaiveFacts, NaiveLink, NaivePeriod, NaivePlan, NaiveTerm } from '../naive/types.ts';
import type { BookedOutcome } from '../replay/types.ts';
import type { AwardInputs } from '../settlements/contract.ts';

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

type AwardPart = {
  readonly kind: number;
  readonly beneficiary: number;
  readonly depth: number;
  readonly units: bigint;
};

/** An award as it is stored, with what it was computed from. */
export type ProvenAward = {
  readonly versionKey: number;
  /** Its place behind the components that pay by the trade. */
  readonly component: number;
  readonly clientKey: number;
  readonly units: bigint;
  readonly parts: readonly AwardPart[];
  readonly inputs: AwardInputs;
  /** UTC, ms, of the deposits in `inputs`. */
  readonly depositedAtMs: readonly number[];
  readonly chain: readonly { readonly ibKey: number; readonly status: NaiveLink['status'] }[];
  readonly atMs: number;
  readonly change: bigint;
};

const KIND_OF: Readonly<Record<string, number>> = { ib: 1, client: 2 };

/** Where the naive engine comes to another award, as a sentence; undefined where it comes to the same sum and the same parts. */
export function naiveAwardDifference(award: ProvenAward, book: NaiveBook): string | undefined {
  const { inputs, clientKey, chain, atMs, change } = award;
  const version = book.versions.find(({ key }) => key === award.versionKey);
  const period = version?.definition.periods?.[award.component - version.definition.components.length];
  if (version === undefined || period === undefined) return 'the plan has no such component';
  const earning = earnedBy(period, award, version.definition);
  if (typeof earning === 'string') return `the naive engine: ${earning}`;
  const links = chain.map(({ ibKey, status }, depth): NaiveLink => {
    const of = { ibKey, depth, clientKey, accountGroup: '', planKey: version.planKey };
    return { ibKey, status, terms: naiveTerms(book, of, atMs, change) };
  });
  const isPaid = earning !== undefined && links.length > 0;
  const shares = isPaid ? naiveAward(period, links, clientKey, earning) : [];
  const before = inputs.over === 'period' ? inputs.before : { units: '0', parts: [] };
  const units = (isPaid ? round(earning) : 0n) - BigInt(before.units);
  if (units !== award.units) return `the award is ${award.units} units, the naive engine has ${units}`;
  const sums = new Map<string, bigint>();
  const add = (kind: number | undefined, beneficiary: number, more: bigint): void =>
    void sums.set(`${kind}/${beneficiary}`, (sums.get(`${kind}/${beneficiary}`) ?? 0n) + more);
  for (const { kind, beneficiary, units: more } of shares) add(KIND_OF[kind], beneficiary, more);
  for (const { kind, beneficiary, units: less } of before.parts) add(KIND_OF[kind], beneficiary, -BigInt(less));
  for (const { kind, beneficiary, units: stored } of award.parts) add(kind, beneficiary, -stored);
  const off = [...sums].filter(([, rest]) => rest !== 0n).map(([name, rest]) => `${name} by ${rest}`);
  return off.length === 0 ? undefined : `parts differ from what the naive engine has: ${off.join(', ')}`;
}

/** What counts in ledger units, exactly; undefined where nothing is earned, a sentence where the inputs are not of this plan. */
function earnedBy(
  period: NaivePeriod,
  { inputs, depositedAtMs }: ProvenAward,
  plan: NaivePlan,
): Fraction | undefined | string {
  if (inputs.over === 'period') {
    const found = naivePeriod(period, inputs.lines, BigInt(inputs.carriedUnits), plan);
    return typeof found === 'string' ? found : found.earning;
  }
  const { country, deposits, step, paidBeforeUnits } = inputs;
  const paidIn = deposits.map(({ units }, place) => ({ atMs: depositedAtMs[place] ?? 0, units: BigInt(units) }));
  // Gates that look at trades were open when it was paid; what is looked at anew is the ladder.
  const ladder: NaivePeriod = {
    ...period,
    model: period.model.kind === 'cpa' ? { kind: 'cpa', tables: period.model.tables } : period.model,
  };
  const facts = { country: country ?? undefined, deposits: paidIn, trades: [] };
  const reached = naiveCpa(ladder, facts, plan.currency).find(
    ({ paysUnits, atMs }) => paysUnits === BigInt(step.paysUnits) && atMs !== undefined,
  );
  if (reached === undefined) return 'no step of the ladder that was reached pays that';
  const added = inUnits(reached.paysUnits - BigInt(paidBeforeUnits));
  return times(added, over(read(period.part ?? '100'), read('100')));
}
