import { randomBytes } from 'node:crypto';
import { asAdmin, atPlaceOf } from '../admin.ts';
import { compareMigrations } from '../fleet.ts';
import { appliedMigrations } from '../migrations.ts';
import { CONNECTIONS_PER_ROLE_MAX, type Provisioning } from '../provision.ts';
import { APP_GROUP, TEMPLATE_OWNER, cloneTemplate } from '../template.ts';
import type { Tenant } from '../types.ts';
import { makeWithControl } from '../with-control.ts';
import { catalogueOf, housingOf } from './queries.ts';
import { differences, inRoles } from './rules.ts';
import type { CatalogueObject, DriftReport } from './types.ts';

/**
 * Compares tenants' databases with the template: tables, columns, types, constraints, indexes, triggers, functions,
 * owners, grants and roles. The template itself admits nobody, so a clone of it is read and dropped again.
 */
export async function driftOf(deps: Provisioning, tenants: readonly Tenant[]): Promise<DriftReport[]> {
  const reference = await readReference(deps);
  const reports: DriftReport[] = [];
  for (const tenant of tenants.filter((each) => each.status !== 'provisioning')) {
    reports.push(
      await asAdmin(atPlaceOf(deps, tenant), tenant.database, async (pool) => {
        const words = {
          [tenant.ownerRole]: 'the owner',
          [tenant.appRole]: 'the application',
          [deps.admin.user]: 'the administrator',
        };
        const found = await makeWithControl(pool)(async (tx) => [
          ...(await catalogueOf(tx, {})),
          ...(await housingOf(tx, { appRole: tenant.appRole, ownerRole: tenant.ownerRole })),
        ]);
        const { missing, unknown } = await compareMigrations(deps.migrations, await appliedMigrations(pool));
        const expected = [...reference, ...housing];
        return {
          slug: tenant.slug,
          missingMigrations: missing,
          unknownMigrations: unknown,
          differences: differences(expected, inRoles(found, words)),
        };
      }),
    );
  }
  return reports;
}

async function readReference(deps: Provisioning): Promise<CatalogueObject[]> {
  const database = `cascade_reference_${randomBytes(6).toString('hex')}`;
  try {
    await cloneTemplate(deps, deps.migrations, database);
    const found = await asAdmin(deps, database, (pool) => makeWithControl(pool)((tx) => catalogueOf(tx, {})));
    return inRoles(found, { [TEMPLATE_OWNER]: 'the owner', [deps.admin.user]: 'the administrator' });
  } finally {
    await asAdmin(deps, deps.admin.database, (pool) => pool.raw('drop database if exists ??', [database]));
  }
}

/** What provisioning gives a tenant outside the template. */
const housing: readonly CatalogueObject[] = [
  {
    kind: 'database',
    name: 'itself',
    parent: null,
    facts: {
      owner: true,
      grants: [
        'the administrator=CTc/the administrator',
        'the application=c/the administrator',
        'the owner=C/the administrator',
      ],
    },
  },
  {
    kind: 'role',
    name: 'the application',
    parent: null,
    facts: {
      'can log in': true,
      'connection limit': CONNECTIONS_PER_ROLE_MAX,
      'may do everything': false,
      'is in': [APP_GROUP],
    },
  },
  {
    kind: 'role',
    name: 'the owner',
    parent: null,
    facts: { 'can log in': false, 'connection limit': -1, 'may do everything': false, 'is in': [] },
  },
];
