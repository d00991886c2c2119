import type { TenantTx } from '../../platform/tenant-tx.ts';
import { computeTrade, looksOf, looksSeen } from '../engine/rules.ts';
import type { TradeInput, TradeResult } from '../engine/types.ts';
import * as queries from './queries.ts';
import { dayOf, Standing } from './rules.ts';
import { type CountedRevision, countingAmong, keepStandings, lockCounters, lockEveryCounter } from './service.ts';
import { addToCounters, liveStandings, readStanding } from './store.ts';
import type { CounterChange, CountedTrade, TradeStanding } from './types.ts';

/** Counts of money, which caps go by: of them a corrected trade sees what is left now, of all else what it saw. */
const isPaid = (measure: CounterChange['measure']): boolean => measure.startsWith('paid_');

const negative = (counts: readonly CounterChange[]): CounterChange[] =>
  counts.map((count) => ({ ...count, units: -count.units }));

/** What pages that are not written yet would change of the counters, in all. */
export type CarriedCounts = { counts: readonly { readonly planKey: number; readonly count: CounterChange }[] };

/**
 * `computeBatch` for trades that are booked already and are computed once more, to be corrected: their counts are taken back, each
 * sees what it saw when it was booked (caps go by what is left now), or where it is another's trade now what the counters
 * stand at without it. Writes nothing; holds the counters of all plans that are concerned. After `holdSettlement`. Of many pages
 * that are computed before any is written, each sees by `carried` what those before it would change.
 */
export async function computeAgain(
  tx: TenantTx,
  inputs: readonly TradeInput[],
  carried?: CarriedCounts,
): Promise<TradeResult[]> {
  const live = await liveStandings(
    tx,
    inputs.map(({ dealKey }) => dealKey),
  );
  const counting = countingAmong(inputs);
  if (live.size === 0 && counting.length === 0) return inputs.map(computeTrade);
  const before = [...live.values()];
  await lockEveryCounter(tx);
  const standing = await readStanding(
    tx,
    counting.flatMap(({ planKey = 0, ...trade }) =>
      looksOf(trade).flatMap((looks) => looks.map((look) => ({ planKey, look }))),
    ),
  );
  for (const { planKey, count } of carried?.counts ?? []) standing.add(planKey, [count]);
  for (const { planKey, counts } of before) standing.add(planKey, negative(counts));
  const results = inputs.map((input) => {
    const { planKey = 0, dealKey } = input;
    const kept = live.get(dealKey);
    if (input.plan?.looksAtCounters !== true) return computeTrade(input);
    const result = computeTrade({ ...input, standing: seenAgain(input, kept, standing) });
    // One that cannot be computed stays as it is booked, with its counts.
    if (result.kind !== 'parked') standing.add(planKey, result.counted?.counts ?? []);
    else if (kept !== undefined) standing.add(kept.planKey, kept.counts);
    return result;
  });
  if (carried !== undefined) carried.counts = standing.added().filter(({ count }) => count.units !== 0n);
  return results;
}

/** What a trade is to see that is computed once more. */
function seenAgain(input: TradeInput, kept: CountedTrade | undefined, standing: Standing): TradeStanding {
  const seen = looksSeen(input, standing);
  const isSame =
    kept !== undefined &&
    kept.planKey === input.planKey &&
    kept.ibKey === input.chain[0]?.ibKey &&
    kept.clientKey === input.clientKey &&
    kept.symbol === input.symbol &&
    kept.day === dayOf(input.closedAtMs) &&
    kept.standing.seen.length === seen.length &&
    seen.every((looks, place) => looks.length === kept.standing.seen[place]?.length);
  if (!isSame) return { seen };
  const looks = looksOf(input);
  const merged = (given: readonly bigint[], place: number): bigint[] =>
    given.map((units, at) => (isPaid(looks[place]?.[at]?.measure ?? 'lots') ? (seen[place]?.[at] ?? units) : units));
  return {
    seen: kept.standing.seen.map(merged),
    ...(kept.standing.again !== undefined && {
      again: kept.standing.again.map((given, place) => (given === null ? null : merged(given, place))),
    }),
  };
}

/** A revision that is written: what it saw and counted; undefined where it takes all back, or its plan looks at no counter. */
export type Recounted = {
  readonly dealKey: bigint;
  readonly revision: number;
  readonly counted: CountedTrade | undefined;
};

/**
 * Brings the counters from what the live revisions of deals counted to what new ones do, keeps what these saw, and (`reopens`)
 * has the months of their tiers looked at once more. To be called before the new revisions are written, once for each deal: with
 * its last one.
 */
export async function recount(
  tx: TenantTx,
  revisions: readonly Recounted[],
  { reopens }: { readonly reopens: boolean },
): Promise<void> {
  const live = await liveStandings(
    tx,
    revisions.map(({ dealKey }) => dealKey),
  );
  const now = revisions.flatMap(({ counted, ...keys }): CountedRevision[] =>
    counted === undefined ? [] : [{ ...keys, counted }],
  );
  const changed: CountedTrade[] = [...live.values(), ...now.map(({ counted }) => counted)];
  if (changed.length === 0) return;
  // Others may be corrected later in the transaction: plans are taken in one order, so all of them now.
  if (reopens) await lockEveryCounter(tx);
  else
    await lockCounters(
      tx,
      changed.map(({ planKey }) => planKey),
    );
  const sums = new Standing();
  for (const { planKey, counts } of live.values()) sums.add(planKey, negative(counts));
  for (const { counted } of now) sums.add(counted.planKey, counted.counts);
  await addToCounters(tx, sums.added());
  await keepStandings(tx, now);
  if (!reopens) return;
  const months = changed.flatMap(({ planKey, months: ofTrade }) => ofTrade.map((month) => ({ planKey, ...month })));
  if (months.length === 0) return;
  await queries.reopenMonths(tx, {
    planKeys: months.map(({ planKey }) => planKey),
    components: months.map(({ component }) => component),
    owners: months.map(({ owner }) => owner),
    months: months.map(({ month }) => month),
    ats: months.map(({ at }) => at),
  });
}
