import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { KeptStanding } from './contract.ts';
import * as queries from './queries.ts';
import { counterText, Standing } from './rules.ts';
import type { CounterChange, CountedTrade, Look, TradeStanding } from './types.ts';

/** A question to the counters of a plan. */
export type PlanLook = { readonly planKey: number; readonly look: Look };

/**
 * What counters stand at, as far as it is asked for: one statement, and one more where active clients are counted. Only under the
 * lock of their plans (`lockCounters`) does it stay so.
 */
export async function readStanding(tx: TenantTx, asked: readonly PlanLook[]): Promise<Standing> {
  const standing = new Standing();
  const sums = widest(asked.filter(({ look }) => !look.distinct));
  if (sums.length > 0) {
    const rows = await queries.countersOf(tx, {
      planKeys: sums.map(({ planKey }) => planKey),
      components: sums.map(({ look }) => look.component),
      measures: sums.map(({ look }) => look.measure),
      owners: sums.map(({ look }) => look.owner),
      subjects: sums.map(({ look }) => look.subject),
      fromDays: sums.map(({ look }) => look.fromDay),
      toDays: sums.map(({ look }) => look.toDay),
    });
    for (const { place, day, units } of rows) {
      const found = sums[Number(place) - 1];
      if (found !== undefined) standing.stand(found.planKey, found.look, day, BigInt(units));
    }
  }
  const distinct = unique(asked.filter(({ look }) => look.distinct));
  if (distinct.length > 0) {
    const rows = await queries.activeClients(tx, {
      planKeys: distinct.map(({ planKey }) => planKey),
      components: distinct.map(({ look }) => look.component),
      owners: distinct.map(({ look }) => look.owner),
      fromDays: distinct.map(({ look }) => look.fromDay),
      toDays: distinct.map(({ look }) => look.toDay),
    });
    for (const { place, subjects } of rows) {
      const found = distinct[Number(place) - 1];
      if (found !== undefined) standing.standDistinct(found.planKey, found.look, subjects);
    }
  }
  return standing;
}

/** One question for each counter, over all days that anybody asks for. */
function widest(asked: readonly PlanLook[]): PlanLook[] {
  const found = new Map<string, PlanLook>();
  for (const { planKey, look } of asked) {
    const name = counterText(planKey, look);
    const known = found.get(name);
    if (known === undefined) found.set(name, { planKey, look });
    else if (look.fromDay < known.look.fromDay || look.toDay > known.look.toDay) {
      const fromDay = Math.min(look.fromDay, known.look.fromDay);
      const toDay = Math.max(look.toDay, known.look.toDay);
      found.set(name, { planKey, look: { ...look, fromDay, toDay } });
    }
  }
  return [...found.values()];
}

const unique = (asked: readonly PlanLook[]): PlanLook[] => [
  ...new Map(
    asked.map((each) => [`${counterText(each.planKey, each.look)} ${each.look.fromDay} ${each.look.toDay}`, each]),
  ).values(),
];

/** Adds to the counters, one sum for each day of each. */
export async function addToCounters(
  tx: TenantTx,
  added: readonly { readonly planKey: number; readonly count: CounterChange }[],
): Promise<void> {
  const changed = added.filter(({ count }) => count.units !== 0n);
  if (changed.length === 0) return;
  await queries.addToCounters(tx, {
    planKeys: changed.map(({ planKey }) => planKey),
    components: changed.map(({ count }) => count.component),
    measures: changed.map(({ count }) => count.measure),
    owners: changed.map(({ count }) => count.owner),
    subjects: changed.map(({ count }) => count.subject),
    days: changed.map(({ count }) => count.day),
    units: changed.map(({ count }) => String(count.units)),
  });
}

/** What a trade saw and counted, as text; the same for the same, to the byte. */
export const standingText = ({ standing, counts, clientKey, symbol, day, months }: CountedTrade): string => {
  const { seen, again } = standing;
  const kept: KeptStanding = {
    seen: seen.map((looks) => looks.map(String)),
    ...(again !== undefined && { again: again.map((looks) => looks?.map(String) ?? null) }),
    counts: counts.map((count) => ({ ...count, units: String(count.units) })),
    clientKey,
    symbol,
    day,
    months: [...months],
  };
  return JSON.stringify(kept);
};

/** What a trade saw, read again. */
export const standingKept = ({ seen, again }: KeptStanding): TradeStanding => ({
  seen: seen.map((looks) => looks.map(BigInt)),
  ...(again !== undefined && { again: again.map((looks) => looks?.map(BigInt) ?? null) }),
});

/** What the live revisions of these deals saw and counted; those whose plan looks at no counter have no entry. */
export async function liveStandings(
  tx: TenantTx,
  dealKeys: readonly bigint[],
): Promise<ReadonlyMap<bigint, CountedTrade & { readonly revision: number }>> {
  if (dealKeys.length === 0) return new Map();
  return new Map(
    (await queries.liveStandings(tx, { dealKeys })).map(({ dealKey, revision, planKey, ibKey, standing }) => {
      const { counts, clientKey, symbol, day, months } = standing;
      const whole = counts.map((count): CounterChange => ({ ...count, units: BigInt(count.units) }));
      const kept = { standing: standingKept(standing), counts: whole, clientKey, symbol, day, months };
      return [dealKey, { ...kept, revision, planKey, ibKey }] as const;
    }),
  );
}
