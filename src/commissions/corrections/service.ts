import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type DueTrade, opensOf, tradesAsBooked } from '../../trading/index.ts';
import { type CarriedCounts, computeAgain, recount } from '../counters/recount.ts';
import { inputsOf } from '../inputs/store.ts';
import type { Terms } from '../inputs/terms.ts';
import { postOwed } from '../owed/service.ts';
import type { PlanBook } from '../plans/store.ts';
import type { NoPayReason } from '../types.ts';
import { rerunProblem } from '../reruns/errors.ts';
import { rerunApplying } from './queries.ts';
import { payablesOfRevisions, revisionsOf } from './rules.ts';
import { insertRevisions, liveBookings, termsOf } from './store.ts';
import type { Becomes, Cause, Computed, Corrected, LiveBooking, Revision } from './types.ts';

export type { Cause, Corrected, LiveBooking } from './types.ts';

/** A trade as it is now, by the rows that say so. */
export type TradeNow = {
  readonly dealKey: bigint;
  readonly symbolKey: number;
  readonly groupKey: number;
  readonly closedAt: Date;
  /** The version of the deal that says so; null for the addition. */
  readonly factsKey: bigint | null;
};

/** A deal to be corrected: to what its trade comes to now, by the terms of a re-run where one is named, or to nothing. */
export type Wanted =
  | { readonly kind: 'trade'; readonly trade: TradeNow; readonly rerunKey: number | null }
  | {
      readonly kind: 'nothing';
      readonly dealKey: bigint;
      readonly reason: NoPayReason;
      readonly factsKey: bigint | null;
    };

/** As of which knowledge of the tree trades are computed; at present unless given. */
export type Knowing = {
  readonly book: PlanBook;
  readonly knownAt?: Date | undefined;
  /** Of many pages that are computed before any is written: what those before would change of the counters. Is added to. */
  readonly carried?: CarriedCounts | undefined;
};

/** What trades come to, or the code of why that cannot be said; and as of which knowledge. */
export type Recomputed = {
  readonly results: ReadonlyMap<bigint, { readonly computed: Computed } | { readonly code: string }>;
  readonly knownAt: Date;
};

const dealKeyOf = (wanted: Wanted): bigint => (wanted.kind === 'trade' ? wanted.trade.dealKey : wanted.dealKey);

/**
 * Corrects what deals are booked as, in one batch: the next revision of each, with the rows of what it changes, and in the
 * ledger what that comes to for each beneficiary, under `booking_batch/<batch>`. A deal that comes to the same as before gets no
 * revision; one that cannot be computed is told of and stays as it is. To be called with `holdSettlement` taken, so that the
 * revisions that it looks at are the last.
 */
export async function correctTrades(
  tx: TenantTx,
  knowing: Knowing,
  wanted: readonly Wanted[],
  cause: Cause,
): Promise<Corrected> {
  const live = await liveBookings(tx, wanted.map(dealKeyOf));
  const { results, knownAt } = await recomputeTrades(tx, knowing, wanted);
  const hindered: { dealKey: bigint; code: string }[] = [];
  const revisions: Revision[] = [];
  for (const each of wanted) {
    const dealKey = dealKeyOf(each);
    const booked = live.get(dealKey);
    const becomes = becomesOf(each, results);
    if (booked === undefined) hindered.push({ dealKey, code: 'commissions.booking_unknown' });
    else if ('code' in becomes) hindered.push({ dealKey, code: becomes.code });
    else revisions.push(...revisionsOf(booked, becomes));
  }
  const known = { knownAt, configurationVersion: knowing.book.version };
  const batchKey = revisions.length === 0 ? undefined : await writeRevisions(tx, revisions, cause, known);
  return { batchKey, hindered, dealKeys: [...new Set(revisions.map(({ dealKey }) => dealKey))] };
}

function becomesOf(wanted: Wanted, results: Recomputed['results']): Becomes | { readonly code: string } {
  if (wanted.kind === 'nothing') return wanted;
  const result = results.get(wanted.trade.dealKey);
  if (result === undefined) return { code: 'commissions.inputs_gone' };
  return 'code' in result ? result : { kind: 'computed', computed: result.computed };
}

/**
 * Writes revisions with what they change in the ledger, and tells of them; gives the key of their batch. While a re-run is being
 * carried out nobody else corrects: `commissions.rerun_applying`.
 */
export async function writeRevisions(
  tx: TenantTx,
  revisions: readonly Revision[],
  cause: Cause,
  known: { readonly knownAt: Date; readonly configurationVersion: bigint },
): Promise<bigint> {
  if (cause.kind !== 'rerun' && (await rerunApplying(tx, {})).length > 0)
    throw rerunProblem('commissions.rerun_applying');
  const last = [...new Map(revisions.map((revision) => [revision.dealKey, revision])).values()];
  await recount(tx, last, { reopens: cause.kind !== 'true_up' });
  const batchKey = await insertRevisions(tx, revisions, cause, known);
  await postOwed(tx, { reference: `booking_batch/${batchKey}`, payables: payablesOfRevisions(revisions) });
  emit(tx, {
    stream: `booking_batch/${batchKey}`,
    type: 'commissions.corrected',
    schemaVersion: 1,
    payload: { batch: batchKey.toString(), cause: cause.kind, reason: cause.reason, revisions: revisions.length },
  });
  return batchKey;
}

/** What trades come to by the plans of the book, each by the terms of its re-run where it has one. Writes nothing. */
export async function recomputeTrades(tx: TenantTx, knowing: Knowing, wanted: readonly Wanted[]): Promise<Recomputed> {
  const asked = wanted.flatMap((each) => (each.kind === 'trade' ? [each] : []));
  const terms = await termsOf(
    tx,
    asked.flatMap(({ rerunKey }) => rerunKey ?? []),
  );
  const results = new Map<bigint, { readonly computed: Computed } | { readonly code: string }>();
  let { knownAt } = knowing;
  for (const rerunKey of new Set([null, ...asked.map((each) => each.rerunKey)])) {
    const ofTerms = asked.filter((each) => each.rerunKey === rerunKey).map(({ trade }) => trade);
    if (ofTerms.length === 0 && rerunKey !== null) continue;
    const done = await recompute(
      tx,
      { ...knowing, knownAt },
      ofTerms,
      { rerunKey, terms: rerunKey === null ? undefined : terms.get(rerunKey) },
      results,
    );
    knownAt = done;
  }
  if (knownAt === undefined) throw new Error('the tree says as of when it is known');
  return { results, knownAt };
}

/** Adds to `results`; gives as of which knowledge they are. */
async function recompute(
  tx: TenantTx,
  { book, knownAt, carried }: Knowing,
  asked: readonly TradeNow[],
  by: { readonly rerunKey: number | null; readonly terms: Terms | undefined },
  results: Map<bigint, { readonly computed: Computed } | { readonly code: string }>,
): Promise<Date> {
  const now = new Map(asked.map((trade) => [trade.dealKey, trade]));
  const trades = await tradesAsBooked(tx, asked);
  const opens = book.needsOpens
    ? await opensOf(
        tx,
        trades.map(({ dealKey }) => dealKey),
        new Map(trades.map(({ dealKey, factsKey }) => [dealKey, factsKey])),
      )
    : undefined;
  const found = await inputsOf(tx, book, trades, { opens, knownAt, terms: by.terms });
  const computed = await computeAgain(tx, found.inputs, carried);
  computed.forEach((result, place) => {
    const [trade, input, version] = [found.trades[place], found.inputs[place], found.versions[place]];
    const asBooked = trade === undefined ? undefined : now.get(trade.dealKey);
    if (trade === undefined || input === undefined || asBooked === undefined) return;
    if (result.kind === 'parked') {
      results.set(trade.dealKey, { code: result.code });
      return;
    }
    results.set(trade.dealKey, {
      computed: {
        result,
        planVersionKey: version?.key ?? null,
        currency: version?.plan.currency ?? null,
        ibKey: input.chain[0]?.ibKey ?? null,
        ...keysOf(trade, asBooked),
        openedAt: input.openedAtMs === undefined ? null : new Date(input.openedAtMs),
        execution: input.execution,
        rerunKey: by.rerunKey,
      },
    });
  });
  return found.knownAt;
}

const keysOf = ({ symbolKey, groupKey, closedAt }: DueTrade, { factsKey }: TradeNow) => ({
  symbolKey,
  groupKey,
  closedAt: new Date(closedAt),
  factsKey,
});

/** What a live booking was computed from, to be computed again. */
export const tradeOfLive = ({ dealKey, symbolKey, groupKey, closedAt, factsKey }: LiveBooking): TradeNow => ({
  dealKey,
  symbolKey,
  groupKey,
  closedAt,
  factsKey,
});
