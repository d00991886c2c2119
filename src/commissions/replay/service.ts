import { type DealId, dealIdOf, decodeId } from '../../kernel/ids.ts';
import { formatDecimal } from '../../kernel/decimal.ts';
import { formatAmount, moneyJson } from '../../kernel/money.ts';
import type { Problem } from '../../kernel/problem.ts';
import { ibsAsOf } from '../../ib/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type DueTrade, type Whereabouts, whereaboutsOf } from '../../trading/index.ts';
import { inputsOf } from '../inputs/store.ts';
import { componentName } from '../contract.ts';
import { computeTrade, explainTrade } from '../engine/rules.ts';
import type { Explanation, TradeInput } from '../engine/types.ts';
import { naiveDifference } from '../proof/rules.ts';
import { naiveBook } from '../proof/store.ts';
import { openBook, type PlanBook, type PublishedVersion } from '../plans/store.ts';
import { LOT_DIGITS } from '../types.ts';
import { replayProblem } from './errors.ts';
import * as queries from './queries.ts';
import { differenceOf, outcomeOf, outcomeStored, sentenceOf, whyNoBooking } from './rules.ts';
import { type DealRange, reasonsByDeal, rebatesByDeal, storedBookings } from './store.ts';
import type { Recomputed, StoredBooking, ToldStep, TradeExplanation } from './types.ts';

const PAGE_DEFAULT = 2_000;
const FINDINGS_MAX = 100;
/** Counts of changes whose plans are kept in memory: bookings in the order of their deals use few at a time. */
const BOOKS_MAX = 4;

type Replayed = {
  readonly booking: StoredBooking;
  readonly trade: DueTrade;
  readonly input: TradeInput;
  readonly version: PublishedVersion | undefined;
};

/**
 * Computes every booking again from the inputs that it names (tree as of the trade's time and as known then; plans and
 * agreements as of their count of changes; open, symbol and group), by the engine and by the naive one, and compares plan, IB,
 * earning, rebates and reasons.
 * Reads a page of deals at a time; at most 100 findings.
 */
export async function recompute(
  tx: TenantTx,
  { page: limit = PAGE_DEFAULT }: { readonly page?: number } = {},
): Promise<Recomputed> {
  const findings: Recomputed['findings'][number][] = [];
  const books = new Map<bigint, PlanBook>();
  let recomputed = 0;
  let after = 0n;
  for (;;) {
    const { upTo } = onlyRow(await queries.pageOfBookings(tx, { after, limit }));
    if (upTo === null) return { findings, recomputed };
    const page = await recomputeRange(tx, { after, upTo }, books);
    for (const [dealKey, detail] of page.found)
      if (findings.length < FINDINGS_MAX)
        findings.push({ rule: 'commissions.recomputes', subject: `deal ${dealKey}`, detail });
    recomputed += page.recomputed;
    after = upTo;
  }
}

/** `recompute` of the bookings of a range of deals; `books` keeps plans from one range to the next. */
export async function recomputeRange(
  tx: TenantTx,
  range: DealRange,
  books: Map<bigint, PlanBook>,
): Promise<{ readonly found: (readonly [dealKey: bigint, detail: string])[]; readonly recomputed: number }> {
  const { replayed, gone } = await replay(tx, range, books);
  const found = [
    ...gone.map((dealKey) => [dealKey, 'a deal, account, symbol or group that it names is gone'] as const),
    ...(await differences(tx, range, replayed)),
  ];
  return { found, recomputed: replayed.length };
}

async function differences(
  tx: TenantTx,
  range: DealRange,
  replayed: readonly Replayed[],
): Promise<(readonly [bigint, string])[]> {
  const rebates = await rebatesByDeal(tx, range);
  const reasons = await reasonsByDeal(tx, range);
  const book = await naiveBook(tx, [
    ...new Set(replayed.flatMap(({ input }) => input.chain.map(({ ibKey }) => ibKey))),
  ]);
  return replayed.flatMap(({ booking, trade, input, version }) => {
    const { dealKey } = booking;
    const result = computeTrade(input);
    if (result.kind === 'parked') return [[dealKey, `computed again it would be parked as ${result.code}`] as const];
    const computed = outcomeOf(result, { planVersionKey: version?.key ?? null, ibKey: input.chain[0]?.ibKey ?? null });
    const stored = outcomeStored(booking, rebates.get(dealKey) ?? [], reasons.get(dealKey) ?? []);
    const { configurationVersion: change } = booking;
    const difference =
      differenceOf(stored, computed) ?? naiveDifference(stored, book, { input, lotFactor: trade.lotFactor, change });
    return difference === undefined ? [] : [[dealKey, difference] as const];
  });
}

/** The engine's inputs of bookings, found again: batches that share a knowledge of tree and plans are asked together. */
async function replay(
  tx: TenantTx,
  range: DealRange,
  books: Map<bigint, PlanBook>,
): Promise<{ replayed: Replayed[]; gone: bigint[] }> {
  const gone: bigint[] = [];
  const groups = new Map<string, { readonly booking: StoredBooking; readonly trade: DueTrade }[]>();
  for (const { booking, trade } of await storedBookings(tx, range)) {
    if (trade === undefined) {
      gone.push(booking.dealKey);
      continue;
    }
    const name = `${booking.configurationVersion} ${booking.knownAt.getTime()}`;
    const group = groups.get(name) ?? [];
    group.push({ booking, trade });
    groups.set(name, group);
  }
  const replayed: Replayed[] = [];
  for (const group of groups.values()) replayed.push(...(await replayGroup(tx, group, books)));
  return { replayed, gone };
}

async function replayGroup(
  tx: TenantTx,
  group: readonly { readonly booking: StoredBooking; readonly trade: DueTrade }[],
  books: Map<bigint, PlanBook>,
): Promise<Replayed[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { configurationVersion, knownAt } = first.booking;
  const book = books.get(configurationVersion) ?? (await openBook(tx, configurationVersion));
  if (books.size >= BOOKS_MAX) books.clear();
  books.set(configurationVersion, book);
  // An open in whole seconds is the same whether it is said to have milliseconds or not: minima are whole seconds.
  const opens = new Map(
    group.flatMap(({ booking: { dealKey, openedAt } }) =>
      openedAt === null ? [] : [[dealKey, { openedAt: openedAt.getTime(), hasMs: true }] as const],
    ),
  );
  const executions = new Map(
    group.flatMap(({ booking: { dealKey, execution } }) => (execution === null ? [] : [[dealKey, execution] as const])),
  );
  const standings = new Map(
    group.flatMap(({ booking: { dealKey, standing } }) => (standing === null ? [] : [[dealKey, standing] as const])),
  );
  const { inputs, versions } = await inputsOf(
    tx,
    book,
    group.map(({ trade }) => trade),
    { opens, executions, standings, knownAt },
  );
  return group.flatMap(({ booking, trade }, place): Replayed[] => {
    const input = inputs[place];
    return input === undefined ? [] : [{ booking, trade, input, version: versions[place] }];
  });
}

/**
 * Tells a booked trade step by step: what was looked at, which rule won, the tree path with names, each part and its
 * rounding. Computed again from the inputs that the booking names. `commissions.booking_unknown` where there is none.
 */
export async function explain(tx: TenantTx, dealId: DealId): Promise<TradeExplanation> {
  const dealKey = decodeId(dealId);
  const { replayed, gone } = await replay(tx, { after: dealKey - 1n, upTo: dealKey }, new Map());
  if (gone.length > 0) throw replayProblem('commissions.inputs_gone', { detail: dealId });
  const [found] = replayed;
  if (found === undefined) throw withoutBooking(dealId, await whereaboutsOf(tx, dealKey));
  const { booking, trade, input, version } = found;
  const keys = input.chain.map(({ ibKey }) => ibKey);
  const ibs = new Map((await ibsAsOf(tx, { keys, at: booking.closedAt })).map((ib) => [ib.key, ib]));
  const [plan] = version === undefined ? [] : await queries.planOfVersion(tx, { versionKey: version.key });
  const explanation = explainTrade(input);
  const { result } = explanation;
  return {
    id: dealIdOf(dealKey),
    ticket: String(trade.ticket),
    symbol: trade.symbol,
    symbolGroup: trade.symbolGroup,
    accountGroup: trade.accountGroup,
    lots: formatDecimal({ coefficient: trade.closedVolume, scale: LOT_DIGITS }, 2),
    openedAt: booking.openedAt?.toISOString() ?? null,
    closedAt: booking.closedAt.toISOString(),
    batch: String(booking.batchKey),
    knownAt: booking.knownAt.toISOString(),
    plan: plan ?? null,
    chain: input.chain.flatMap(({ ibKey, status }, depth) => {
      const ib = ibs.get(ibKey);
      return ib === undefined ? [] : [{ id: ib.id, name: ib.name, depth, status }];
    }),
    earning: result.kind === 'booked' ? moneyJson({ units: result.earningUnits, currency: result.currency }) : null,
    ...(result.kind === 'unpaid' && {
      reason: { code: result.reason, sentence: sentenceOf(result.reason) ?? result.reason },
    }),
    ...told(explanation, input, (ibKey) => ibs.get(ibKey)?.name ?? `IB ${ibKey}`),
  };
}

/** The Problem of a deal without a booking; it says why there is none. */
function withoutBooking(dealId: DealId, where: Whereabouts | undefined): Problem {
  const { code, sentence } = whyNoBooking(where);
  return replayProblem('commissions.booking_unknown', { detail: `${dealId}: ${sentence}`, reason: code });
}

/** Rebates and steps with the names of whom they concern, amounts in plan currency. */
function told(
  { result, steps }: Explanation,
  { plan }: TradeInput,
  nameOf: (ibKey: number) => string,
): Pick<TradeExplanation, 'rebates' | 'steps'> {
  const names = { ib: nameOf, client: () => 'the client', house: () => 'the house' };
  return {
    rebates:
      result.kind !== 'booked'
        ? []
        : result.rebates.map(({ component, kind, beneficiary, depth, units }) => ({
            component: componentName(plan?.components.map(({ name }) => name) ?? [], component),
            to: names[kind](beneficiary),
            kind,
            depth,
            amount: moneyJson({ units, currency: result.currency }),
          })),
    steps: steps.map(({ ibKey, units, ...step }): ToldStep => {
      const sentence = step.reason === undefined ? undefined : sentenceOf(step.reason);
      return {
        ...step,
        ...(ibKey === undefined ? {} : { ib: nameOf(ibKey) }),
        ...(sentence === undefined ? {} : { sentence }),
        ...(units === undefined || plan === undefined
          ? {}
          : { amount: formatAmount({ units, currency: plan.currency }) }),
      };
    }),
  };
}
