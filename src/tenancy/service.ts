import type { Knex } from 'knex';
import { type TenantId, idFromUuid, newUuid, uuidFromId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/clock.ts';
import { type DatabaseAddress, openPool, poolDefaults } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControlTx, WithTenant } from '../platform/tenant-tx.ts';
import { tenancyProblem } from './errors.ts';
import { migrate } from './migrations.ts';
import { type PoolBudget, PoolCache, type PoolStats } from './pools.ts';
import { type Provisioning, appPassword, asAdmin, provisionDatabase } from './provision.ts';
import * as queries from './queries.ts';
import { hostNameOf, isSlug, namesOf } from './rules.ts';
import type { Tenant } from './types.ts';
import { makeWithControl, makeWithTenant } from './with-tenant.ts';

/** What tenancy is built from. `installation` prefixes the names of databases and roles (at most 12 letters). */
export type TenancySettings = {
  readonly admin: DatabaseAddress;
  readonly installation: string;
  readonly secret: string;
  /** Each tenant also answers under `<slug>.<baseHost>`, for example `acme.localhost`. */
  readonly baseHost: string;
  readonly budget: PoolBudget;
  readonly registryTtlMs: number;
  readonly clock: Clock;
  readonly log: Logger;
};

/** The tenants of an installation and the only way to their data. */
export type Tenancy = {
  readonly withTenant: WithTenant;
  readonly withControl: <T>(work: (tx: ControlTx) => Promise<T>) => Promise<T>;
  /** The tenant that answers under a Host header; `tenancy.host_unknown` or `tenancy.suspended` otherwise. */
  readonly tenantOfHost: (hostHeader: string) => Promise<Tenant>;
  readonly tenantOfId: (tenantId: TenantId) => Promise<Tenant>;
  readonly tenants: () => Promise<Tenant[]>;
  /** Makes a tenant with its database; an interrupted creation is completed by the same call. */
  readonly createTenant: (input: { slug: string; name: string }) => Promise<Tenant>;
  readonly poolStats: () => PoolStats;
  readonly provisioning: Provisioning;
  readonly close: () => Promise<void>;
};

/** Creates the control database where it is missing, brings it up to date, and opens the way to all tenants. */
export async function openTenancy(settings: TenancySettings): Promise<Tenancy> {
  const provisioning: Provisioning = { admin: settings.admin, secret: settings.secret, log: settings.log };
  const control = await openControl(settings, provisioning);
  const withControl = makeWithControl(control);
  await withControl((tx) => queries.upsertCluster(tx, { host: settings.admin.host, port: settings.admin.port }));
  const registry = makeRegistry(settings, withControl);
  const pools = new PoolCache(settings.budget, async (tenantId) => openTenantPool(settings, await registry.byId(tenantId)));
  return {
    withTenant: makeWithTenant(pools),
    withControl,
    tenantOfHost: registry.byHost,
    tenantOfId: registry.byId,
    tenants: () => withControl((tx) => queries.allTenants(tx, {})),
    createTenant: (input) => createTenant(settings, provisioning, withControl, input),
    poolStats: () => pools.stats(),
    provisioning,
    close: async () => {
      await pools.close();
      await control.destroy();
    },
  };
}

async function openControl(settings: TenancySettings, provisioning: Provisioning): Promise<Knex> {
  const database = `${settings.installation}_control`;
  await asAdmin(provisioning, 'postgres', async (pool) => {
    await pool.raw('select pg_advisory_lock(hashtext(?))', [database]);
    const found: { rows: unknown[] } = await pool.raw('select 1 from pg_database where datname = ?', [database]);
    if (found.rows.length === 0) await pool.raw('create database ??', [database]);
    await pool.raw('revoke all on database ?? from public', [database]);
    await asAdmin(provisioning, database, (own) => migrate(own, 'control'));
  });
  return openPool({ ...settings.admin, database }, poolDefaults, settings.log);
}

/** Looks tenants up, each answer kept for a few seconds: a suspension bites when it is over. */
function makeRegistry(settings: TenancySettings, withControl: Tenancy['withControl']) {
  const kept = new Map<string, { tenant: Tenant; untilMs: number }>();
  const KEPT_MAX = 10_000;
  const cached = async (key: string, load: () => Promise<Tenant | undefined>): Promise<Tenant | undefined> => {
    const known = kept.get(key);
    if (known !== undefined && known.untilMs > performance.now()) return known.tenant;
    const tenant = await load();
    if (kept.size >= KEPT_MAX) kept.clear();
    if (tenant === undefined) kept.delete(key);
    else kept.set(key, { tenant, untilMs: performance.now() + settings.registryTtlMs });
    return tenant;
  };
  return {
    byHost: async (hostHeader: string): Promise<Tenant> => {
      const host = hostNameOf(hostHeader);
      const tenant = await cached(`host:${host}`, () => withControl(async (tx) => (await queries.tenantOfHost(tx, { host }))[0]));
      if (tenant === undefined || tenant.status === 'provisioning') throw tenancyProblem('tenancy.host_unknown');
      if (tenant.status === 'suspended') throw tenancyProblem('tenancy.suspended');
      return tenant;
    },
    byId: async (tenantId: TenantId): Promise<Tenant> => {
      const tenant = await cached(tenantId, () => withControl(async (tx) => (await queries.tenantOfId(tx, { tenantId }))[0]));
      if (tenant === undefined) throw tenancyProblem('tenancy.tenant_unknown');
      return tenant;
    },
  };
}

function openTenantPool(settings: TenancySettings, tenant: Tenant): Knex {
  const expected = uuidFromId(tenant.id);
  return openPool(
    {
      host: tenant.host,
      port: tenant.port,
      database: tenant.database,
      user: tenant.appRole,
      password: appPassword(settings.secret, tenant.id),
    },
    {
      ...poolDefaults,
      connectionsMax: settings.budget.connectionsPerTenantMax,
      checkConnection: async (run) => {
        const [row] = await run('select tenant_id from platform.identity');
        if (row?.['tenant_id'] !== expected) throw tenancyProblem('tenancy.wrong_database', { tenantId: tenant.id });
      },
    },
    settings.log,
  );
}

async function createTenant(
  settings: TenancySettings,
  provisioning: Provisioning,
  withControl: Tenancy['withControl'],
  { slug, name }: { slug: string; name: string },
): Promise<Tenant> {
  if (!isSlug(slug)) throw tenancyProblem('tenancy.slug_invalid', { detail: `Read ${JSON.stringify(slug.slice(0, 60))}` });
  const id = idFromUuid('tnt', newUuid(settings.clock.now().getTime()));
  const tenant = await withControl(async (tx) => {
    await queries.insertTenant(tx, { id, slug, name, ...namesOf(settings.installation, slug) });
    const found = (await queries.allTenants(tx, {})).find((each) => each.slug === slug);
    if (found === undefined || found.status !== 'provisioning') throw tenancyProblem('tenancy.slug_taken', { detail: slug });
    await queries.insertHost(tx, { host: `${slug}.${settings.baseHost}`, tenantId: found.id });
    return found;
  });
  await provisionDatabase(provisioning, tenant);
  await withControl((tx) => queries.setTenantStatus(tx, { tenantId: tenant.id, status: 'active' }));
  return { ...tenant, status: 'active' };
}
