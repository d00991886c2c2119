import type { TenantTx } from '../../platform/tenant-tx.ts';
import { looksOf } from '../engine/rules.ts';
import type { TradeInput } from '../engine/types.ts';
import type { PlanBook } from '../plans/store.ts';
import { countDeposits } from './deposits.ts';
import * as queries from './queries.ts';
import { monthOf, type Standing } from './rules.ts';
import { addToCounters, readStanding, standingText } from './store.ts';
import type { CountedTrade, TierMonth } from './types.ts';

/**
 * Holds the counters of plans until the transaction ends: who reads them to decide by, or changes them, has them alone. After
 * `holdSettlement`, where both are, and before anything is booked; all plans in one call, or in the order of their keys.
 */
export async function lockCounters(tx: TenantTx, planKeys: Iterable<number>): Promise<void> {
  const sorted = [...new Set(planKeys)].toSorted((left, right) => left - right);
  if (sorted.length > 0) await queries.lockPlans(tx, { planKeys: sorted });
}

/** `lockCounters` for every plan whose trades may be corrected: they turn out one after another. */
export const lockEveryCounter = async (tx: TenantTx): Promise<void> => {
  await queries.lockEveryPlan(tx, {});
};

/** The trades whose plan looks at counters. */
export const countingAmong = (inputs: readonly TradeInput[]): readonly TradeInput[] =>
  inputs.filter(({ plan, planKey }) => plan?.looksAtCounters === true && planKey !== undefined);

/**
 * What the counters stand at that a batch of trades looks at, held until the transaction ends; undefined where no plan of theirs looks
 * at any, which costs nothing. Deposits that came in since are counted first, where a plan counts them.
 */
export async function standingFor(
  tx: TenantTx,
  book: PlanBook,
  inputs: readonly TradeInput[],
): Promise<Standing | undefined> {
  if (!inputs.some(({ plan }) => plan?.looksAtCounters === true)) return undefined;
  const counting = countingAmong(inputs);
  await lockCounters(
    tx,
    counting.map(({ planKey = 0 }) => planKey),
  );
  await countDeposits(tx, book, counting);
  return readStanding(
    tx,
    counting.flatMap((trade) =>
      looksOf(trade).flatMap((looks) => looks.map((look) => ({ planKey: trade.planKey ?? 0, look }))),
    ),
  );
}

/** A revision of a booking with what it saw and counted. */
export type CountedRevision = { readonly dealKey: bigint; readonly revision: number; readonly counted: CountedTrade };

/** Keeps what trades saw and counted, by revision. */
export async function keepStandings(tx: TenantTx, kept: readonly CountedRevision[]): Promise<void> {
  if (kept.length === 0) return;
  await queries.insertStandings(tx, {
    dealKeys: kept.map(({ dealKey }) => dealKey),
    revisions: kept.map(({ revision }) => revision),
    planKeys: kept.map(({ counted }) => counted.planKey),
    ibKeys: kept.map(({ counted }) => counted.ibKey),
    months: kept.map(({ counted }) => monthOf(counted.day).firstDay),
    standings: kept.map(({ counted }) => standingText(counted)),
  });
}

/**
 * Advances the counters by what a batch added to them, and notes what the months of its tiers have come to: they are trued up
 * afterwards.
 */
export async function advanceCounters(tx: TenantTx, standing: Standing, inputs: readonly TradeInput[]): Promise<void> {
  await addToCounters(tx, standing.added());
  const months = monthsOf(inputs, standing);
  if (months.length === 0) return;
  await queries.noteMonths(tx, {
    planKeys: months.map(({ planKey }) => planKey),
    components: months.map(({ component }) => component),
    owners: months.map(({ owner }) => owner),
    months: months.map(({ month }) => month),
    ats: months.map(({ at }) => at),
    units: months.map(({ units }) => String(units)),
    tiers: months.map(({ tier }) => tier),
  });
}

type MonthNow = TierMonth & { readonly planKey: number; readonly units: bigint; readonly tier: number };

function monthsOf(inputs: readonly TradeInput[], standing: Standing): MonthNow[] {
  const months = new Map<string, MonthNow>();
  for (const input of countingAmong(inputs)) {
    const { planKey = 0 } = input;
    for (const { name: component, adjusters } of input.plan?.components ?? [])
      for (const { trueUp } of adjusters) {
        if (trueUp === undefined || input.chain.length === 0) continue;
        const look = trueUp.look(input);
        const units = standing.read(planKey, look);
        const { owner, fromDay: month } = look;
        const found = { planKey, component, owner, month, at: trueUp.at, units, tier: trueUp.tierOf(units) };
        months.set(`${planKey} ${component} ${owner} ${month}`, found);
      }
  }
  return [...months.values()];
}
