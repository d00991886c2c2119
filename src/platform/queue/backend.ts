import {
  type Queue,
  type QueueOptions,
  type WorkerOptions,
  Queue as RedisQueue,
  Worker as RedisWorker,
  createPostgresBackend,
  withBackend,
} from 'bullmq';
import { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { queueProblem } from './errors.ts';
import type { QueueStore } from './definitions.ts';

const onPostgres = withBackend(createPostgresBackend);
/** The schema of the queues in a Postgres database. */
export const QUEUE_SCHEMA = 'bullmq';

/** A queue of either backend, as far as Cascade uses it. */
export type AnyQueue = Pick<
  Queue,
  | 'name'
  | 'add'
  | 'addBulk'
  | 'close'
  | 'on'
  | 'waitUntilReady'
  | 'getJobCounts'
  | 'getJobs'
  | 'getJobState'
  | 'getWorkers'
  | 'isPaused'
  | 'pause'
  | 'resume'
  | 'obliterate'
  | 'getFailed'
>;
/** A worker of either backend, as far as Cascade uses it. */
export type AnyWorker = Pick<RedisWorker, 'name' | 'close' | 'run' | 'waitUntilReady' | 'isRunning'> & {
  on(event: string, listener: (...args: never[]) => void): unknown;
};

type ProcessJob = (job: {
  id?: string | undefined;
  name: string;
  data: unknown;
  attemptsMade: number;
}) => Promise<void>;

const RECONNECT_MS_MAX = 2_000;
const reconnectMs = (times: number): number => Math.min(times * 100, RECONNECT_MS_MAX);

/** A queue's store answers in milliseconds; one that does not within this has fallen silent, and is given up on. */
const ANSWER_MS_MAX = 10_000;

const postgresConnection = (url: string, connectionsMax: number) => ({
  connectionString: url,
  schema: QUEUE_SCHEMA,
  max: connectionsMax,
  migrate: true,
  application_name: 'cascade-queue',
  connectionTimeoutMillis: 5_000,
  query_timeout: ANSWER_MS_MAX,
  keepAlive: true,
});

/** The producers' connection: it is open already, and fails at once while Redis is away, so that no request waits for it. */
export type Producer = { readonly redis: Redis | undefined };

/** Connects the producers; `queue.unavailable` where Redis does not answer. Postgres connects by itself on first use. */
export async function connectProducer(store: QueueStore, log: Logger): Promise<Producer> {
  if (store.kind === 'postgres') return { redis: undefined };
  const redis = new Redis(store.url, {
    lazyConnect: true,
    connectTimeout: 3_000,
    commandTimeout: ANSWER_MS_MAX,
    socketTimeout: ANSWER_MS_MAX, // The connection is made anew: the next command would fare no better on this one.
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: reconnectMs,
  });
  redis.on('error', (error) => log.warn({ err: error }, 'redis connection'));
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw queueProblem('queue.unavailable', { cause: error, retryAfterSeconds: 2 });
  }
  return { redis };
}

const prefixOf = (store: QueueStore): { prefix?: string } =>
  store.kind === 'redis' && store.prefix !== undefined ? { prefix: store.prefix } : {};

/** Opens the producer's side of a queue. */
export function openQueue(
  store: QueueStore,
  producer: Producer,
  name: string,
  options: Omit<QueueOptions, 'connection'>,
): AnyQueue {
  if (producer.redis !== undefined)
    return new RedisQueue(name, {
      ...options,
      ...prefixOf(store),
      skipWaitingForReady: true,
      connection: producer.redis,
    });
  return new onPostgres.Queue(name, {
    ...options,
    connection: postgresConnection(store.url, 2),
  }) as unknown as AnyQueue;
}

/** A worker asks Redis to hold its answer for up to 10 s (BullMQ's longest block); later than this none will come. */
const HELD_ANSWER_MS_MAX = 15_000;

/** A worker waits for Redis however long it is away. */
const workerRedis = (url: string) => ({
  url,
  maxRetriesPerRequest: null,
  connectTimeout: 3_000,
  socketTimeout: HELD_ANSWER_MS_MAX,
  retryStrategy: reconnectMs,
});

/** Opens a worker on a queue; it starts at once. */
export function openWorker(
  store: QueueStore,
  name: string,
  run: ProcessJob,
  options: Omit<WorkerOptions, 'connection'>,
): AnyWorker {
  if (store.kind === 'postgres')
    return new onPostgres.Worker(name, run, {
      ...options,
      connection: postgresConnection(store.url, 2 + (options.concurrency ?? 1)),
    });
  return new RedisWorker(name, run, { ...options, ...prefixOf(store), connection: workerRedis(store.url) });
}

/**
 * Refuses a Redis that may throw jobs away (`queue.redis_evicts`): its maxmemory-policy must be noeviction. Warns where
 * the append-only file is off, because a restart then loses the queue (the sweeper puts due work back).
 */
export async function checkRedis(url: string, log: Logger): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3_000,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
  });
  redis.on('error', (error) => log.debug({ err: error }, 'redis check'));
  try {
    await redis.connect();
    const info = await redis.info();
    const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const policy = field('maxmemory_policy');
    if (policy !== 'noeviction')
      throw queueProblem('queue.redis_evicts', { detail: `maxmemory-policy is ${policy}; set it to noeviction` });
    if (field('aof_enabled') !== '1')
      log.warn(
        'Redis runs without its append-only file: a restart loses the queue, which is then refilled from Postgres',
      );
  } catch (error) {
    if (error instanceof Error && error.name === 'Problem') throw error;
    throw queueProblem('queue.unavailable', { cause: error, retryAfterSeconds: 2 });
  } finally {
    redis.disconnect();
  }
}
