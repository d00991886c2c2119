import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { databaseAddress } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Knex } from 'knex';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { openTenancy, type Tenancy, type TenancySettings, type Tenant } from '../../src/tenancy/index.ts';

export const testLog = createLogger({ level: 'silent', role: 'test' });

/** Who acts in a test that does not care. */
export const testOrigin = { actor: 'test', causation: 'test' };

/** An installation of its own on the run's database server; `installation` keeps the names of test files apart. */
export function openTestTenancy(
  options: Partial<TenancySettings> & { connectionsMax?: number; connectionsPerTenantMax?: number } = {},
): Promise<Tenancy> {
  const { connectionsMax = 16, connectionsPerTenantMax = 4, ...settings } = options;
  return openTenancy({
    admin: databaseAddress(inject('adminUrl')),
    installation: `t${randomBytes(4).toString('hex')}`,
    secret: 'a secret of at least thirty-two characters',
    baseHost: 'localhost',
    budget: { connectionsMax, connectionsPerTenantMax, idleCloseMs: 30_000, waitMsMax: 5_000 },
    registryTtlMs: 1_000,
    clock: systemClock,
    log: testLog,
    ...settings,
  });
}

/** What most store tests need: one tenant with a database, and transactions on it. */
export type TestTenant = {
  readonly tenancy: Tenancy;
  readonly tenant: Tenant;
  readonly inTenant: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

let made = 0;

/**
 * Opens an installation with one tenant `acme`; `close()` it in `afterAll`. Tests that need a fresh tenant each give the
 * installation that they share, and close that.
 */
export async function openTestTenant(shared?: Tenancy): Promise<TestTenant> {
  const tenancy = shared ?? (await openTestTenancy());
  made += 1;
  const tenant = await tenancy.createTenant({
    slug: shared === undefined ? 'acme' : `acme${made}`,
    name: 'Acme Markets',
  });
  return {
    tenancy,
    tenant,
    inTenant: (work) => tenancy.withTenant(tenant.id, testOrigin, work),
    close: shared === undefined ? tenancy.close : async () => undefined,
  };
}

/** Runs work in the control database as the administrator: what the application's own role may not do there. */
export const asControlAdmin = <T>(tenancy: Tenancy, work: (control: Knex) => Promise<T>): Promise<T> =>
  asAdmin(tenancy.provisioning, `${tenancy.creation.installation}_control`, work);
