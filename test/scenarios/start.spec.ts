import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { findPostgres, startPostgres } from '../../src/platform/postgres/index.ts';
import { freePort, type QueueServer, startRedis } from '../faults/support/queue-server.ts';
import { cascade } from '../support/cascade.ts';
import { run as sql } from '../support/postgres-processes.ts';
import { type Started, startProduct } from '../support/started.ts';

vi.setConfig({ testTimeout: 180_000 }); // Starts of servers, and deals that come in at the pace of people.
const WAIT = { timeout: 60_000, interval: 200 };

const running: Started[] = [];
afterEach(async () => {
  for (const product of running.splice(0)) if (product.child.exitCode === null) await product.stop('SIGKILL');
});
function start(port: number, environment: Record<string, string>): Started {
  const product = startProduct(port, environment);
  running.push(product);
  return product;
}

describe('npm start', () => {
  let folder: string;
  let environment: Record<string, string>;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'cascade-start-spec-'));
    chmodSync(folder, 0o755);
    environment = { CASCADE_DATA: path.join(folder, 'data') };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const server = async (): Promise<{ url: string; pid: number } | undefined> =>
    findPostgres(path.join(folder, 'data', 'postgres'));
  const booked = async (tenant: string): Promise<number> => {
    const found = await server();
    if (found === undefined) return -1;
    const url = new URL(found.url);
    url.pathname = `/cascade_${tenant}`;
    const row = await sql(url.href, 'select count(*)::int as bookings from commissions.bookings').catch(
      () => undefined,
    ); // Away for a moment.
    return Number(row?.['bookings'] ?? -1);
  };
  /** Deals go on coming in, and are booked, for every demo tenant. */
  const goesOn = async (least = 2): Promise<void> => {
    for (const tenant of ['acme', 'zenith']) {
      const before = await booked(tenant);
      await expect.poll(() => booked(tenant), WAIT).toBeGreaterThanOrEqual(Math.max(0, before) + least);
    }
  };

  it('comes up from nothing, books live deals, says where it is, and stops in order within seconds', async () => {
    const product = start(await freePort(), environment);
    await product.untilReady();
    const { out } = product.said();
    const token = readFileSync(path.join(folder, 'data', 'operator-token'), 'utf8').trim();
    for (const part of [
      `http://localhost:${product.port}/`,
      `http://acme.localhost:${product.port}`,
      token,
      'PostgreSQL embedded at 127.0.0.1',
      'as <role>@acme.example',
      'password        orange bicycle under the bridge',
    ])
      expect(out).toContain(part);
    await goesOn();
    const authorization = `Bearer ${token}`;
    expect((await product.get('/')).status).toBe(200);
    for (const page of ['/ops', '/ops/queues', '/metrics']) {
      expect((await product.get(page)).status).toBe(401);
      expect((await product.get(page, { authorization })).status).toBe(200);
    }
    const metrics = (await product.get('/metrics', { authorization })).text();
    expect(metrics).toMatch(/^cascade_feed_lines_total\{verdict="accepted"\} [1-9]/m);
    const stoppedAtMs = performance.now();
    expect(await product.stop('SIGINT')).toBe(0);
    expect(performance.now() - stoppedAtMs).toBeLessThan(15_000);
    expect(await server()).toBeUndefined();
  });

  it('finds its data again, survives SIGKILL of itself and of its database, and the books still add up', async () => {
    const first = start(await freePort(), environment);
    await first.untilReady();
    await goesOn();
    const before = await booked('acme');
    expect(await first.stop('SIGKILL')).toBeNull();
    const left = await server();
    expect(left).toBeDefined(); // Nobody was there to stop it; the next start takes it over.

    const second = start(first.port, environment);
    await second.untilReady();
    expect((await server())?.pid).toBe(left?.pid);
    expect(await booked('acme')).toBeGreaterThanOrEqual(before);
    await goesOn();

    process.kill(left?.pid ?? 0, 'SIGKILL');
    await expect.poll(async () => (await server())?.pid, WAIT).not.toBe(left?.pid);
    await expect.poll(async () => (await second.get('/readyz').catch(() => undefined))?.status, WAIT).toBe(200);
    await goesOn();

    for (const tenant of ['acme', 'zenith']) {
      const verified = await cascade(['verify', '--tenant', tenant, '--recompute', '--json'], environment);
      expect(verified.code, verified.out).toBe(0);
    }
    expect(await second.stop('SIGTERM')).toBe(0);
    expect(await server()).toBeUndefined();
  });

  it('refuses to run on the database of a tenant that it cannot bring up to date, and says which and why', async () => {
    const made = await cascade(['tenants', 'create', 'zeta', '--name', 'Zeta'], environment);
    expect(made).toMatchObject({ code: 0, err: '' });
    const holder = await startPostgres({ dataDir: path.join(folder, 'data', 'postgres') });
    const url = new URL(holder.url);
    url.pathname = '/cascade_zeta';
    const future = `insert into public.schema_migrations (name, batch, migration_time) values ('209901010000_expand_future.ts', 9, now())`;
    await sql(url.href, future);
    await holder.stop();
    const product = start(await freePort(), environment);
    expect(await product.ended).toBe(1);
    expect(product.said().err).toMatch(
      /^main\.tenant_not_migrated: .*zeta: tenancy\.migration_failed: .*209901010000_expand_future\.ts/m,
    );
    expect(await server()).toBeUndefined();
    const again = await startPostgres({ dataDir: path.join(folder, 'data', 'postgres') });
    await sql(
      url.href.replace(`:${holder.port}/`, `:${again.port}/`),
      `delete from public.schema_migrations where name = '209901010000_expand_future.ts'`,
    );
    await again.stop();
  });

  it('says that its port is taken, ends with 1, and leaves no database running', async () => {
    const other: Server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, '0.0.0.0', resolve));
    const product = start(port, environment);
    expect(await product.ended).toBe(1);
    expect(product.said().err).toMatch(new RegExp(`^main\\.port_in_use: .*${port}.*$`, 'm'));
    expect(await server()).toBeUndefined();
    await new Promise((resolve) => other.close(resolve));
  });
});

/** Redis is no part of the product: where it is not installed, only these tests are skipped. */
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

describe.skipIf(!hasRedis)('npm start on a given PostgreSQL and Redis', () => {
  let redis: QueueServer;
  let admin: Redis;
  let environment: Record<string, string>;
  let folder: string;
  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.environment['REDIS_URL'] ?? '');
    folder = mkdtempSync(path.join(tmpdir(), 'cascade-start-spec-'));
    environment = {
      ...redis.environment,
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: `t${randomBytes(4).toString('hex')}`,
    };
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  it('refuses a Redis that may evict jobs', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const product = start(await freePort(), environment);
    expect(await product.ended).toBe(1);
    expect(product.said().err).toMatch(/^queue\.redis_evicts: .*allkeys-lru.*noeviction\n$/);
  });

  it('books on both, warns where Redis keeps no append-only file, and shows its jobs to nobody else', async () => {
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    const product = start(await freePort(), environment);
    await product.untilReady();
    expect(product.said()).toMatchObject({
      out: expect.stringMatching(/queue +Redis\n/) as string,
      err: expect.stringContaining('append-only') as string,
    });
    const url = new URL(inject('adminUrl'));
    url.pathname = `/${environment['CASCADE_INSTALLATION']}_acme`;
    const booked = async () =>
      Number((await sql(url.href, 'select count(*)::int as bookings from commissions.bookings'))?.['bookings']);
    await expect.poll(booked, WAIT).toBeGreaterThan(2);
    expect(await admin.keys('bull:*')).toEqual([]);
    expect((await admin.keys(`${environment['CASCADE_INSTALLATION']}:commissions:*`)).length).toBeGreaterThan(0);
    const authorization = `Bearer ${readFileSync(path.join(folder, 'operator-token'), 'utf8').trim()}`;
    expect((await product.get('/ops/queues/api/queues', { authorization })).text()).toMatch(
      /"name":"commissions".*"completed":[1-9]/,
    );
    expect(await product.stop('SIGTERM')).toBe(0);
  });
});
