import { reach } from '#fault-points';
import type { TaskId, TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../logger.ts';
import type { Origin, TenantTx, WithTenant } from '../tenant-tx.ts';
import type { RunningTask } from './kinds.ts';
import * as queries from './queries.ts';

/** Why a worker goes no further with a task. */
export class TaskStopped extends Error {
  readonly why: 'cancelled' | 'lost';

  constructor(why: 'cancelled' | 'lost') {
    super(`the task is ${why}`);
    this.name = 'TaskStopped';
    this.why = why;
  }
}

type HoldDeps = {
  readonly withTenant: WithTenant;
  readonly leaseMs: number;
  readonly log: Logger;
  readonly tenantId: TenantId;
  readonly taskId: TaskId;
  readonly holder: string;
  readonly origin: Origin;
};

/** A worker's hold on a task: renewed while it runs, and known to be lost when it is. */
export type TaskHold = Pick<RunningTask, 'signal' | 'page' | 'read'> & {
  /** Waits for what is being written; nothing more is written afterwards. */
  readonly end: () => Promise<void>;
};

/** Takes up the renewing of a lease that was claimed just now. */
export function makeHold({ withTenant, leaseMs, log, tenantId, taskId: id, holder, origin }: HoldDeps): TaskHold {
  const abort = new AbortController();
  let renewing: Promise<void> = Promise.resolve();
  let isRenewing = false;
  const stop = (why: TaskStopped['why']): void => abort.abort(new TaskStopped(why));
  const renew = async (): Promise<void> => {
    try {
      const [kept] = await withTenant(tenantId, origin, (tx) => queries.renewTask(tx, { id, holder, leaseMs }));
      if (kept === undefined) stop('lost');
      else if (kept.isCancelled) stop('cancelled');
    } catch (error) {
      log.warn({ err: error }, 'the lease on a task could not be renewed');
    } finally {
      isRenewing = false;
    }
  };
  const timer = setInterval(() => {
    if (isRenewing) return; // It waits for the page at hand, whose end renews the lease as well.
    isRenewing = true;
    renewing = renew();
  }, leaseMs / 3);
  const refuseStopped = async (tx: TenantTx): Promise<void> => {
    abort.signal.throwIfAborted();
    const [held] = await queries.holdOnTask(tx, { id, holder });
    if (held === undefined) stop('lost');
    else if (held.isCancelled) stop('cancelled');
    abort.signal.throwIfAborted();
  };
  return {
    signal: abort.signal,
    page: async (work) => {
      await withTenant(tenantId, origin, async (tx) => {
        await refuseStopped(tx);
        const { done, total = null, checkpoint = null } = await work(tx);
        const kept = checkpoint === null ? null : JSON.stringify(checkpoint);
        const noted = await queries.notePage(tx, { id, holder, leaseMs, done, total, checkpoint: kept });
        if (noted.length === 0) throw new TaskStopped('lost'); // What the page did goes with its transaction.
      });
      await reach('tasks.after_page');
    },
    read: (work) => withTenant(tenantId, origin, work),
    end: async () => {
      clearInterval(timer);
      await renewing;
    },
  };
}
