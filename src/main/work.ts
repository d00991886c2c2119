import { COMMISSION_QUEUE, type Dispatcher, makeDispatcher } from '../commissions/index.ts';
import { type DatabaseAddress, databaseUrl, openPool, poolDefaults } from '../platform/database.ts';
import { HintBuffer } from '../platform/events/index.ts';
import { type MailRealm, makeMailNudge, NOTIFICATION_QUEUE } from '../notifications/index.ts';
import type { Logger } from '../platform/logger.ts';
import { openQueues, type Queues, type QueueStore } from '../platform/queue/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
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
  readonly close: () => Promise<void>;
};

/** Opens the queues: on Redis by REDIS_URL, else in a Postgres database of their own. */
export async function openWork(platform: Platform, config: CompleteConfig, log: Logger): Promise<Work> {
  const store = await queueStore(platform.admin, config, log);
  const queues = await openQueues(store, [COMMISSION_QUEUE, NOTIFICATION_QUEUE], log);
  const dispatcher = makeDispatcher({ withTenant: platform.tenancy.withTenant, queues, leaseMs: config.slotLeaseMs });
  const hints = new HintBuffer(platform.tenancy.withControl, log);
  const close = async (): Promise<void> => {
    await hints.stop();
    await queues.close();
  };
  return { store, queues, dispatcher, hints, nudgeMail: makeMailNudge(queues, log), close };
}

async function queueStore(admin: DatabaseAddress, config: CompleteConfig, log: Logger): Promise<QueueStore> {
  if (config.redisUrl !== undefined) return { kind: 'redis', url: config.redisUrl, prefix: config.installation };
  if (config.queueDatabaseUrl !== undefined) return { kind: 'postgres', url: config.queueDatabaseUrl };
  const database = `${config.installation}_queue`;
  const pool = openPool(admin, { ...poolDefaults, connectionsMax: 1 }, log);
  try {
    await pool.raw('select pg_advisory_lock(hashtext(?))', [database]); // Two processes may start at once.
    const found: { rows: unknown[] } = await pool.raw('select 1 from pg_database where datname = ?', [database]);
    if (found.rows.length === 0) await pool.raw('create database ??', [database]);
    await pool.raw('revoke all on database ?? from public', [database]);
  } finally {
    await pool.destroy();
  }
  return { kind: 'postgres', url: databaseUrl({ ...admin, database }) };
}
