import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { databaseAddress, databaseUrl } from '../src/platform/database.ts';
import { startScratchPostgres } from '../src/platform/postgres/index.ts';

/** What makes a commit durable; a benchmark without any of them says nothing. */
const DURABLE = ['fsync', 'synchronous_commit', 'full_page_writes'] as const;
const TOLD = ['shared_buffers', 'max_wal_size', 'work_mem', 'wal_level', 'autovacuum', 'wal_sync_method'] as const;

/** A server that was started for the benchmark. */
export type Postgres = {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
  /** An administrator's connections to a database of the server; closed with it. */
  readonly admin: (database: string) => pg.Pool;
  readonly urlOf: (database: string) => string;
  readonly stop: () => Promise<void>;
};

/** Starts the product's own PostgreSQL with the product's settings, and refuses one whose commits are not durable. */
export async function startPostgresForBench(): Promise<Postgres> {
  const server = await startScratchPostgres();
  const pools = new Map<string, pg.Pool>();
  const urlOf = (database: string): string => databaseUrl({ ...databaseAddress(server.url), database });
  const admin = (database: string): pg.Pool => {
    let pool = pools.get(database);
    if (pool === undefined) {
      pool = new pg.Pool({ connectionString: urlOf(database), max: 2, options: '-c jit=off -c TimeZone=UTC' });
      pool.on('error', () => undefined); // The server is stopped while they idle.
      pools.set(database, pool);
    }
    return pool;
  };
  const stop = async (): Promise<void> => {
    await Promise.allSettled([...pools.values()].map((pool) => pool.end()));
    await server.stop();
  };
  try {
    const settings: Record<string, string> = {};
    for (const name of [...DURABLE, ...TOLD]) {
      const { rows } = await admin('postgres').query<Record<string, string>>(`show ${name}`);
      settings[name] = rows[0]?.[name] ?? '';
    }
    const loose = DURABLE.filter((name) => settings[name] !== 'on');
    if (loose.length > 0) throw new Error(`commits would not be durable: ${loose.join(', ')} not on`);
    const { rows } = await admin('postgres').query<{ server_version: string }>('show server_version');
    return { url: server.url, pid: server.pid, version: rows[0]?.server_version ?? '', settings, admin, urlOf, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export type RedisServer = {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
};

/** Starts a Redis of the machine as production runs it (append-only file, noeviction); undefined where there is none. */
export async function startRedisForBench(): Promise<RedisServer | undefined> {
  const version = redisVersion();
  if (version === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'cascade-bench-redis-'));
  const port = await freePort();
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'];
  const child = spawn('redis-server', [...words, ...durable], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `redis://127.0.0.1:${port}`;
  const redis = new Redis(url, { maxRetriesPerRequest: 20, retryStrategy: () => 100 });
  redis.on('error', () => undefined); // It is just coming up.
  try {
    await redis.ping();
    const settings: Record<string, string> = {};
    for (const name of ['appendonly', 'appendfsync', 'maxmemory-policy']) {
      const [, value] = await redis.config('GET', name);
      settings[name] = value ?? '';
    }
    return { url, pid: child.pid ?? 0, version, settings, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    redis.disconnect();
  }
}

function redisVersion(): string | undefined {
  try {
    return (
      /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8', timeout: 5_000 }))?.[1] ??
      'unknown'
    );
  } catch {
    return undefined; // There is none: its rows are reported as skipped.
  }
}

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('No port')),
      );
    });
  });
}
