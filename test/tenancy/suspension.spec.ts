import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { COMMISSION_QUEUE, makeDispatcher, tradeExecutedHandler } from '../../src/commissions/index.ts';
import { me } from '../../src/identity/sign-in/contract.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { ndjsonOf } from '../../src/platform/tenant-client.ts';
import { startWorkers } from '../../src/platform/queue/index.ts';
import { query } from '../../src/platform/query.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import * as contract from '../../src/tenancy/contract.ts';
import { signFeedRequest } from '../../src/trading/index.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { makePerson, type Person } from '../support/people.ts';
import { openTestQueues, type TestQueues } from '../support/queues.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

const SUSPENDED = { code: 'tenancy.suspended', status: 403 };
const BITES_MS_MAX = 5_000;
const counts = query(
  'test.booked_and_parked',
  z.object({ booked: z.int(), parked: z.int(), received: z.int() }),
  `
  select (select count(*)::integer from commissions.bookings) as booked,
         (select count(*)::integer from trading.parked) as parked,
         (select count(*)::integer from trading.deals) as received`,
);

describe('A suspended tenant', () => {
  let api: TestApi;
  /** Another process of the installation: it has looked up the tenant before, and is told of nothing. */
  let elsewhere: Tenancy;
  let queues: TestQueues;
  let brokerage: Brokerage;
  let acme: Tenant;
  let operator: Person;
  let client: Person;
  const act = (operation: typeof contract.suspendTenantOperation) =>
    api.call(operation, { token: operator.token, params: { tenantId: acme.id }, body: { reason: 'Unpaid' } });
  const resume = () =>
    api.call(contract.resumeTenantOperation, { token: operator.token, params: { tenantId: acme.id } });
  const countsThere = () => api.tenancy.withTenantEvenSuspended(acme.id, testOrigin, (tx) => counts(tx, {}));
  const sendDeals = () => {
    const { id, secret } = brokerage.source;
    const body = Buffer.from(ndjsonOf(brokerage.deal({ heldMs: 1 }).map((deal) => ({ type: 'deal.add', deal }))));
    const parts = { timestamp: String(Math.floor(Date.now() / 1000)), nonce: randomUUID(), batch: randomUUID(), body };
    return api.raw({
      path: `/feeds/${id}/events`,
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        'cascade-batch': parts.batch,
        'cascade-timestamp': parts.timestamp,
        'cascade-nonce': parts.nonce,
        'cascade-signature': signFeedRequest(secret, parts),
      },
      body,
    });
  };

  beforeAll(async () => {
    api = await openTestApi({
      dependencies: { sealerOf: (purpose) => makeSealer('a secret of the tests alone', purpose) }, // The brokerage's.
    });
    acme = api.tenantOf('acme');
    elsewhere = await openTestTenancy({
      installation: api.tenancy.creation.installation,
      access: 'application',
      registryTtlMs: 3_000, // As in production.
    });
    const inTenant = <T>(work: Parameters<typeof elsewhere.withTenant<T>>[2]) =>
      elsewhere.withTenant(acme.id, testOrigin, work);
    brokerage = await openBrokerage({ tenancy: api.tenancy, tenant: acme, inTenant, close: api.close });
    queues = await openTestQueues([COMMISSION_QUEUE]);
    operator = await makePerson(api, { tenant: null });
    client = await makePerson(api, { roles: ['client'] });
  });
  afterAll(async () => {
    await elsewhere.close();
    await api.close();
    await queues.close();
  });

  it('answers nobody any more, in other processes within 5 s, whatever they had looked up', async () => {
    expect((await api.call(me, { token: client.token })).status).toBe(200);
    await elsewhere.tenantOfHost('acme.localhost');
    const suspended = (await act(contract.suspendTenantOperation)).ok();
    const since = performance.now();
    expect(suspended).toMatchObject({ status: 'suspended', suspension: { reason: 'Unpaid' } });
    expect(await api.call(me, { token: client.token })).toMatchObject(SUSPENDED);
    const refusals = [
      () => elsewhere.tenantOfHost('acme.localhost'),
      () => elsewhere.withTenant(acme.id, testOrigin, (tx) => counts(tx, {})),
    ];
    for (const ask of refusals)
      await expect
        .poll(() => ask().catch((error: unknown) => error), { timeout: BITES_MS_MAX, interval: 50 })
        .toMatchObject(SUSPENDED);
    expect(performance.now() - since).toBeLessThan(BITES_MS_MAX);
    expect(await act(contract.suspendTenantOperation)).toMatchObject({ status: 409, code: 'tenancy.not_active' });
  });

  it('tells its feeds to send again later, and keeps nothing meanwhile', async () => {
    const answer = await sendDeals();
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(answer.text())).toMatchObject({ code: 'http.feed_suspended' });
    expect(await countsThere()).toMatchObject([{ received: 0 }]);
  });

  it('is told in its own chain of events, and goes on where it was when it is resumed: nothing is lost or parked', async () => {
    expect((await resume()).ok()).toMatchObject({ status: 'active', suspension: null });
    expect(await resume()).toMatchObject({ status: 409, code: 'tenancy.not_suspended' });
    expect((await sendDeals()).status).toBe(200);
    expect((await api.call(me, { token: client.token })).status).toBe(200);
    const { withTenant } = api.tenancy;
    const dispatcher = makeDispatcher({ withTenant, queues, leaseMs: 0 });
    await dispatcher.enqueueDue(acme.id);
    await act(contract.suspendTenantOperation);
    const ends: string[] = [];
    const workers = await startWorkers(
      queues.store,
      [tradeExecutedHandler({ withTenant, memory: brokerage.memory, dispatcher, log: testLog })],
      {
        withTenant,
        log: testLog,
        settings: { concurrency: 1, lockMs: 10_000, stalledCheckMs: 1_000 },
        onEnd: ({ outcome }) => ends.push(outcome),
      },
    );
    await expect.poll(() => ends.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(ends).not.toContain('done');
    expect(await countsThere()).toMatchObject([{ booked: 0, parked: 0 }]);
    await resume();
    await expect
      .poll(
        async () => {
          await dispatcher.sweep(acme.id);
          return countsThere();
        },
        { timeout: 10_000, interval: 200 },
      )
      .toMatchObject([{ booked: 1, parked: 0, received: 2 }]);
    await workers.close(1_000);
    const told = await api.tenancy.withTenant(acme.id, testOrigin, async (tx) => {
      const types = `select type from platform.events where stream like 'installation/%' order by seq`;
      return (await tx.sql.raw<{ rows: { type: string }[] }>(types)).rows.map(({ type }) => type);
    });
    expect(told).toEqual(
      ['created', 'suspended', 'resumed', 'suspended', 'resumed'].map((what) => `tenancy.tenant_${what}`),
    );
  });
});
