import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe } from 'vitest';
import { until } from './wait.ts';

/** Whether this machine has the program that the Redis rounds need; it is no part of the product. */
const redisIsHere = spawnSync('redis-server', ['--version']).status === 0;
if (!redisIsHere) console.warn('redis-server is not on this machine: the rounds on Redis are skipped');

/** The same cases for the queue on either store. */
export function onEachQueue(what: string, cases: (kind: QueueServer['kind']) => void): void {
  for (const kind of ['postgres', 'redis'] as const)
    describe.skipIf(kind === 'redis' && !redisIsHere)(`${what} (queue on ${kind})`, () => {
      cases(kind);
    });
}

/** The store of the queues, and how to lose all that is in it. */
export type QueueServer = {
  readonly kind: 'redis' | 'postgres';
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly wipe: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a Redis as production has it: nothing is evicted. */
export async function startRedis(): Promise<QueueServer> {
  const port = await freePort();
  const child: ChildProcess = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ],
    { stdio: 'ignore' },
  );
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on('error', () => undefined); // Refused until it listens.
  await redis.ping();
  return {
    kind: 'redis',
    url: `redis://127.0.0.1:${port}`,
    environment: { REDIS_URL: `redis://127.0.0.1:${port}` },
    wipe: async () => void (await redis.flushall()),
    stop: async () => {
      redis.disconnect();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The product's own queue database; wiping empties every table of the queue but the list of its migrations. */
export function postgresQueue(adminUrl: string, installation: string): QueueServer {
  const url = new URL(adminUrl);
  url.pathname = `/${installation}_queue`;
  return {
    kind: 'postgres',
    url: url.href,
    environment: {},
    wipe: async () => {
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      try {
        const { rows } = await client.query<{ name: string }>(
          `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'`,
        );
        await until('the queue is wiped', 10_000, () =>
          client.query(`set lock_timeout = '500ms'; truncate ${rows.map(({ name }) => name).join(', ')}`).then(
            () => true,
            () => false, // Somebody adds or takes a job right now.
          ),
        );
      } finally {
        await client.end();
      }
    },
    stop: () => Promise.resolve(),
  };
}
