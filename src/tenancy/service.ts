import type { Knex } from 'knex';
import type { Clock } from '../kernel/clock.ts';
import type { TenantId } from '../kernel/ids.ts';
import { Problem } from '../kernel/problem.ts';
import { type DatabaseAddress, isUnreachable, openPool, poolDefaults } from '../platform/database.ts';
import { platformProblem } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControlTx, Origin, WithControl, WithTenant } from '../platform/tenant-tx.ts';
import { inWordsOfControl, openControl, prepareControl, refuseOtherSecret } from './control.ts';
import { createTenant, type Creation } from './creation.ts';
import { driftOf } from './drift/service.ts';
import type { DriftReport } from './drift/types.ts';
import { tenancyProblem } from './errors.ts';
import { compareMigrations, type FleetOptions, type FleetReport, migrateFleet } from './fleet.ts';
import { appliedMigrations, type MigrationFolder, migrationFolder, migrationNames } from './migrations.ts';
import { appPassword } from './passwords.ts';
import { type PoolBudget, PoolCache, type PoolStats } from './pools.ts';
import { type Provisioning, type ProvisioningStep, isDatabaseOf } from './provision.ts';
import * as queries from './queries.ts';
import { Registry } from './registry.ts';
import { hostNameOf, isHostName, isSlug } from './rules.ts';
import { placed, type Tenant, type TenantRow } from './types.ts';
import { makeWithControl } from './with-control.ts';
import { makeWithTenant, type Patience, patienceDefault } from './with-tenant.ts';

/** What tenancy is built from. `installation` prefixes the names of databases and roles (at most 12 letters). */
export type TenancySettings = {
  /** Where the cluster is; user and password count for an administrator only. */
  readonly admin: DatabaseAddress;
  /**
   * `administrator` (unless given) makes and migrates databases and roles with the rights of `admin`. `application` has
   * no such rights: it enters the control database with a role of its own, and tenants' databases with theirs.
   */
  readonly access?: 'administrator' | 'application';
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
  /** The same on a suspended tenant too: for what the installation itself records or reads there, never for a request. */
  readonly withTenantEvenSuspended: WithTenant;
  readonly withControl: WithControl;
  /** The tenant that answers under a Host header; `tenancy.host_unknown` or `tenancy.suspended` otherwise. */
  readonly tenantOfHost: (hostHeader: string) => Promise<Tenant>;
  readonly tenantOfId: (tenantId: TenantId) => Promise<Tenant>;
  /** The tenant of a name, as commands give it; always as it is now. */
  readonly tenantOfSlug: (slug: string) => Promise<Tenant>;
  /** All tenants in the order of their names, those still being made included. */
  readonly tenants: () => Promise<Tenant[]>;
  /** Makes a tenant with its database; an interrupted creation is completed by the same call. */
  readonly createTenant: (input: { slug: string; name: string }, origin?: Origin) => Promise<Tenant>;
  /** Forgets what was looked up, because something was changed here; other processes learn of it within `registryTtlMs`. */
  readonly forget: () => void;
  /** Brings the databases of all tenants up to date, or says which could not be and why. */
  readonly migrateTenants: (options?: FleetOptions) => Promise<FleetReport>;
  /** The same for one tenant; gives the migrations that were applied, or fails with why they could not be. */
  readonly migrateOne: (tenant: Tenant) => Promise<readonly string[]>;
  /** How each tenant's database differs from what the present migrations make. */
  readonly drift: () => Promise<DriftReport[]>;
  /** Rejects with `tenancy.not_migrated` while the registry lacks a migration of this version. */
  readonly checkMigrations: () => Promise<void>;
  readonly poolStats: () => PoolStats;
  /** What the making of tenants needs; `tenancy.administrator_needed` in a process that has no administrator. */
  readonly provisioning: Provisioning;
  readonly creation: Creation;
  /** Where the tenants' migrations lie. */
  readonly migrations: MigrationFolder;
  /** Waits for the transactions under way, with a bound, and closes all connections. */
  readonly close: () => Promise<void>;
};

const REGISTRY_STALE_MS_MAX = 5 * 60_000;
const REGISTRY_REFRESH_WAIT_MS_MAX = 1_000;

/**
 * Opens the way to all tenants. An administrator creates the control database where it is missing and brings it up to date
 * first; an application is refused where that has not been done.
 */
export async function openTenancy(settings: TenancySettings): Promise<Tenancy> {
  const { admin, secret, log, afterStep, access = 'administrator' } = settings;
  const { migrations = migrationFolder('tenant'), patience = patienceDefault } = settings;
  const own: Provisioning = { admin, secret, log, migrations, ...(afterStep === undefined ? {} : { afterStep }) };
  if (access === 'administrator') await prepareControl(settings, own);
  const control = openControl(settings);
  const withControl = unlessAway(makeWithControl(control));
  if (access === 'application') await enterControl(settings, control);
  const provisioning = access === 'administrator' ? own : withoutAdministrator();
  const creation: Creation = { ...settings, withControl };
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
  const migrateNoted = async (chosen: readonly Tenant[], options?: FleetOptions): Promise<FleetReport> => {
    const report = await migrateFleet(provisioning, chosen, options);
    const slugs = report.migrated.map(({ slug }) => slug);
    await noteVersion(withControl, migrations, slugs);
    return report;
  };
  const ways = makeWithTenant(pools, lookUps.tenantOfId, { patience, log });
  return {
    ...ways,
    withControl,
    ...lookUps,
    tenants,
    createTenant: async (input, origin) => {
      const tenant = await createTenant(creation, provisioning, input, origin);
      await noteVersion(withControl, migrations, [tenant.slug]);
      registry.forget();
      return tenant;
    },
    forget: () => registry.forget(),
    migrateTenants: async (options) => migrateNoted(await tenants(), options),
    migrateOne: async (tenant) => {
      const { migrated, failed } = await migrateNoted([tenant]);
      const [failure] = failed;
      if (failure === undefined) return migrated[0]?.applied ?? [];
      const detail = `${failure.code}: ${failure.reason}`;
      if (failure.code === 'platform.unavailable')
        throw platformProblem(failure.code, { detail, retryAfterSeconds: 2 });
      throw tenancyProblem('tenancy.migration_failed', { detail });
    },
    drift: async () => driftOf(provisioning, await tenants()),
    checkMigrations: async () => {
      const { missing } = await compareMigrations(migrationFolder('control'), await appliedMigrations(control));
      if (missing.length > 0) throw tenancyProblem('tenancy.not_migrated', { detail: missing.join(', ') });
    },
    poolStats: () => pools.stats(),
    provisioning,
    creation,
    migrations,
    close: async () => {
      await pools.close();
      await control.destroy();
    },
  };
}

/** Notes of tenants that their databases have all migrations. */
async function noteVersion(withControl: WithControl, folder: MigrationFolder, slugs: readonly string[]): Promise<void> {
  const schemaVersion = (await migrationNames(folder)).at(-1);
  if (slugs.length > 0) await withControl((tx) => queries.noteSchemaVersion(tx, { slugs, schemaVersion }));
}

/** An application finds out at its start whether it is let in, and whether its secret is the installation's. */
async function enterControl(settings: TenancySettings, control: Knex): Promise<void> {
  try {
    const kept = await makeWithControl(control)((tx) => queries.readSecretCheck(tx, {}));
    refuseOtherSecret(settings, kept[0]?.secretCheck);
  } catch (error) {
    await control.destroy();
    throw error instanceof Problem ? error : inWordsOfControl(error, settings);
  }
}

/** Stands where the administrator's rights would be: whoever asks for them is told that there are none. */
const withoutAdministrator = (): Provisioning =>
  new Proxy({} as Provisioning, {
    get: () => {
      throw tenancyProblem('tenancy.administrator_needed');
    },
  });

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
