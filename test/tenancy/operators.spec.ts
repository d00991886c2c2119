import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { exportsFolderOf } from '../../src/main/folders.ts';
import { startTenantsWork } from '../../src/main/tenants.ts';
import type { TenantId } from '../../src/kernel/ids.ts';
import { verifyEvents } from '../../src/platform/events/index.ts';
import type { Periodic } from '../../src/platform/periodic.ts';
import { query } from '../../src/platform/query.ts';
import { nudgeOperation, TENANT_QUEUE, verifyExport } from '../../src/tenancy/index.ts';
import * as contract from '../../src/tenancy/contract.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson, type Person } from '../support/people.ts';
import { openTestQueues, type TestQueues } from '../support/queues.ts';
import { testLog, testOrigin } from '../support/tenancy.ts';

const told = query(
  'test.told_by_the_installation',
  z.object({ type: z.string(), actor: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select type, actor, payload from platform.events where stream like 'installation/%' order by seq`,
);

describe('Operators', () => {
  let api: TestApi;
  let queues: TestQueues;
  let work: Periodic;
  let data: string;
  let operator: Person;
  const asOperator = () => ({ token: operator.token });
  const toldTo = (tenantId: TenantId) =>
    api.tenancy.withTenantEvenSuspended(tenantId, testOrigin, (tx) => told(tx, {}));
  const ended = async (operationId: string) => {
    const asked = { ...asOperator(), params: { operationId } };
    await expect
      .poll(async () => (await api.call(contract.readOperation, asked)).ok().state, { timeout: 20_000, interval: 50 })
      .toMatch(/done|failed/);
    return (await api.call(contract.readOperation, asked)).ok();
  };

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cascade-operators-'));
    queues = await openTestQueues([TENANT_QUEUE]);
    api = await openTestApi({
      tenants: ['acme', 'zenith'],
      environment: { CASCADE_DATA: data },
      dependencies: {
        nudgeOperation: (id) => nudgeOperation({ withControl: api.tenancy.withControl, queues, log: testLog }, id),
      },
    });
    work = await startTenantsWork(
      { ...api.deps, platform: api, work: { store: queues.store, queues } },
      { leaseMs: 2_000, patienceMs: 500, periodMs: 200 },
    );
    operator = await makePerson(api, { tenant: null });
  });
  afterAll(async () => {
    await work.stop();
    await api.close();
    await queues.close();
    await rm(data, { recursive: true });
  });

  it('list tenants, a page at a time, by name and status', async () => {
    const first = (await api.call(contract.listTenants, { ...asOperator(), query: { limit: '1' } })).ok();
    expect(first.data.map(({ slug }) => slug)).toEqual(['acme']);
    const cursor = first.nextCursor ?? '';
    const second = (await api.call(contract.listTenants, { ...asOperator(), query: { limit: '1', cursor } })).ok();
    expect(second.data.map(({ slug }) => slug)).toEqual(['zenith']);
    const sought = (
      await api.call(contract.listTenants, { ...asOperator(), query: { q: 'ZEN', status: 'active' } })
    ).ok();
    expect(sought).toMatchObject({ data: [{ slug: 'zenith' }], nextCursor: null });
  });

  it('are nobody else: a tenant’s owner, and somebody without a token, are refused', async () => {
    const owner = await makePerson(api, { roles: ['owner'] });
    expect((await api.call(contract.listTenants, { token: owner.token })).status).toBe(401);
    expect((await api.call(contract.listTenants)).status).toBe(401);
  });

  it('suspend and export only with a second factor that was given just now', async () => {
    const { token } = await makePerson(api, { tenant: null, isProven: false });
    const asked = { token, params: { tenantId: api.tenantOf('acme').id }, body: { reason: 'Just so' } };
    for (const operation of [contract.suspendTenantOperation, contract.exportTenantOperation])
      expect((await api.call(operation, asked)).status).toBe(403);
  });

  it('create a tenant, which answers under its host when the operation is done, and knows who made it', async () => {
    const answer = await api.call(contract.createTenantOperation, {
      ...asOperator(),
      body: { slug: 'nordic', name: 'Nordic FX' },
    });
    expect(answer.status).toBe(202);
    const { id, tenantId, kind } = answer.ok();
    expect(answer.headers['location']).toBe(`/api/v1/operations/${id}`);
    expect(kind).toBe('create');
    expect(await ended(id)).toMatchObject({
      state: 'done',
      problem: null,
      requestedBy: expect.stringContaining(operator.id) as string,
    });
    const tenant = (await api.call(contract.readTenant, { ...asOperator(), params: { tenantId } })).ok();
    expect(tenant).toMatchObject({
      slug: 'nordic',
      name: 'Nordic FX',
      status: 'active',
      hosts: ['nordic.localhost'],
      isCurrent: true,
      suspension: null,
    });
    expect((await api.tenancy.tenantOfHost('nordic.localhost')).id).toBe(tenantId);
    await expect.poll(() => toldTo(tenantId)).toMatchObject([{ type: 'tenancy.tenant_created' }]);
    const again = await api.call(contract.createTenantOperation, {
      ...asOperator(),
      body: { slug: 'nordic', name: 'x' },
    });
    expect(again).toMatchObject({ status: 409, code: 'tenancy.slug_taken' });
    const ill = await api.call(contract.createTenantOperation, { ...asOperator(), body: { slug: 'queue', name: 'x' } });
    expect(ill).toMatchObject({ status: 422, code: 'tenancy.slug_invalid' });
  });

  it('migrate a tenant; what was applied is the result', async () => {
    const { id: tenantId } = api.tenantOf('acme');
    const { id } = (await api.call(contract.migrateTenantOperation, { ...asOperator(), params: { tenantId } })).ok();
    expect(await ended(id)).toMatchObject({ state: 'done', result: { applied: [], files: null, rows: null } });
    const listed = await api.call(contract.listOperations, { ...asOperator(), query: { tenantId, state: 'done' } });
    expect(listed.ok().data).toMatchObject([{ id, kind: 'migrate' }]);
  });

  it('export a tenant for a reason that the tenant sees, and download the files', async () => {
    const { id: tenantId } = api.tenantOf('zenith');
    const reason = 'The contract ends';
    const params = { tenantId };
    const begun = (await api.call(contract.exportTenantOperation, { ...asOperator(), params, body: { reason } })).ok();
    const twice = await api.call(contract.exportTenantOperation, { ...asOperator(), params, body: { reason } });
    if (twice.status !== 202) expect(twice).toMatchObject({ status: 409, code: 'tenancy.operation_under_way' });
    const done = await ended(begun.id);
    expect(done.state).toBe('done');
    const files = done.result?.files ?? [];
    expect(files[0]?.name).toBe('manifest.json');
    expect(done.progress.done).toBe(files.length - 1);
    const folder = path.join(exportsFolderOf(api.config), 'zenith', begun.id);
    expect(await verifyExport(folder)).toMatchObject({ ok: true, rows: done.result?.rows });
    const asked = { ...asOperator(), params: { operationId: begun.id, name: 'platform.events.csv' } };
    const file = await api.call(contract.downloadExport, asked);
    expect(file.status).toBe(200);
    expect(file.text).toMatch(/^seq,stream,version,type,/);
    expect(file.headers).toMatchObject({
      'content-disposition': 'attachment; filename="zenith-platform.events.csv"',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    for (const name of ['..manifest.json', 'manifest.json.bak', 'identity.passwords.csv']) {
      const other = { ...asOperator(), params: { operationId: begun.id, name } };
      expect((await api.call(contract.downloadExport, other)).status).toBe(404);
    }
    await expect
      .poll(async () => (await toldTo(tenantId)).map(({ type }) => type))
      .toEqual(
        expect.arrayContaining(['tenancy.export_requested', 'tenancy.tenant_exported', 'tenancy.export_downloaded']),
      );
    const requested = (await toldTo(tenantId)).find(({ type }) => type === 'tenancy.export_requested');
    expect(requested).toMatchObject({ actor: expect.stringContaining(operator.id) as string, payload: { reason } });
  });

  it('set quotas, and no more exports are made than they say', async () => {
    const { id: tenantId } = api.tenantOf('zenith');
    const quotas = {
      requestsPerMinute: 50,
      usersMax: 3,
      clientsMax: null,
      exportsPerDay: 1,
      tradesPerDayExpected: '1000',
    };
    const params = { tenantId };
    const set = await api.call(contract.setTenantQuotas, { ...asOperator(), params, body: quotas });
    expect(set.ok()).toEqual(quotas);
    expect((await api.call(contract.readTenant, { ...asOperator(), params })).ok().quotas).toEqual(quotas);
    const refused = await api.call(contract.exportTenantOperation, {
      ...asOperator(),
      params,
      body: { reason: 'Once more' },
    });
    expect(refused).toMatchObject({ status: 429, code: 'tenancy.exports_exhausted' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const events = await toldTo(tenantId);
    expect(events.find(({ type }) => type === 'tenancy.quotas_changed')?.payload).toMatchObject({
      before: { exportsPerDay: 10 },
      after: quotas,
    });
  });

  it('get the same answer for every tenant and operation that is not there', async () => {
    const tenantId = 'tnt_00000000000000000000000001' as TenantId;
    const params = { tenantId };
    const body = { reason: 'Nobody is there' };
    for (const answer of [
      await api.call(contract.readTenant, { ...asOperator(), params }),
      await api.call(contract.readTenantUsage, { ...asOperator(), params }),
      await api.call(contract.migrateTenantOperation, { ...asOperator(), params }),
      await api.call(contract.suspendTenantOperation, { ...asOperator(), params, body }),
      await api.call(contract.resumeTenantOperation, { ...asOperator(), params }),
      await api.call(contract.exportTenantOperation, { ...asOperator(), params, body }),
    ])
      expect(answer).toMatchObject({ status: 404, code: 'tenancy.tenant_unknown' });
    const absent = { ...asOperator(), params: { operationId: 'ops_00000000000000000000000001' } };
    expect(await api.call(contract.readOperation, absent)).toMatchObject({
      status: 404,
      code: 'tenancy.operation_unknown',
    });
  });

  it('leave a chain of events in the control database that verifies', async () => {
    expect(await api.withControl((tx) => verifyEvents(tx))).toEqual([]);
  });
});
