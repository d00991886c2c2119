import type { TenantTx } from '../../platform/tenant-tx.ts';
import { countersOf } from '../counters/queries.ts';
import { counterText, dayOf, dayStartMs, monthOf, Standing } from '../counters/rules.ts';
import type { CounterChange, Look, TradeStanding } from '../counters/types.ts';
import { computeBatch, computeTrade, looksOf, looksSeen } from '../engine/rules.ts';
import type { TradeInput, TradeResult } from '../engine/types.ts';

/**
 * The counters of a simulation, threaded through its trades in memory. Everything that trades count begins at 0; what clients paid
 * in, which no trade counts, is what the tenant's own counters say.
 */
export class Threads {
  readonly standing = new Standing();
  readonly #read = new Set<string>();

  /** Reads what the trades look at and no trade counts. */
  async prepare(tx: TenantTx, inputs: readonly TradeInput[]): Promise<void> {
    const asked = new Map<string, { readonly planKey: number; readonly look: Look }>();
    for (const input of inputs)
      for (const look of looksOf(input).flat()) {
        if (look.measure !== 'deposits') continue;
        const planKey = input.planKey ?? 0;
        const name = counterText(planKey, look);
        if (!this.#read.has(name)) asked.set(name, { planKey, look });
      }
    if (asked.size === 0) return;
    const rows = [...asked.values()];
    const found = await countersOf(tx, {
      planKeys: rows.map(({ planKey }) => planKey),
      components: rows.map(({ look }) => look.component),
      measures: rows.map(({ look }) => look.measure),
      owners: rows.map(({ look }) => look.owner),
      subjects: rows.map(({ look }) => look.subject),
      fromDays: rows.map(() => FIRST_DAY),
      toDays: rows.map(() => LAST_DAY),
    });
    for (const { place, day, units } of found) {
      const row = rows[Number(place) - 1];
      if (row !== undefined) this.standing.stand(row.planKey, row.look, day, BigInt(units));
    }
    for (const name of asked.keys()) this.#read.add(name);
  }

  /** Computes trades as they came. */
  compute(inputs: readonly TradeInput[]): TradeResult[] {
    return computeBatch(inputs, this.standing);
  }

  /**
   * Computes trades as they came, and brings them to the tiers that their months have reached, as `whole` has it when all of
   * their months' trades were counted.
   */
  computeTruedUp(inputs: readonly TradeInput[], whole: Standing, nowMs: number): TradeResult[] {
    return inputs.map((input) => {
      if (input.plan?.looksAtCounters !== true) return computeTrade(input);
      const planKey = input.planKey ?? 0;
      const seen = looksSeen(input, this.standing);
      const first = computeTrade({ ...input, standing: { seen } });
      if (first.kind === 'parked') return first;
      const own = first.counted?.counts ?? [];
      this.standing.add(planKey, own);
      const again = againOf(input, { seen, own, whole, nowMs });
      if (again === undefined) return first;
      const result = computeTrade({ ...input, standing: { seen, again } });
      if (result.kind === 'parked') return result;
      whole.add(
        planKey,
        own.map((count) => ({ ...count, units: -count.units })),
      );
      whole.add(planKey, result.counted?.counts ?? []);
      return result;
    });
  }
}

/** 1990 to 2100: all days that a tenant may have. */
const FIRST_DAY = 7_305;
const LAST_DAY = 47_482;

type Again = {
  readonly seen: readonly (readonly bigint[])[];
  readonly own: readonly CounterChange[];
  readonly whole: Standing;
  readonly nowMs: number;
};

/** What the components of a trade see at the tier of their month: of caps what others have left, of volume what they saw as it came. */
function againOf(input: TradeInput, { seen, own, whole, nowMs }: Again): TradeStanding['again'] {
  const planKey = input.planKey ?? 0;
  const owned = new Map(own.map((count) => [counterText(planKey, count), count.units]));
  const isDue = (at: 'reached' | 'month_end'): boolean =>
    at === 'reached' || dayStartMs(monthOf(dayOf(input.closedAtMs)).lastDay + 1) <= nowMs;
  let concerns = false;
  const again = (input.plan?.components ?? []).map(({ adjusters }, place) => {
    if (!adjusters.some(({ trueUp }) => trueUp !== undefined && isDue(trueUp.at))) return null;
    concerns = true;
    const before = seen[place] ?? [];
    let at = 0;
    return adjusters.flatMap(({ stage, looksOf: looks }) =>
      looks(input).map((look): bigint => {
        const stood = before[at] ?? 0n;
        at += 1;
        if (stage === 'volume') return stood;
        const now = whole.read(planKey, look);
        return stage === 'cap' ? now - (owned.get(counterText(planKey, look)) ?? 0n) : now;
      }),
    );
  });
  return concerns ? again : undefined;
}
