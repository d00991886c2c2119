import type { Knex } from 'knex';
import type { Clock } from '../kernel/clock.ts';
import { type TenantId, idFromUuid, newUuid } from '../kernel/ids.ts';
import { Problem } from '../kernel/problem.ts';
import { type DatabaseAddress, isUnreachable, openPool, poolDefaults } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import type { WithControl, WithTenant } from '../platform/tenant-tx.ts';
import { exists, underLock } from './admin.ts';
import { driftOf } from './drift/service.ts';
import type { DriftReport } from './drift/types.ts';
import { tenancyProblem } from './errors.ts';
import { compareMigrations, type FleetOptions, type FleetReport, migrateFleet } from './fleet.ts';
import { appliedMigrations, type MigrationFolder, migrate, migrationFolder } from './migrations.ts';
import { appPassword, secretCheck } from './passwords.ts';
import { type PoolBudget, PoolCache, type PoolStats } from './pools.ts';
import { type Provisioning, type ProvisioningStep, isDatabaseOf, provisionDatabase } from './provision.ts';
import * as queries from './queries.ts';
import { Registry } from './registry.ts';
import { hostNameOf, isHostName, isSlug, namesOf } from './rules.ts';
import type { Tenant } from './types.ts';
import { makeWithControl } from './with-control.ts';
import { makeWithTenant, type Patience, patienceDefault } from './with-tenant.ts';

/** What tenancy is built from. `installation` prefixes the names of databases and roles (at most 12 letters). */
export type TenancySettings = {
  readonly admin: DatabaseAddress;
  readonly installation: string;
  readonly secret: string;
  /** Each tenant also answers under `<slug>.<baseHost>`, for example `acme.localhost`. */
  readonly baseHost: string;
  readonly budget: PoolBudget;
  /** How long an answer of the registry is used without asking again. */
  readonly registryTtlMs: number;
  /** While the control database is away, a known tenant is served for at most this long. */
  readonly registryStaleMsMax?: number;
  /** How long a tenant's database is waited for; shorter in tests. */
  readonly patience?: Patience;
  /** How long one statement on a tenant's database may take; longer for commands that read all there is. */
  readonly statementMsMax?: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The tenants' migrations, unless they are the project's own. For tests. */
  readonly migrations?: MigrationFolder;
  /** Called after each step of making a tenant. For tests, which fail or kill there. */
  readonly afterStep?: (step: ProvisioningStep) => Promise<void>;
};

/** The tenants of an installation and the only way to their data. */
export type Tenancy = {
  readonly withTenant: WithTenant;
  readonly withControl: WithControl;
  /** The tenant that answers under a Host header; `tenancy.host_unknown` or `tenancy.suspended` otherwise. */
  readonly tenantOfHost: (hostHeader: string) => Promise<Tenant>;
  readonly tenantOfId: (tenantId: TenantId) => Promise<Tenant>;
  /** The tenant of a name, as commands give it; always as it is now. */
  readonly tenantOfSlug: (slug: string) => Promise<Tenant>;
  /** All tenants in the order of their names, those still being made included. */
  readonly tenants: () => Promise<Tenant[]>;
  /** Makes a tenant with its database; an interrupted creation is completed by the same call. */
  readonly createTenant: (input: { slug: string; name: string }) => Promise<Tenant>;
  /** Brings the databases of all tenants up to date, or says which could not be and why. */
  readonly migrateTenants: (options?: FleetOptions) => Promise<FleetReport>;
  /** How each tenant's database differs from what the present migrations make. */
  readonly drift: () => Promise<DriftReport[]>;
  /** Rejects with `tenancy.not_migrated` while the registry lacks a migration of this version. */
  readonly checkMigrations: () => Promise<void>;
  readonly poolStats: () => PoolStats;
  readonly provisioning: Provisioning;
  /** Waits for the transactions under way, with a bound, and closes all connections. */
  readonly close: () => Promise<void>;
};

const REGISTRY_STALE_MS_MAX = 5 * 60_000;
const REGISTRY_REFRESH_WAIT_MS_MAX = 1_000;
/** The registry is asked small questions only; one that takes longer means that its server is in trouble. */
const CONTROL_STATEMENT_TIMEOUT_MS = 5_000;

/** Creates the control database where it is missing, brings it up to date, and opens the way to all tenants. */
export async function openTenancy(settings: TenancySettings): Promise<Tenancy> {
  const { admin, secret, log, afterStep } = settings;
  const { migrations = migrationFolder('tenant'), patience = patienceDefault } = settings;
  const provisioning: Provisioning = {
    admin,
    secret,
    log,
    migrations,
    ...(afterStep === undefined ? {} : { afterStep }),
  };
  const control = await openControl(settings, provisioning);
  const withControl = unlessAway(makeWithControl(control));
  try {
    await settle(settings, withControl);
  } catch (error) {
    await control.destroy();
    throw error;
  }
  const registry = new Registry({
    keptMs: settings.registryTtlMs,
    staleMsMax: settings.registryStaleMsMax ?? REGISTRY_STALE_MS_MAX,
    refreshWaitMsMax: REGISTRY_REFRESH_WAIT_MS_MAX,
    log,
  });
  const lookUps = makeLookUps(registry, withControl, admin);
  const pools = new PoolCache<Tenant>(settings.budget, log, async (tenant) =>
    openTenantPool(settings, patience, tenant),
  );
  const tenants = async () => (await withControl((tx) => queries.allTenants(tx, {}))).map((row) => placed(row, admin));
  return {
    withTenant: makeWithTenant(pools, lookUps.tenantOfId, { patience, log }),
    withControl,
    ...lookUps,
    tenants,
    createTenant: async (input) => {
      const tenant = await createTenant(settings, provisioning, withControl, input);
      registry.forget();
      return tenant;
    },
    migrateTenants: async (options) => migrateFleet(provisioning, await tenants(), options),
    drift: async () => driftOf(provisioning, await tenants()),
    checkMigrations: async () => {
      const { missing } = await compareMigrations(migrationFolder('control'), await appliedMigrations(control));
      if (missing.length > 0) throw tenancyProblem('tenancy.not_migrated', { detail: missing.join(', ') });
    },
    poolStats: () => pools.stats(),
    provisioning,
    close: async () => {
      await pools.close();
      await control.destroy();
    },
  };
}

async function openControl({ installation, admin, log }: TenancySettings, provisioning: Provisioning): Promise<Knex> {
  const database = `${installation}_control`;
  await underLock(provisioning, database, async (pool) => {
    if (!(await exists(pool, 'select 1 from pg_database where datname = ?', [database])))
      await pool.raw(`create database ?? encoding 'UTF8' template template0`, [database]);
    await pool.raw('revoke all on database ?? from public', [database]);
    await migrate(provisioning, database, migrationFolder('control'));
  });
  return openPool({ ...admin, database }, { ...poolDefaults, statementTimeoutMs: CONTROL_STATEMENT_TIMEOUT_MS }, log);
}

/** The same, with a registry that cannot be reached told as such: 503, try again. */
const unlessAway =
  (withControl: Tenancy['withControl']): Tenancy['withControl'] =>
  async (work, origin) => {
    try {
      return await withControl(work, origin);
    } catch (error) {
      if (error instanceof Problem || !isUnreachable(error)) throw error;
      throw tenancyProblem('tenancy.registry_unavailable', { cause: error, retryAfterSeconds: 2 });
    }
  };

/** A tenant as the registry has it; without an address it is on the cluster of the registry, as this process reaches it. */
type TenantRow = Omit<Tenant, 'host' | 'port'> & { readonly host: string | null; readonly port: number | null };
const placed = (row: TenantRow, { host, port }: DatabaseAddress): Tenant => ({
  ...row,
  host: row.host ?? host,
  port: row.port ?? port,
});

/** Refuses a secret that is not the one from which the passwords of the installation's databases derive. */
async function settle({ secret, installation }: TenancySettings, withControl: Tenancy['withControl']): Promise<void> {
  await withControl(async (tx) => {
    const [kept] = await queries.keepSecretCheck(tx, { secretCheck: secretCheck(secret) });
    if (kept?.secretCheck.equals(secretCheck(secret)) !== true)
      throw tenancyProblem('tenancy.secret_changed', {
        detail: `The passwords of the installation ${installation} derive from another CASCADE_SECRET`,
      });
  });
}

function makeLookUps(
  registry: Registry,
  withControl: Tenancy['withControl'],
  admin: DatabaseAddress,
): Pick<Tenancy, 'tenantOfHost' | 'tenantOfId' | 'tenantOfSlug'> {
  const ask = async (question: (tx: ControlTx) => Promise<TenantRow[]>): Promise<Tenant | undefined> => {
    const [row] = await withControl(question);
    return row === undefined ? undefined : placed(row, admin);
  };
  return {
    tenantOfHost: async (hostHeader) => {
      const host = hostNameOf(hostHeader);
      if (!isHostName(host)) throw tenancyProblem('tenancy.host_unknown');
      const tenant = await registry.find(`host:${host}`, () => ask((tx) => queries.tenantOfHost(tx, { host })));
      if (tenant === undefined || tenant.status === 'provisioning') throw tenancyProblem('tenancy.host_unknown');
      if (tenant.status === 'suspended') throw tenancyProblem('tenancy.suspended');
      return tenant;
    },
    tenantOfId: async (tenantId) => {
      const tenant = await registry.find(tenantId, () => ask((tx) => queries.tenantOfId(tx, { tenantId })));
      if (tenant === undefined) throw tenancyProblem('tenancy.tenant_unknown', { tenantId });
      return tenant;
    },
    tenantOfSlug: async (slug) => {
      const tenant = isSlug(slug) ? await ask((tx) => queries.tenantOfSlug(tx, { slug })) : undefined;
      if (tenant === undefined)
        throw tenancyProblem('tenancy.tenant_unknown', { detail: JSON.stringify(slug.slice(0, 60)) });
      return tenant;
    },
  };
}

function openTenantPool(settings: TenancySettings, patience: Patience, tenant: Tenant): Knex {
  const { host, port, database, appRole: user } = tenant;
  return openPool(
    { host, port, database, user, password: appPassword(settings.secret, tenant.id) },
    {
      ...poolDefaults,
      connectTimeoutMs: patience.connectMsMax,
      acquireTimeoutMs: patience.acquireMsMax,
      connectionsMax: settings.budget.connectionsPerTenantMax,
      statementTimeoutMs: settings.statementMsMax ?? poolDefaults.statementTimeoutMs,
      checkConnection: async (run) => {
        if (await isDatabaseOf(tenant, run)) return;
        settings.log.error(
          { tenant: tenant.slug, database, host, port },
          'a connection reached a database that belongs to somebody else',
        );
        throw tenancyProblem('tenancy.wrong_database', { tenantId: tenant.id });
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
  if (!isSlug(slug))
    throw tenancyProblem('tenancy.slug_invalid', { detail: `Read ${JSON.stringify(slug.slice(0, 60))}` });
  const id = idFromUuid('tnt', newUuid(settings.clock.now().getTime()));
  const row = await withControl(async (tx) => {
    await queries.insertTenant(tx, { id, slug, name, ...namesOf(settings.installation, slug) });
    const [found] = await queries.tenantOfSlug(tx, { slug });
    if (found?.status !== 'provisioning') throw tenancyProblem('tenancy.slug_taken', { detail: slug });
    const host = `${slug}.${settings.baseHost}`;
    const [owner] = await queries.claimHost(tx, { host, tenantId: found.id });
    if (owner?.tenantId !== found.id) throw tenancyProblem('tenancy.host_taken', { detail: host });
    return found;
  });
  const tenant = placed(row, settings.admin);
  await settings.afterStep?.('registered');
  await provisionDatabase(provisioning, tenant);
  await withControl((tx) => queries.activateTenant(tx, { tenantId: tenant.id }));
  return { ...tenant, status: 'active' };
}
