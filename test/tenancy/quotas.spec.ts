import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/kernel/clock.ts';
import type { TenantId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import type { WithControl } from '../../src/platform/tenant-tx.ts';
import {
  deliverNotices,
  noteFigures,
  QuotaBook,
  type Tenancy,
  tellUnexpected,
  UsageMeter,
} from '../../src/tenancy/index.ts';
import * as contract from '../../src/tenancy/contract.ts';
import { quotasByDefault } from '../../src/tenancy/quotas/rules.ts';
import { setQuotas } from '../../src/tenancy/quotas/service.ts';
import { usagePage } from '../../src/tenancy/quotas/queries.ts';
import { createClient } from '../../src/clients/people/contract.ts';
import { inviteUser } from '../../src/identity/staff/contract.ts';
import { me } from '../../src/identity/sign-in/contract.ts';
import { openTestApi } from '../support/api.ts';
import { makePerson } from '../support/people.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

const told = query(
  'test.told_of_trades',
  z.object({ payload: z.record(z.string(), z.unknown()) }),
  `select payload from platform.events where type = 'tenancy.trades_beyond_expected'`,
);
const away: WithControl = () => Promise.reject(new Error('the control database is away'));

describe('What a tenant uses', () => {
  let tenancy: Tenancy;
  let acme: TenantId;
  let zenith: TenantId;
  const meter = (withControl = tenancy.withControl) => new UsageMeter({ withControl, periodMs: 60_000, log: testLog });
  const today = async (tenantId: TenantId) =>
    (await tenancy.withControl((tx) => usagePage(tx, { tenantId }, { limit: 10, sort: '-day' }))).rows[0];

  beforeAll(async () => {
    tenancy = await openTestTenancy();
    acme = (await tenancy.createTenant({ slug: 'acme', name: 'Acme' })).id;
    zenith = (await tenancy.createTenant({ slug: 'zenith', name: 'Zenith' })).id;
  });
  afterAll(() => tenancy.close());

  it('adds up over processes, each tenant for itself, on the day of the database', async () => {
    const meters = [meter(), meter(), meter()];
    for (const each of meters)
      for (let count = 0; count < 100; count += 1) {
        each.add(acme, 'requests');
        each.add(acme, 'trades', 3);
        each.add(zenith, 'requests', 2);
      }
    await Promise.all(meters.map((each) => each.stop()));
    expect(await today(acme)).toMatchObject({ requests: 300n, trades: 900n, users: null, sampledAt: null });
    expect(await today(zenith)).toMatchObject({ requests: 600n, trades: 0n });
  });

  it('is written later where the control database is away', async () => {
    let isAway = true;
    const one = meter((work) => (isAway ? away(work) : tenancy.withControl(work)));
    one.add(zenith, 'trades', 7);
    await one.flush();
    one.add(zenith, 'trades', 1);
    isAway = false;
    await one.stop();
    expect(await today(zenith)).toMatchObject({ trades: 8n });
  });

  it('is looked at now and again: people, clients, size of the database, trades that wait', async () => {
    const deps = {
      withControl: tenancy.withControl,
      withTenant: tenancy.withTenant,
      countsOf: async (tenantId: TenantId) => {
        if (tenantId === zenith) throw new Error('its database is away');
        return { users: 3, clients: 20, tradesDue: 5 };
      },
      log: testLog,
    };
    const limits = { ageMs: 60_000, max: 10 };
    expect(await noteFigures(deps, limits)).toBe(1);
    expect(await today(acme)).toMatchObject({ requests: 300n, users: 3n, clients: 20n, tradesDue: 5n });
    expect(Number((await today(acme))?.databaseBytes)).toBeGreaterThan(1_000_000);
    expect(await noteFigures({ ...deps, countsOf: () => Promise.reject(new Error('asked again')) }, limits)).toBe(0);
  });

  it('beyond what was expected is told to operator and tenant, once a day', async () => {
    const quotas = { ...quotasByDefault, tradesPerDayExpected: 1_000n };
    await tenancy.withControl((tx) => setQuotas(tx, acme, quotas), testOrigin);
    expect(await tellUnexpected(tenancy.withControl)).toBe(0);
    const one = meter();
    one.add(acme, 'trades', 101);
    await one.stop();
    expect(await tellUnexpected(tenancy.withControl)).toBe(1);
    expect(await tellUnexpected(tenancy.withControl)).toBe(0);
    await deliverNotices({ ...tenancy, log: testLog });
    expect(await tenancy.withTenant(acme, testOrigin, (tx) => told(tx, {}))).toEqual([
      { payload: { trades: '1001', expected: '1000' } },
    ]);
  });

  it('is bounded by quotas that are at most as old as they are kept, and the last known ones count while they cannot be read', async () => {
    let isAway = false;
    const withControl: WithControl = (work) => (isAway ? away(work) : tenancy.withControl(work));
    const book = new QuotaBook({ withControl, keptMs: 40, log: testLog });
    expect(await book.requestsPerMinuteOf(zenith)).toBeNull();
    await tenancy.withControl((tx) => setQuotas(tx, zenith, { ...quotasByDefault, usersMax: 2, requestsPerMinute: 9 }));
    await expect.poll(() => book.requestsPerMinuteOf(zenith)).toBe(9);
    isAway = true;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await book.requestsPerMinuteOf(zenith)).toBe(9);
    await expect(book.refuseMore(zenith, 'users', 1)).resolves.toBeUndefined();
    await expect(book.refuseMore(zenith, 'users', 2)).rejects.toMatchObject({
      code: 'tenancy.quota_exceeded',
      status: 403,
    });
    await expect(book.refuseMore(zenith, 'clients', 1_000_000)).resolves.toBeUndefined();
  });
});

describe('Requests to a tenant', () => {
  it('are counted, shown to the operator, and answered 429 beyond the tenant’s quota', async () => {
    const api = await openTestApi();
    const { id: tenantId } = api.tenantOf('acme');
    const operator = await makePerson(api, { tenant: null });
    const client = await makePerson(api, { roles: ['client'] });
    const asOperator = { token: operator.token, params: { tenantId } };
    const quotas = { ...quotasByDefault, requestsPerMinute: 5, tradesPerDayExpected: null };
    expect((await api.call(contract.setTenantQuotas, { ...asOperator, body: quotas })).status).toBe(200);
    const statuses: number[] = [];
    for (let count = 0; count < 8; count += 1) statuses.push((await api.call(me, { token: client.token })).status);
    expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
    expect(statuses.slice(6)).toEqual([429, 429]);
    await (api.deps.usage as UsageMeter).flush();
    const usage = (await api.call(contract.readTenantUsage, asOperator)).ok();
    expect(usage.data).toMatchObject([
      { day: systemClock.now().toISOString().slice(0, 10), requests: '8', trades: '0' },
    ]);
    await api.close();
  });

  it('add no more clients and people than its quotas allow', async () => {
    const api = await openTestApi();
    const { id: tenantId } = api.tenantOf('acme');
    const operator = await makePerson(api, { tenant: null });
    const { token } = await makePerson(api, { roles: ['owner'] });
    const quotas = { ...quotasByDefault, usersMax: 1, clientsMax: 1, tradesPerDayExpected: null };
    const asked = { token: operator.token, params: { tenantId }, body: quotas };
    expect((await api.call(contract.setTenantQuotas, asked)).status).toBe(200);
    const person = { firstName: 'Kim', lastName: 'Novak', country: 'DE' };
    const add = (email: string) => api.call(createClient, { token, body: { ...person, email } });
    expect((await add('kim@example.com')).status).toBe(201);
    const full = { status: 403, code: 'tenancy.quota_exceeded' };
    expect(await add('lena@example.com')).toMatchObject(full);
    const invited = { email: 'omar@example.com', name: 'Omar', roles: ['support'] };
    expect(await api.call(inviteUser, { token, body: invited })).toMatchObject(full);
    await api.close();
  });
});
