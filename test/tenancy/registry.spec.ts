import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { TenantId } from '../../src/kernel/ids.ts';
import { databaseAddress } from '../../src/platform/database.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import { Registry } from '../../src/tenancy/registry.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { asControlAdmin, openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

const tenantNamed = (slug: string, status: Tenant['status'] = 'active'): Tenant => ({
  id: 'tnt_00000000000000000000000000' as TenantId,
  slug,
  name: slug,
  status,
  host: 'h',
  port: 1,
  database: slug,
  appRole: slug,
  ownerRole: slug,
});
const settings = { keptMs: 50, staleMsMax: 400, refreshWaitMsMax: 40, log: testLog };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('What the registry keeps', () => {
  it('is asked for once by all who ask at the same time, and again when it is too old', async () => {
    const registry = new Registry(settings);
    let asked = 0;
    const load = async (): Promise<Tenant> => {
      asked += 1;
      await pause(5);
      return tenantNamed(`v${asked}`);
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => registry.find('acme', load)));
    expect(new Set(answers.map((answer) => answer?.slug))).toEqual(new Set(['v1']));
    expect(asked).toBe(1);
    await pause(60);
    expect((await registry.find('acme', load))?.slug).toBe('v2');
  });

  it('is bounded: of many names asked for, the ones not asked for lately are forgotten', async () => {
    const registry = new Registry({ ...settings, keptMs: 60_000 });
    let asked = 0;
    const load = (slug: string) => () => {
      asked += 1;
      return Promise.resolve(slug === 'acme' ? tenantNamed(slug) : undefined);
    };
    await registry.find('acme', load('acme'));
    for (let count = 0; count < 12_000; count += 1) {
      await registry.find(`stranger-${count}`, load('stranger'));
      if (count % 1_000 === 0) await registry.find('acme', load('acme'));
    }
    expect(asked).toBe(12_001);
    await registry.find('stranger-0', load('stranger'));
    expect(asked).toBe(12_002);
  });

  it('does not include a tenant that is still being made', async () => {
    const registry = new Registry({ ...settings, keptMs: 60_000 });
    await registry.find('acme', () => Promise.resolve(tenantNamed('acme', 'provisioning')));
    expect((await registry.find('acme', () => Promise.resolve(tenantNamed('acme'))))?.status).toBe('active');
  });

  it('serves a known tenant for a while when the control database fails or hangs, and nobody waits long', async () => {
    const registry = new Registry(settings);
    await registry.find('acme', () => Promise.resolve(tenantNamed('acme')));
    await pause(60);
    expect((await registry.find('acme', () => Promise.reject(new Error('away'))))?.slug).toBe('acme');
    await pause(60);
    const beganMs = performance.now();
    expect((await registry.find('acme', () => new Promise(() => undefined)))?.slug).toBe('acme');
    expect((await registry.find('acme', () => new Promise(() => undefined)))?.slug).toBe('acme');
    expect(performance.now() - beganMs).toBeLessThan(200);
    await pause(400);
    const other = new Registry(settings);
    await expect(other.find('acme', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  it('is no longer served when it is too old to be trusted', async () => {
    const registry = new Registry({ ...settings, staleMsMax: 60 });
    await registry.find('acme', () => Promise.resolve(tenantNamed('acme')));
    await pause(80);
    await expect(registry.find('acme', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });
});

describe('While the control database is away', () => {
  let proxy: TcpProxy;
  let tenancy: Tenancy;
  let acme: Tenant;
  beforeAll(async () => {
    const admin = databaseAddress(inject('adminUrl'));
    proxy = await openTcpProxy(admin);
    tenancy = await openTestTenancy({ admin: { ...admin, host: '127.0.0.1', port: proxy.port }, registryTtlMs: 50 });
    acme = await tenancy.createTenant({ slug: 'acme', name: 'Acme' });
    await asControlAdmin(tenancy, async (control) => {
      await control.raw(`insert into control.clusters values ('direct', ?, ?)`, [admin.host, admin.port]);
      await control.raw(`update control.tenants set cluster = 'direct'`);
    });
    await tenancy.tenantOfHost('acme.localhost');
    await tenancy.withTenant(acme.id, testOrigin, (tx) => tx.sql.raw('select 1'));
    await pause(60);
  });
  afterAll(async () => {
    await tenancy.close();
    await proxy.close();
  });

  it('tenants that were known go on, unknown ones get 503, and afterwards all is as before', async () => {
    for (const fault of [proxy.hang, proxy.refuse]) {
      fault();
      await pause(60);
      await expect(tenancy.tenantOfHost('acme.localhost')).resolves.toMatchObject({ slug: 'acme' });
      await expect(tenancy.withTenant(acme.id, testOrigin, async () => 'done')).resolves.toBe('done');
    }
    await expect(tenancy.tenantOfHost('zenith.localhost')).rejects.toMatchObject({
      code: 'tenancy.registry_unavailable',
      status: 503,
      retryAfterSeconds: 2,
    });
    proxy.flow();
    await expect
      .poll(() => tenancy.tenantOfHost('zenith.localhost').catch((error: unknown) => error), { timeout: 10_000 })
      .toMatchObject({ code: 'tenancy.host_unknown' });
  });
});

describe('The cluster that holds the registry', () => {
  it('is reached by each process in its own way: who comes through a tunnel moves it for nobody else', async () => {
    const admin = databaseAddress(inject('adminUrl'));
    const tunnel = await openTcpProxy(admin);
    const direct = await openTestTenancy();
    const { id, database } = await direct.createTenant({ slug: 'acme', name: 'Acme' });
    const installation = database.replace(/_acme$/, '');
    const far = await openTestTenancy({ installation, admin: { ...admin, host: '127.0.0.1', port: tunnel.port } });
    expect(await far.tenantOfSlug('acme')).toMatchObject({ host: '127.0.0.1', port: tunnel.port });
    await far.withTenant(id, testOrigin, async () => 'reached');
    await far.close();
    await tunnel.close();
    const again = await openTestTenancy({ installation });
    expect(await again.tenantOfSlug('acme')).toMatchObject({ host: admin.host, port: admin.port });
    await expect(again.withTenant(id, testOrigin, async () => 'reached')).resolves.toBe('reached');
    await again.close();
    await direct.close();
  });
});
