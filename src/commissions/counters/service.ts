import type { TenantTx } from '../../platform/tenant-tx.ts';
import { looksOf } from '../engine/rules.ts';
import type { TradeInput, TradeResult } from '../engine/types.ts';
import * as queries from './queries.ts';
import { dayOf, monthOf, type Standing } from './rules.ts';
import { addToCounters, readStanding, standingText } from './store.ts';

/**
 * Holds the counters of plans until the transaction ends: who reads them to decide by, or changes them, has them alone. After
 * `holdSettlement`, where both are, and before anything is booked; all plans in one call, or in the order of their keys.
 */
export async function lockCounters(tx: TenantTx, planKeys: Iterable<number>): Promise<void> {
  const sorted = [...new Set(planKeys)].toSorted((left, right) => left - right);
  if (sorted.length > 0) await queries.lockPlans(tx, { planKeys: sorted });
}

/** The trades whose plan looks at counters. */
export const countingAmong = (inputs: readonly TradeInput[]): readonly TradeInput[] =>
  inputs.filter(({ plan, planKey }) => plan?.looksAtCounters === true && planKey !== undefined);

/**
 * What the counters stand at that a batch of trades looks at, held until the transaction ends; undefined where no plan of theirs looks
 * at any, which costs nothing.
 */
export async function standingFor(tx: TenantTx, inputs: readonly TradeInput[]): Promise<Standing | undefined> {
  if (!inputs.some(({ plan }) => plan?.looksAtCounters === true)) return undefined;
  const counting = countingAmong(inputs);
  await lockCounters(
    tx,
    counting.map(({ planKey = 0 }) => planKey),
  );
  return readStanding(
    tx,
    counting.flatMap((trade) =>
      looksOf(trade).flatMap((looks) => looks.map((look) => ({ planKey: trade.planKey ?? 0, look }))),
    ),
  );
}

/** A trade whose plan looks at counters, with what came of it, as a revision of its booking. */
export type CountedTrade = { readonly input: TradeInput; readonly result: TradeResult; readonly revision: number };

/** Keeps what trades saw of the counters, by revision. */
export async function keepStandings(tx: TenantTx, trades: readonly CountedTrade[]): Promise<void> {
  const kept = trades.flatMap(({ input, result, revision }) =>
    result.kind === 'parked' || result.counted === undefined ? [] : [{ input, revision, counted: result.counted }],
  );
  if (kept.length === 0) return;
  await queries.insertStandings(tx, {
    dealKeys: kept.map(({ input }) => input.dealKey),
    revisions: kept.map(({ revision }) => revision),
    planKeys: kept.map(({ input }) => input.planKey ?? 0),
    ibKeys: kept.map(({ input }) => input.chain[0]?.ibKey ?? 0),
    months: kept.map(({ input }) => monthOf(dayOf(input.closedAtMs)).firstDay),
    standings: kept.map(({ counted }) => standingText(counted.standing)),
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

type TierMonth = {
  readonly planKey: number;
  readonly component: string;
  readonly owner: number;
  readonly month: number;
  readonly at: 'reached' | 'month_end';
  readonly units: bigint;
  readonly tier: number;
};

function monthsOf(inputs: readonly TradeInput[], standing: Standing): TierMonth[] {
  const months = new Map<string, TierMonth>();
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
