import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { databaseAddress } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { query } from '../../src/platform/query.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { asControlAdmin, openTestTenancy, testOrigin } from '../support/tenancy.ts';

const one = query('test.one', z.object({ one: z.int() }), 'select 1 as one');
const sleep = query('test.sleep', z.object({}), 'select pg_sleep(:seconds::float8)');
const down = { code: 'tenancy.database_unavailable', status: 503, retryAfterSeconds: 2 };

describe("A tenant's database that is not there", () => {
  const logged: string[] = [];
  const log = createLogger(
    { level: 'warn', role: 'test' },
    new Writable({ write: (line, _encoding, done) => (logged.push(String(line)), done()) }),
  );
  let tenancy: Tenancy;
  let acme: Tenant;
  let zenith: Tenant;
  let proxy: TcpProxy;
  const ask = (tenant: Tenant) => tenancy.withTenant(tenant.id, testOrigin, (tx) => one(tx, {}));
  const place = (tenant: Tenant, cluster: string) =>
    asControlAdmin(tenancy, (control) =>
      control.raw('update control.tenants set cluster = ? where slug = ?', [cluster, tenant.slug]),
    );

  beforeAll(async () => {
    tenancy = await openTestTenancy({
      log,
      registryTtlMs: 50,
      patience: { connectMsMax: 300, acquireMsMax: 500, beginMsMax: 800 },
    });
    acme = await tenancy.createTenant({ slug: 'acme', name: 'Acme' });
    zenith = await tenancy.createTenant({ slug: 'zenith', name: 'Zenith' });
    proxy = await openTcpProxy(databaseAddress(inject('adminUrl')));
    await asControlAdmin(tenancy, (control) =>
      control.raw(`insert into control.clusters values ('far', '127.0.0.1', ?)`, [proxy.port]),
    );
    await place(acme, 'far');
    await new Promise((resolve) => setTimeout(resolve, 60)); // The registry's answers are kept for 50 ms.
  });
  afterEach(() => proxy.flow());
  afterAll(async () => {
    await tenancy.close();
    await proxy.close();
  });

  it('gives that tenant 503 and nobody else anything, and is found again by itself', async () => {
    await expect(ask(acme)).resolves.toEqual([{ one: 1 }]);
    proxy.refuse();
    await expect(ask(acme)).rejects.toMatchObject(down);
    await expect(ask(zenith)).resolves.toEqual([{ one: 1 }]);
    proxy.flow();
    await expect.poll(() => ask(acme).catch(() => 'down'), { timeout: 5_000 }).toEqual([{ one: 1 }]);
  });

  it('is not waited for again for two seconds once it was found unreachable', async () => {
    proxy.refuse();
    await expect(ask(acme)).rejects.toMatchObject(down);
    proxy.hang();
    const beganMs = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => expect(ask(acme)).rejects.toMatchObject(down)));
    expect(performance.now() - beganMs).toBeLessThan(500);
    proxy.flow();
    await expect.poll(() => ask(acme).catch(() => 'down'), { timeout: 5_000 }).toEqual([{ one: 1 }]);
  });

  it('gives 503 also where it hangs under a connection that is open already, and others go on meanwhile', async () => {
    await ask(acme);
    proxy.hang();
    const beganMs = performance.now();
    const hanging = ask(acme).catch((error: unknown) => error);
    for (let count = 0; count < 20; count += 1) await ask(zenith);
    expect(performance.now() - beganMs).toBeLessThan(700);
    expect(await hanging).toMatchObject(down);
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    proxy.flow();
    await expect.poll(() => ask(acme).catch(() => 'down'), { timeout: 10_000 }).toEqual([{ one: 1 }]);
  });

  it('gives 503 where it hangs when a connection is made', async () => {
    proxy.refuse();
    await expect(ask(acme)).rejects.toMatchObject(down);
    proxy.hang();
    await new Promise((resolve) => setTimeout(resolve, 2_100)); // Until it is tried again.
    const beganMs = performance.now();
    await expect(ask(acme)).rejects.toMatchObject(down);
    expect(performance.now() - beganMs).toBeLessThan(1_500);
    proxy.flow();
    await expect.poll(() => ask(acme).catch(() => 'down'), { timeout: 10_000 }).toEqual([{ one: 1 }]);
  });

  it('loses a transaction that was under way as a whole: 503, and nothing is tried twice', async () => {
    let runs = 0;
    const lost = tenancy.withTenant(acme.id, testOrigin, async (tx) => {
      runs += 1;
      await one(tx, {});
      proxy.refuse();
      await one(tx, {});
    });
    await expect(lost).rejects.toMatchObject(down);
    expect(runs).toBe(1);
    proxy.flow();
    await expect(ask(acme)).resolves.toEqual([{ one: 1 }]); // A lost connection says nothing about the next.
  });

  it('is told from one whose connections are all busy', async () => {
    const busy = Array.from({ length: 4 }, () =>
      tenancy.withTenant(zenith.id, testOrigin, (tx) => sleep(tx, { seconds: 1 })),
    );
    await expect(ask(zenith)).rejects.toMatchObject({ code: 'tenancy.connections_exhausted', status: 503 });
    await Promise.all(busy);
    await expect(ask(zenith)).resolves.toEqual([{ one: 1 }]);
  });

  it('is never taken for another: a connection that reaches somebody else is refused, logged as an error and not kept', async () => {
    const theirs = zenith.database;
    const admin = tenancy.provisioning;
    const { asAdmin } = await import('../../src/tenancy/admin.ts');
    await asAdmin(admin, 'postgres', (pool) => pool.raw('grant connect on database ?? to ??', [theirs, acme.appRole]));
    await asControlAdmin(tenancy, async (control) => {
      await control.raw(`update control.tenants set database = 'gone' where slug = 'zenith'`);
      await control.raw(`update control.tenants set database = ? where slug = 'acme'`, [theirs]);
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    logged.length = 0;
    await expect(ask(acme)).rejects.toMatchObject({ code: 'tenancy.wrong_database', status: 500 });
    expect(logged.map((line) => JSON.parse(line) as { level: number; tenant?: string; msg: string })).toContainEqual(
      expect.objectContaining({
        level: 50,
        tenant: 'acme',
        msg: expect.stringContaining('belongs to somebody else') as string,
      }),
    );
    const { rows } = await asAdmin(admin, 'postgres', (pool) =>
      pool.raw<{ rows: { open: bigint }[] }>(
        'select count(*) as open from pg_stat_activity where usename = ? and datname = ?',
        [acme.appRole, theirs],
      ),
    );
    expect(rows).toEqual([{ open: 0n }]);
    await asControlAdmin(tenancy, async (control) => {
      await control.raw(`update control.tenants set database = ? where slug = 'acme'`, [acme.database]);
      await control.raw(`update control.tenants set database = ? where slug = 'zenith'`, [theirs]);
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expect(ask(acme)).resolves.toEqual([{ one: 1 }]);
  });
});
