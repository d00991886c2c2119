import type { TenantId } from '../kernel/ids.ts';
import type { Metrics } from '../ops/index.ts';
import type { Logger } from '../platform/logger.ts';
import type { Periodic } from '../platform/periodic.ts';
import { startWorkers } from '../platform/queue/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import { sweepTasks, TASK_QUEUE, type TaskKind, taskHandler } from '../platform/tasks/index.ts';
import type { Platform } from './compose.ts';
import type { Work } from './work.ts';

/** What long work of tenants stands on. */
export type TasksWorkDeps = {
  readonly config: Pick<CompleteConfig, 'jobLockMs' | 'stalledPeriodMs'>;
  readonly platform: { readonly tenancy: Pick<Platform['tenancy'], 'withTenant'> };
  readonly work: Pick<Work, 'store' | 'queues'>;
  readonly metrics: Pick<Metrics, 'countJob'>;
  readonly log: Logger;
};

/** Tasks that one worker process does at the same time, over all tenants. */
const CONCURRENCY = 2;
const GRACE_MS = 10_000;

/** Long work of tenants, as a part of the worker: what the queue tells of. What it has lost the settling rounds find. */
export async function startTasksWork(
  { config, platform, work, metrics, log }: TasksWorkDeps,
  kinds: readonly TaskKind[],
): Promise<Periodic> {
  const { withTenant } = platform.tenancy;
  const next = (tenantId: TenantId): void =>
    void sweepTasks({ withTenant, queues: work.queues, log }, tenantId, 0).catch((error: unknown) =>
      log.warn({ err: error, tenantId }, 'the next task of a tenant is begun later'),
    );
  const handler = taskHandler({
    withTenant,
    kinds,
    leaseMs: config.jobLockMs,
    log,
    onEnded: (tenantId, { kind, state, tookMs }) => {
      const outcome = state === 'failed' || state === 'queued' ? 'failed' : 'done';
      metrics.countJob({ queue: TASK_QUEUE, name: kind, outcome, tookMs });
      next(tenantId);
    },
  });
  const workers = await startWorkers(work.store, [handler], {
    withTenant,
    log,
    settings: { concurrency: CONCURRENCY, lockMs: config.jobLockMs, stalledCheckMs: config.stalledPeriodMs },
  });
  return { stop: () => workers.close(GRACE_MS) };
}
