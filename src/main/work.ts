import { COMMISSION_QUEUE, type Dispatcher, makeDispatcher } from '../commissions/index.ts';
import { HintBuffer } from '../platform/events/index.ts';
import { type MailRealm, makeMailNudge, NOTIFICATION_QUEUE } from '../notifications/index.ts';
import { sqlStateOf } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import type { OperationId } from '../kernel/ids.ts';
import { openQueues, QUEUE_SCHEMA, type Queues, type QueueStore } from '../platform/queue/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import { nudgeTask, onTaskRequested, TASK_QUEUE } from '../platform/tasks/index.ts';
import {
  nudgeOperation,
  prepareQueueDatabase,
  QuotaBook,
  queueDatabaseUrl,
  TENANT_QUEUE,
  tenancyProblem,
  UsageMeter,
} from '../tenancy/index.ts';
import type { Platform } from './compose.ts';

/** The queues of a process, who puts tenants' work on them, and who tells others of it. */
export type Work = {
  readonly store: QueueStore;
  readonly queues: Queues;
  readonly dispatcher: Dispatcher;
  /** Tells relay and sweeper, in whatever process they are, of tenants with work. */
  readonly hints: HintBuffer;
  /** Tells the workers, after a commit, that there is mail. */
  readonly nudgeMail: (realm: MailRealm) => void;
  /** Puts long work on a tenant on its queue, after the commit that asked for it; never fails. */
  readonly nudgeOperation: (operationId: OperationId) => Promise<void>;
  /** What tenants may use, as this process knows it, and what they use, as it counts. */
  readonly quotas: QuotaBook;
  readonly usage: UsageMeter;
  readonly close: () => Promise<void>;
};

/** Counts of usage are written this often: a process that is killed loses at most so much. */
const USAGE_PERIOD_MS = 10_000;
/** A changed quota counts after this time at the latest. */
const QUOTAS_KEPT_MS = 5_000;

/** Opens the queues: on Redis by REDIS_URL, else in a Postgres database of their own. */
export async function openWork(platform: Platform, config: CompleteConfig, log: Logger): Promise<Work> {
  const store = await queueStore(platform, config, log);
  const queues = await openPrepared(store, log);
  const { withControl } = platform.tenancy;
  const dispatcher = makeDispatcher({ withTenant: platform.tenancy.withTenant, queues, leaseMs: config.slotLeaseMs });
  const hints = new HintBuffer(withControl, log);
  const usage = new UsageMeter({ withControl, periodMs: USAGE_PERIOD_MS, log });
  const { withTenant } = platform.tenancy;
  const endListening = onTaskRequested(
    (tenantId, taskId) => void nudgeTask({ withTenant, queues, log }, tenantId, taskId),
  );
  const close = async (): Promise<void> => {
    endListening();
    await hints.stop();
    await usage.stop();
    await queues.close();
  };
  return {
    store,
    queues,
    dispatcher,
    hints,
    nudgeMail: makeMailNudge(queues, log),
    nudgeOperation: (operationId) => nudgeOperation({ withControl, queues, log }, operationId),
    quotas: new QuotaBook({ withControl, keptMs: QUOTAS_KEPT_MS, log }),
    usage,
    close,
  };
}

/** PostgreSQL's words for a role and a database that `npm run migrate` has not made yet: no such role or password, no such database. */
const NOT_PREPARED = ['28P01', '28000', '3D000'];

/** Opens the queues; `tenancy.not_migrated` where their own database has still to be made. */
async function openPrepared(store: QueueStore, log: Logger): Promise<Queues> {
  try {
    return await openQueues(store, [COMMISSION_QUEUE, NOTIFICATION_QUEUE, TASK_QUEUE, TENANT_QUEUE], log);
  } catch (error) {
    if (store.kind !== 'postgres' || !NOT_PREPARED.includes(sqlStateOf(error) ?? '')) throw error;
    throw tenancyProblem('tenancy.not_migrated', {
      detail: "The queues' database cannot be entered. Run npm run migrate, and check QUEUE_DATABASE_URL if it is set",
      cause: error,
    });
  }
}

/** Where the queues are, made first where that is this process's to do; `npm run migrate` does it for those that cannot. */
export async function queueStore(
  { admin, access }: Pick<Platform, 'admin' | 'access'>,
  config: CompleteConfig,
  log: Logger,
): Promise<QueueStore> {
  if (config.redisUrl !== undefined) return { kind: 'redis', url: config.redisUrl, prefix: config.installation };
  if (config.queueDatabaseUrl !== undefined) return { kind: 'postgres', url: config.queueDatabaseUrl };
  const place = { admin, installation: config.installation, secret: config.secret, log };
  if (access === 'administrator') await prepareQueueDatabase(place, QUEUE_SCHEMA);
  return { kind: 'postgres', url: queueDatabaseUrl(place) };
}
