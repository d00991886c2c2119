import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/kernel/clock.ts';
import { createApp, type HttpServer, nobodySignsIn, serve } from '../../src/http/index.ts';
import {
  BOARD_PATH,
  type Metrics,
  createMetrics,
  metricsRoute,
  opsRoutes,
  queueBoard,
  queueState,
} from '../../src/ops/index.ts';
import { databaseAddress, databaseUrl, openPool, poolDefaults } from '../../src/platform/database.ts';
import { operatorGuard } from '../../src/platform/operator-token.ts';
import { type JobDefinition, type Queues, openQueues } from '../../src/platform/queue/index.ts';
import { type TenantClient, type TenantRequest, createTenantClient } from '../../src/platform/tenant-client.ts';
import { tenancyProblem } from '../../src/tenancy/errors.ts';
import { askRoute } from '../support/ask-route.ts';
import { testLog } from '../support/tenancy.ts';
import { concerns, duration } from '../../src/ops/page/rules.ts';
import { startPage } from '../../src/ops/page/render.ts';
import { busySnapshot, calmSnapshot } from '../support/snapshots.ts';

const TOKEN = 'operator-token-of-the-tests-0123456789';
const asOperator = { authorization: `Bearer ${TOKEN}` };

describe('An operator', () => {
  let client: TenantClient;
  let server: HttpServer;
  let queues: Queues;
  let metrics: Metrics;
  let ready: Record<string, () => Promise<void>>;
  let draining = false;
  const job: JobDefinition<{ n: number }> = {
    queue: 'commissions',
    name: 'TradeExecuted',
    payload: z.object({ n: z.number() }),
    sameAs: ({ n }) => `te.${n}`,
    attemptsMax: 3,
    backoffMs: 10,
  };

  beforeAll(async () => {
    const admin = databaseAddress(inject('adminUrl'));
    const database = `q${randomBytes(4).toString('hex')}`;
    const pool = openPool(admin, { ...poolDefaults, connectionsMax: 1 }, testLog);
    await pool.raw('create database ??', [database]);
    await pool.destroy();
    queues = await openQueues(
      { kind: 'postgres', url: databaseUrl({ ...admin, database }) },
      ['commissions', 'mail'],
      testLog,
    );
    metrics = createMetrics({
      queues: () => Promise.all(queues.all.map((queue) => queueState(queue, systemClock.now()))),
      pools: () => ({ pools: 2, poolsMax: 15, users: 1, waiting: 0 }),
      relay: () => ({ waiting: 0, active: 1, handled: 7, parked: 0, failingTenants: 0, lagEventsMax: 3 }),
    });
    ready = { database: async () => undefined, queue: () => queues.ping(), migrations: async () => undefined };
    const shared = { problemsUrl: 'https://docs.example.com/errors', clock: systemClock, log: testLog };
    const app = createApp({
      ...shared,
      isOperator: operatorGuard(TOKEN),
      guard: nobodySignsIn,
      withTenant: () => Promise.reject(tenancyProblem('tenancy.tenant_unknown')),
      baseHosts: [],
      trustedProxies: [],
      tenantOfHost: async () => {
        throw tenancyProblem('tenancy.host_unknown');
      },
      routes: opsRoutes({
        isOperator: operatorGuard(TOKEN),
        metrics,
        isDraining: () => draining,
        snapshot: async () => busySnapshot,
        checks: {
          database: () => ready['database']?.() ?? Promise.resolve(),
          queue: () => ready['queue']?.() ?? Promise.resolve(),
          migrations: () => ready['migrations']?.() ?? Promise.resolve(),
        },
      }),
      mounts: [{ path: BOARD_PATH, handler: queueBoard(queues.all) }],
      onRequest: metrics.observeRequest,
    });
    server = await serve(app, { ...shared, host: '127.0.0.1', port: 0, graceMs: 1_000, drainMs: 0 });
    client = createTenantClient();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
    await queues.close();
  });
  const ask = (path: string, more: Partial<TenantRequest> = {}) =>
    client.send({ url: `http://localhost:${server.port}${path}`, ...more });

  it('is told apart whether the process is alive, ready, or draining', async () => {
    expect((await ask('/healthz')).json()).toEqual({ status: 'alive' });
    expect((await ask('/readyz')).json()).toEqual({
      status: 'ready',
      checks: { database: 'ok', queue: 'ok', migrations: 'ok' },
    });
    const whole = ready;
    ready = {
      ...whole,
      database: () => Promise.reject(new Error('password authentication failed for user "cascade"')),
    };
    const missing = await ask('/readyz');
    expect([missing.status, missing.json()]).toEqual([
      503,
      { status: 'not_ready', checks: { database: 'failed', queue: 'ok', migrations: 'ok' } },
    ]);
    expect(missing.text()).not.toContain('password');
    ready = whole;
    draining = true;
    expect([(await ask('/healthz')).status, (await ask('/readyz')).status, (await ask('/readyz')).json()]).toEqual([
      200,
      503,
      { status: 'draining', checks: {} },
    ]);
    draining = false;
  });

  it('reads metrics of commissions, feed, queues, pools, requests and relay, and nobody else does', async () => {
    expect((await ask('/metrics')).status).toBe(401);
    metrics.observeBatch({ trades: 100, durationMs: 50 });
    metrics.countTrades('booked', 99);
    metrics.countTrades('parked', 1);
    metrics.countFeedLines('accepted', 40);
    metrics.countJob({ queue: 'commissions', name: 'TradeExecuted', outcome: 'done', tookMs: 51 });
    await queues.add(job, { n: 1 });
    await queues.add(job, { n: 2 });
    const scraped = await ask('/metrics', { headers: asOperator });
    expect(scraped.headers['content-type']).toMatch(/^text\/plain/);
    const lines = scraped.text().split('\n');
    for (const line of [
      'cascade_commission_batch_seconds_count 1',
      'cascade_commission_batch_seconds_sum 0.05',
      'cascade_commission_trade_seconds_count 100',
      'cascade_commission_trades_total{outcome="booked"} 99',
      'cascade_feed_lines_total{verdict="accepted"} 40',
      'cascade_queue_jobs{queue="commissions",state="waiting"} 2',
      'cascade_queue_jobs{queue="mail",state="waiting"} 0',
      'cascade_queue_workers{queue="commissions"} 0',
      'cascade_tenant_pools{state="users"} 1',
      'cascade_relay{what="lagEventsMax"} 3',
      'cascade_http_request_queries_count{method="GET",route="/healthz"} 2',
      'cascade_job_seconds_count{queue="commissions",name="TradeExecuted",outcome="done"} 1',
    ])
      expect(lines).toContain(line);
    const age = lines.find((line) => line.startsWith('cascade_queue_oldest_waiting_seconds{queue="commissions"}'));
    expect(Number(age?.split(' ')[1])).toBeGreaterThan(0);
  });

  it('still reads the other metrics while the queue is away', async () => {
    const lonely = createMetrics({
      queues: () => Promise.reject(new Error('connect ECONNREFUSED')),
      pools: () => ({ pools: 1, poolsMax: 2, users: 0, waiting: 0 }),
    });
    const answer = await askRoute([metricsRoute(lonely, 'public')], 'readMetrics');
    expect(answer.text).toContain('cascade_scrape_failures_total{source="queues"} 1');
    expect(answer.text).toContain('cascade_tenant_pools{state="pools"} 1');
    expect(answer.text).not.toContain('cascade_queue_jobs{');
  });

  it('sees the queues on the board on Postgres, and retries there, but makes and removes nothing', async () => {
    expect((await ask(`${BOARD_PATH}/`)).status).toBe(401);
    const page = await ask(`${BOARD_PATH}/`, { headers: asOperator });
    expect([page.status, page.text().includes('Cascade queues')]).toEqual([200, true]);
    const asset = /static\/js\/main\.[0-9a-f]+\.js/.exec(page.text())?.[0] ?? '';
    expect((await ask(`${BOARD_PATH}/${asset}`, { headers: asOperator, responseBytesMax: 20_000_000 })).status).toBe(
      200,
    );
    const listed = await ask(`${BOARD_PATH}/api/queues?activeQueue=commissions&page=1&jobsPerPage=10`, {
      headers: asOperator,
    });
    expect(listed.json()).toMatchObject({
      queues: expect.arrayContaining([
        expect.objectContaining({ name: 'commissions', counts: expect.objectContaining({ waiting: 2 }) as unknown }),
      ]) as unknown,
    });
    const change = (path: string, method: 'PUT' | 'POST' | 'PATCH' = 'PUT') =>
      ask(`${BOARD_PATH}/api/queues/${path}`, { method, headers: asOperator });
    expect((await change('commissions/retry/failed')).status).toBe(200);
    expect((await change('commissions/pause')).status).toBe(200);
    expect(await queues.all[0]?.isPaused()).toBe(true);
    expect((await change('commissions/resume')).status).toBe(200);
    for (const refused of [
      'commissions/empty',
      'commissions/obliterate',
      'commissions/te.1/clean',
      'commissions/clean/failed',
    ])
      expect((await change(refused)).json()).toMatchObject({ status: 403, code: 'ops.board_action_refused' });
    expect((await change('commissions/add', 'POST')).status).toBe(403);
    expect((await change('commissions/te.1/update-data', 'PATCH')).status).toBe(403);
    const [first] = queues.all;
    expect(first === undefined ? undefined : await queueState(first, systemClock.now())).toMatchObject({
      name: 'commissions',
      waiting: 2,
      active: 0,
      failed: 0,
      paused: false,
      workers: 0,
    });
  });

  it('sees on the start page what is running; anybody else sees that it is alive and how to get in', async () => {
    const harmless = (await ask('/')).text();
    expect(harmless).toContain('Cascade');
    expect(harmless).toContain('/ops');
    expect(harmless).not.toMatch(/Acme|acme|commissions|1,240,551/);
    expect((await ask('/ops')).status).toBe(401);
    for (const path of ['/', '/ops']) {
      const page = await ask(path, {
        headers: { authorization: `Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}` },
      });
      expect(page.headers['content-security-policy']).toContain("script-src 'self'");
      expect(page.text()).toMatch(/Acme Markets[\s\S]*1,240,551[\s\S]*commissions[\s\S]*worker/);
    }
    expect((await ask('/assets/ops.js')).headers['content-type']).toMatch(/^text\/javascript/);
    expect((await ask('/assets/ops.css')).headers['content-type']).toMatch(/^text\/css/);
  });

  it('is told when there are no figures', async () => {
    const failing = opsRoutes({
      isOperator: () => true,
      metrics,
      isDraining: () => false,
      checks: {},
      snapshot: () => Promise.reject(new Error('away')),
    });
    const answer = await askRoute(failing, 'showStartPage');
    expect(answer).toMatchObject({
      status: 503,
      text: expect.stringContaining('cannot be read at the moment') as unknown,
    });
  });
});

describe('The start page', () => {
  it('names what an operator should look at, worst first, and says so when there is nothing', () => {
    expect(concerns(busySnapshot)).toEqual([
      'tenant old-harbour: 2 bookings compute to something else',
      'queue notifications: no worker',
      'tenant boreal: not reachable',
      'relay: draining',
      'queue reports: paused',
    ]);
    expect(startPage(calmSnapshot)).toContain('all well');
    expect(concerns({ ...calmSnapshot, database: { ...calmSnapshot.database, reachable: false } })).toEqual([
      'database: not reachable',
    ]);
  });

  it('lets no name bring markup into it', () => {
    const [first] = busySnapshot.tenants;
    const tenants = first === undefined ? [] : [{ ...first, name: '<script>alert(1)</script> & "friends"' }];
    const page = startPage({ ...busySnapshot, tenants });
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;friends&quot;');
    expect(page).not.toContain('<script>alert');
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [15_120_000, '4 h 12 min'],
    [90_061_000, '1 d 1 h'],
  ])('writes %i ms as %s', (lengthMs, text) => expect(duration(lengthMs)).toBe(text));
});
