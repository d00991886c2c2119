import { dealIdOf, type TenantId } from '../../kernel/ids.ts';
import { reach } from '#fault-points';
import type { Queues } from '../../platform/queue/index.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { batchKeyOf, dueKeys } from '../../trading/index.ts';
import { TRADES_PER_JOB_MAX, type TradeExecuted, tradeExecuted } from '../jobs.ts';
import { type LookedAt, mendParked } from '../mending/service.ts';
import * as queries from './queries.ts';

/** Puts a tenant's due trades on the queue, never more than its places there allow. */
export type Dispatcher = {
  /** Adds jobs for what is due as far as there are free places; gives how many were added. */
  readonly enqueueDue: (tenantId: TenantId) => Promise<number>;
  /**
   * The same after putting back what no longer needs to be parked and freeing the places of jobs that the queue has lost.
   * What a lost nudge or a lost queue left is found here.
   */
  readonly sweep: (tenantId: TenantId) => Promise<number>;
  /** Gives a job's place back, inside the transaction that did its work. */
  readonly release: (tx: TenantTx, jobId: string) => Promise<void>;
};

type Planned = { readonly suffix: string; readonly payload: TradeExecuted };

/** `leaseMs`: a place whose job has not ended for this long may have been lost with the queue, and the job is looked for. */
export function makeDispatcher(deps: { withTenant: WithTenant; queues: Queues; leaseMs: number }): Dispatcher {
  const { withTenant, queues, leaseMs } = deps;
  const origin = { actor: 'dispatcher', causation: 'due' };
  const lookedAt = new Map<TenantId, LookedAt>();

  const enqueueDue = async (tenantId: TenantId): Promise<number> => {
    const planned = await withTenant(tenantId, origin, (tx) => takePlaces(tx, tenantId));
    if (planned.length > 0) await reach('dispatch.before_add'); // The places are taken, and no job speaks for them yet.
    for (const [place, { suffix, payload }] of planned.entries()) {
      try {
        await queues.add(tradeExecuted, payload, suffix);
      } catch (error) {
        // Given back at once: the sweeper could not tell them from places whose jobs are on their way.
        const left = planned.slice(place).map((each) => `${tradeExecuted.sameAs(each.payload)}${each.suffix}`);
        await withTenant(tenantId, origin, async (tx) => {
          for (const jobId of left) await queries.freeSlot(tx, { jobId });
        });
        throw error;
      }
    }
    return planned.length;
  };

  return {
    enqueueDue,
    sweep: async (tenantId) => {
      const slots = await withTenant(tenantId, origin, (tx) => queries.readSlots(tx, { leaseMs }));
      for (const { jobId, stale } of slots) {
        if (!stale || jobId === null) continue;
        const waits = await queues.holds(tradeExecuted.queue, jobId);
        await withTenant(tenantId, origin, (tx) =>
          waits ? queries.renewSlot(tx, { jobId }) : queries.freeSlot(tx, { jobId }),
        );
      }
      let looked = lookedAt.get(tenantId);
      if (looked === undefined) lookedAt.set(tenantId, (looked = new Map()));
      const from = looked;
      const added = await enqueueDue(tenantId); // First: a parked deal that cannot be mended holds up nothing that is due.
      const mended = await withTenant(tenantId, origin, (tx) => mendParked(tx, from));
      return mended === 0 ? added : added + (await enqueueDue(tenantId));
    },
    release: async (tx, jobId) => {
      await queries.freeSlot(tx, { jobId });
    },
  };
}

/**
 * A job that was put on the queue this long ago and has not ended is not waited for by further trades: its worker may be
 * dead, and the queue notices that only when the job's lock has run out.
 */
const JOINED_MS_MAX = 2_000;

/** Takes as many places as the due trades need beyond the jobs that are under way already. */
async function takePlaces(tx: TenantTx, tenantId: TenantId): Promise<Planned[]> {
  const slots = await queries.readSlots(tx, { leaseMs: JOINED_MS_MAX });
  const free = slots.filter((slot) => slot.jobId === null).length;
  if (free === 0) return [];
  const joined = slots.filter((slot) => slot.jobId !== null && !slot.stale).length;
  const due = await dueKeys(tx, {
    offset: joined * TRADES_PER_JOB_MAX,
    limit: free * TRADES_PER_JOB_MAX,
  });
  if (due.length === 0) return [];
  const parts = Array.from({ length: Math.ceil(due.length / TRADES_PER_JOB_MAX) }, (_none, part) =>
    due.slice(part * TRADES_PER_JOB_MAX, (part + 1) * TRADES_PER_JOB_MAX),
  );
  const planned: Planned[] = [];
  for (const part of parts) {
    const batchId = String(batchKeyOf(part[0] ?? 0n));
    const payload = { tenantId, batchId, dealIds: part.map(dealIdOf) };
    const [taken] = await queries.takeSlot(tx, { base: tradeExecuted.sameAs(payload) });
    if (taken === undefined) break;
    planned.push({ suffix: taken.suffix, payload });
  }
  return planned;
}
