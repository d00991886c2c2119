import type { TenantId } from '../../kernel/ids.ts';
import { Problem } from '../../kernel/problem.ts';
import { sqlStateOf } from '../../platform/database.ts';
import { reach } from '#fault-points';
import type { Logger } from '../../platform/logger.ts';
import { handlerOf, type JobHandler } from '../../platform/queue/index.ts';
import type { Origin, TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { claimDue, park } from '../../trading/index.ts';
import { TRADES_PER_JOB_MAX, tradeExecuted } from '../jobs.ts';
import type { Dispatcher } from '../dispatch/service.ts';
import { type Claim, bookDueTrades, type Memory } from './service.ts';
import type { FoundAccount } from './store.ts';
import { type BatchOutcome, NOTHING_BOOKED } from './types.ts';

/** What booking needs from outside. */
export type BookingDeps = {
  readonly withTenant: WithTenant;
  readonly memory: Memory;
  readonly log: Logger;
};

/** One batch to be booked for a tenant. */
export type BookingTask = {
  readonly tenantId: TenantId;
  readonly origin: Origin;
  readonly max: number;
  /** Runs in the transaction that books, for example to give back the job's place in the queue. */
  readonly atCommit: (tx: TenantTx) => Promise<void>;
};

/**
 * What a TradeExecuted job does: it books a batch of whatever is due, gives its place in the queue back in the same
 * transaction, and puts further jobs on the queue for what came meanwhile. `onBooked` is told of each batch, for metrics.
 */
export const tradeExecutedHandler = (
  deps: BookingDeps & {
    dispatcher: Dispatcher;
    onBooked?: (tenantId: TenantId, outcome: BatchOutcome, tookMs: number) => void;
  },
): JobHandler =>
  handlerOf(tradeExecuted, async ({ jobId, log }, { tenantId }) => {
    const startedMs = performance.now();
    const outcome = await bookBatch(deps, {
      tenantId,
      origin: { actor: 'commissions', causation: jobId },
      max: TRADES_PER_JOB_MAX,
      atCommit: (tx) => deps.dispatcher.release(tx, jobId),
    });
    deps.onBooked?.(tenantId, outcome, performance.now() - startedMs);
    log.debug({ tenantId, ...outcome }, 'batch booked');
    await deps.dispatcher.enqueueDue(tenantId);
  });

/**
 * Books one batch of a tenant's due trades in one transaction. If a deal makes it fail for a reason that lies in the data,
 * the batch is halved until that deal stands alone; it is parked and the others are booked. Failures that lie elsewhere
 * (the connection, a deadlock, a time-out, a defect of the schema) are thrown, and nothing is parked for them.
 */
export async function bookBatch(deps: BookingDeps, task: BookingTask): Promise<BatchOutcome> {
  let claimed: readonly bigint[] = [];
  try {
    return await bookOnce(deps, task, { max: task.max }, (dealKeys) => {
      claimed = dealKeys;
    });
  } catch (error) {
    deps.memory.payables.forget(task.tenantId);
    if (!liesInData(error) || claimed.length === 0) throw error;
    deps.log.warn(
      { err: error, tenantId: task.tenantId, deals: claimed.length },
      'a batch fails on one of its deals; it is halved',
    );
    return narrowDown(deps, task, claimed);
  }
}

async function bookOnce(
  { withTenant, memory }: BookingDeps,
  task: BookingTask,
  claim: Claim,
  onClaimed: (dealKeys: readonly bigint[]) => void,
): Promise<BatchOutcome> {
  await reach('booking.before_transaction');
  let accounts: readonly FoundAccount[] = [];
  const onAccounts = (found: readonly FoundAccount[]): void => {
    accounts = found;
  };
  const outcome = await withTenant(task.tenantId, task.origin, async (tx) => {
    const done = await bookDueTrades(tx, memory, claim, { onClaimed, onAccounts });
    await task.atCommit(tx);
    await reach('booking.before_commit');
    return done;
  });
  memory.payables.remember(task.tenantId, accounts);
  await reach('booking.after_commit');
  return outcome;
}

/** Halves the batch, each half in a transaction of its own: at most 2n transactions for n deals, few for one bad deal. */
async function narrowDown(deps: BookingDeps, task: BookingTask, dealKeys: readonly bigint[]): Promise<BatchOutcome> {
  const middle = Math.ceil(dealKeys.length / 2);
  const parts = dealKeys.length === 1 ? [dealKeys] : [dealKeys.slice(0, middle), dealKeys.slice(middle)];
  let sum = NOTHING_BOOKED;
  for (const part of parts) {
    try {
      sum = add(sum, await bookOnce(deps, task, { max: part.length, dealKeys: part }, () => undefined));
    } catch (error) {
      if (!liesInData(error)) throw error;
      sum = add(
        sum,
        part.length === 1 ? await parkAlone(deps, task, part[0], error) : await narrowDown(deps, task, part),
      );
    }
  }
  return sum;
}

async function parkAlone(
  deps: BookingDeps,
  task: BookingTask,
  dealKey: bigint | undefined,
  error: unknown,
): Promise<BatchOutcome> {
  if (dealKey === undefined) return NOTHING_BOOKED;
  deps.log.error(
    { err: error, tenantId: task.tenantId, dealKey: dealKey.toString() },
    'a deal that cannot be booked is parked',
  );
  const detail = error instanceof Problem ? error.code : (sqlStateOf(error) ?? 'engine');
  const parked = await deps.withTenant(task.tenantId, task.origin, async (tx) => {
    const claimed = await claimDue(tx, { max: 1, dealKeys: [dealKey] }); // Else it would be due and parked at once.
    await park(
      tx,
      claimed.map((trade) => ({ dealKey: trade.dealKey, code: 'commissions.deal_fails', detail })),
    );
    await task.atCommit(tx);
    return claimed.length;
  });
  return { ...NOTHING_BOOKED, claimed: parked, parked };
}

/** The tables that hold a row for each deal; what others refuse (a batch, an event) would be refused for any deal. */
const TABLES_OF_DEALS: ReadonlySet<unknown> = new Set(['bookings', 'rebates', 'unpaid']);

/**
 * Whether what was booked is at fault: a refusal of ours (4xx), a value that the database refuses (SQLSTATE class 22) or a
 * constraint on the deals' own rows (class 23), or arithmetic of the engine that does not take the figures. Anything else
 * would fail for any deal; so would a batch whose number the ledger has seen before, or one of a suspended tenant.
 */
function liesInData(error: unknown): boolean {
  if (error instanceof Problem)
    return error.status < 500 && error.code !== 'ledger.already_posted' && !error.code.startsWith('tenancy.');
  const state = sqlStateOf(error);
  if (state === undefined || !/^[0-9A-Z]{5}$/.test(state)) return error instanceof RangeError;
  if (state.startsWith('22')) return true;
  return state.startsWith('23') && error instanceof Error && 'table' in error && TABLES_OF_DEALS.has(error.table);
}

const add = (left: BatchOutcome, right: BatchOutcome): BatchOutcome => ({
  claimed: left.claimed + right.claimed,
  booked: left.booked + right.booked,
  unpaid: left.unpaid + right.unpaid,
  parked: left.parked + right.parked,
  rebates: left.rebates + right.rebates,
});
