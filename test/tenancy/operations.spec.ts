import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import type { OperationId, TenantId } from '../../src/kernel/ids.ts';
import { platformProblem } from '../../src/platform/errors.ts';
import { nudgeOperation, sweepOperations, TENANT_QUEUE, type Tenancy, verifyExport } from '../../src/tenancy/index.ts';
import { registerTenant } from '../../src/tenancy/creation.ts';
import { tenantOperationDue } from '../../src/tenancy/operations/jobs.ts';
import { type RunnerDeps, runOperation } from '../../src/tenancy/operations/runner.ts';
import { operationNow, requestOperation } from '../../src/tenancy/operations/service.ts';
import type { OperationKind, TenantOperation } from '../../src/tenancy/operations/types.ts';
import { startRole } from '../faults/support/role.ts';
import { openTestQueues, type TestQueues } from '../support/queues.ts';
import { asControlAdmin, openTestTenancy, testLog } from '../support/tenancy.ts';

const SECRET = 'a secret for tests: 0123456789abcdef';
const operator = { actor: 'usr_operator', causation: 'test' };

describe('Long work on a tenant', () => {
  let tenancy: Tenancy;
  let queues: TestQueues;
  let acme: TenantId;
  let data: string;
  const ask = (kind: OperationKind, tenantId = acme): Promise<TenantOperation> =>
    tenancy.withControl((tx) => requestOperation(tx, systemClock, { kind, tenantId, reason: 'Asked for' }), operator);
  const now = (id: OperationId) => tenancy.withControl((tx) => operationNow(tx, id));
  const runner = (doer: RunnerDeps['doers']['migrate'], leaseMs = 10_000): RunnerDeps => ({
    withControl: tenancy.withControl,
    doers: { create: doer, migrate: doer, export: doer },
    leaseMs,
    log: testLog,
  });
  const nothing = async () => ({ result: {}, act: null });
  const nudging = () => ({ withControl: tenancy.withControl, queues, log: testLog });
  const jobs = async () => (await queues.all[0]?.getJobs(['waiting'], 0, 99))?.map(({ id }) => id) ?? [];

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cascade-operations-'));
    tenancy = await openTestTenancy({ secret: SECRET });
    queues = await openTestQueues([TENANT_QUEUE]);
    acme = (await tenancy.createTenant({ slug: 'acme', name: 'Acme' })).id;
  });
  afterAll(async () => {
    await queues.close();
    await tenancy.close();
    await rm(data, { recursive: true });
  });

  it('is asked for once: the same for the same tenant is refused until it has ended', async () => {
    const first = await ask('migrate');
    await expect(ask('migrate')).rejects.toMatchObject({
      code: 'tenancy.operation_under_way',
      members: { operationId: first.id },
    });
    await runOperation(runner(nothing), first.id);
    expect(await now(first.id)).toMatchObject({ state: 'done', attempts: 1, requestedBy: 'usr_operator' });
    const second = await ask('migrate');
    await runOperation(runner(nothing), second.id);
    expect(second.id).not.toBe(first.id);
  });

  it('is put back under another name where the queue has lost it, and not while it is at work', async () => {
    const { id } = await ask('migrate');
    await nudgeOperation(nudging(), id);
    expect(await jobs()).toEqual([`${tenantOperationDue.sameAs({ operationId: id })}.1`]);
    expect(await sweepOperations(nudging(), 60_000)).toBe(0);
    await queues.all[0]?.obliterate({ force: true });
    expect(await sweepOperations(nudging(), 0)).toBe(1);
    expect(await jobs()).toEqual([`${tenantOperationDue.sameAs({ operationId: id })}.2`]);
    await runOperation(
      runner(async () => {
        expect(await sweepOperations(nudging(), 0)).toBe(0);
        return nothing();
      }),
      id,
    );
    expect(await sweepOperations(nudging(), 0)).toBe(0);
    await runOperation(
      runner(() => Promise.reject(new Error('done twice'))),
      id,
    ); // A job that was delivered again.
    expect(await now(id)).toMatchObject({ state: 'done' });
  });

  it('does not fail because the queue is away when it is asked for', async () => {
    const { id } = await ask('migrate');
    const away = { ...queues, add: () => Promise.reject(platformProblem('platform.unavailable')) };
    await expect(nudgeOperation({ ...nudging(), queues: away }, id)).resolves.toBeUndefined();
    expect(await sweepOperations(nudging(), 0)).toBe(1);
    await runOperation(runner(nothing), id);
  });

  it('is taken over from a worker that lost its hold on it, and what that one says later does not count', async () => {
    const { id } = await ask('migrate');
    const held = Promise.withResolvers<AbortSignal>();
    const release = Promise.withResolvers<void>();
    const late = runOperation(
      runner(async ({ signal }) => {
        held.resolve(signal);
        await release.promise;
        return { result: { applied: ['by the late one'] }, act: null };
      }, 600),
      id,
    );
    const signal = await held.promise;
    await asControlAdmin(tenancy, (control) =>
      control.raw(`update control.operations set lease_until = clock_timestamp() - interval '1 second'`),
    );
    await runOperation(
      runner(async () => ({ result: { applied: ['by the next one'] }, act: null })),
      id,
    );
    await expect.poll(() => signal.aborted).toBe(true);
    release.resolve();
    await late;
    expect(await now(id)).toMatchObject({ state: 'done', attempts: 2, result: { applied: ['by the next one'] } });
  });

  it('waits for a database that is out of reach, and fails with its code for anything else', async () => {
    const { id } = await ask('migrate');
    await runOperation(
      runner(() => Promise.reject(platformProblem('platform.unavailable'))),
      id,
    );
    expect(await now(id)).toMatchObject({ state: 'waiting', problem: { code: 'platform.unavailable' } });
    await runOperation(
      runner(() => Promise.reject(new Error('a secret detail'))),
      id,
    );
    expect(await now(id)).toMatchObject({
      state: 'failed',
      problem: { code: 'platform.internal', title: expect.any(String) as string, detail: null },
    });
  });

  it('is given up after it was begun too often', async () => {
    const { id } = await ask('migrate');
    await asControlAdmin(tenancy, (control) =>
      control.raw(`update control.operations set attempts = 8 where state = 'waiting'`),
    );
    await runOperation(runner(nothing), id);
    expect(await now(id)).toMatchObject({ state: 'failed', problem: { code: 'tenancy.operation_abandoned' } });
  });

  it.each([
    ['operations.claimed', 'create'],
    ['operations.before_finish', 'export'],
  ] as const)('whose worker is killed at %s (%s) is finished by the next one', async (point, kind) => {
    const slug = `killed-${point.replace(/\W/g, '-').replaceAll('_', '-')}`;
    const { creation } = tenancy;
    const { id } = await tenancy.withControl(async (tx) => {
      const tenantId = kind === 'create' ? (await registerTenant(tx, creation, { slug, name: 'Killed' })).id : acme;
      return requestOperation(tx, systemClock, { kind, tenantId, reason: null });
    }, operator);
    const environment = {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: inject('adminUrl'),
      QUEUE_DATABASE_URL: queues.store.kind === 'postgres' ? queues.store.url : '',
      CASCADE_SECRET: SECRET,
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
      CASCADE_INSTALLATION: creation.installation,
      CASCADE_DATA: data,
      CASCADE_JOB_LOCK_MS: '1500',
      CASCADE_STALLED_PERIOD_MS: '700',
      CASCADE_SLOT_LEASE_MS: '500',
      CASCADE_SWEEPER_PERIOD_MS: '200',
    };
    const killed = startRole('worker', { environment, plan: [`${point} kill`] });
    await killed.ended;
    expect((await now(id)).state).toBe('running');
    const next = startRole('worker', { environment });
    await expect.poll(async () => (await now(id)).state, { timeout: 25_000, interval: 100 }).toBe('done');
    expect(await next.stop()).toBe(0);
    const { attempts, tenantId } = await now(id);
    expect(attempts).toBe(2);
    tenancy.forget();
    expect(await tenancy.tenantOfId(tenantId)).toMatchObject({ status: 'active' });
    if (kind !== 'export') return;
    const folder = path.join(data, 'exports', 'acme');
    expect(await readdir(folder)).toEqual([id]);
    expect(await verifyExport(path.join(folder, id))).toMatchObject({ ok: true });
  });
});
