import type { Knex } from 'knex';
import { uuidFromId } from '../kernel/ids.ts';
import { sqlStateOf } from '../platform/database.ts';
import { type Administration, asAdmin, ensureRole, exists, joinRole, underLock } from './admin.ts';
import { tenancyProblem } from './errors.ts';
import { type MigrationFolder, migrate } from './migrations.ts';
import { appPassword, scramVerifier } from './passwords.ts';
import { APP_GROUP, TEMPLATE_OWNER, cloneTemplate } from './template.ts';
import type { Tenant } from './types.ts';

/** An application role may hold this many connections over all processes. */
export const CONNECTIONS_PER_ROLE_MAX = 40;

/** The steps of making a tenant; after each of them the process may die, and the same call completes it. */
export type ProvisioningStep = 'registered' | 'roles_made' | 'database_cloned' | 'handed_over' | 'migrated';

/** What provisioning needs beside the administrator; `afterStep` is for tests, which fail or kill there. */
export type Provisioning = Administration & {
  readonly secret: string;
  readonly migrations: MigrationFolder;
  readonly afterStep?: (step: ProvisioningStep) => Promise<void>;
};

/**
 * Makes a tenant's database and roles, or completes what an interrupted attempt left. The owner role cannot log in and
 * owns everything; the application role owns nothing; nobody else may connect. Two processes at once do it in turn.
 */
export const provisionDatabase = (deps: Provisioning, tenant: Tenant): Promise<void> =>
  underLock(deps, tenant.database, async (pool) => {
    await makeRoles(deps, pool, tenant);
    await deps.afterStep?.('roles_made');
    if (!(await exists(pool, 'select 1 from pg_database where datname = ?', [tenant.database])))
      await cloneTemplate(deps, deps.migrations, tenant.database);
    await deps.afterStep?.('database_cloned');
    await asAdmin(deps, tenant.database, (own) => handOver(own, tenant));
    await deps.afterStep?.('handed_over');
    await migrate(deps, tenant.database, deps.migrations, tenant.ownerRole); // An interrupted clone may be an old one.
    await pool.raw('grant connect on database ?? to ??', [tenant.database, tenant.appRole]); // The door opens last.
    await deps.afterStep?.('migrated');
  });

async function makeRoles(deps: Provisioning, pool: Knex, tenant: Tenant): Promise<void> {
  await ensureRole(pool, APP_GROUP, 'nologin');
  await ensureRole(pool, TEMPLATE_OWNER, 'nologin');
  await joinRole(pool, TEMPLATE_OWNER);
  await ensureRole(pool, tenant.ownerRole, 'nologin');
  await joinRole(pool, tenant.ownerRole);
  await ensureRole(pool, tenant.appRole, `login connection limit ${CONNECTIONS_PER_ROLE_MAX} in role ${APP_GROUP}`);
  const verifier = scramVerifier(appPassword(deps.secret, tenant.id));
  await pool.raw(`alter role ?? password '${verifier}'`, [tenant.appRole]); // It holds no quote: base64, $ and colons.
}

/** Gives everything in a clone to its owner and writes whose database it is. Doing it twice changes nothing. */
async function handOver(pool: Knex, tenant: Tenant): Promise<void> {
  await pool.transaction(async (sql) => {
    await sql.raw('revoke all on database ?? from public', [tenant.database]);
    await sql.raw('grant create on database ?? to ??', [tenant.database, tenant.ownerRole]);
    await sql.raw('grant all on schema public to ??', [tenant.ownerRole]);
    await sql.raw('revoke all on schema public from ??', [TEMPLATE_OWNER]);
    // Schemas first: what lies in one goes only to somebody who may create there, unless a superuser says so.
    const schemas: { rows: { name: string }[] } = await sql.raw(
      'select nspname as name from pg_namespace where nspowner = ?::regrole',
      [TEMPLATE_OWNER],
    );
    for (const { name } of schemas.rows) await sql.raw('alter schema ?? owner to ??', [name, tenant.ownerRole]);
    await sql.raw('reassign owned by ?? to ??', [TEMPLATE_OWNER, tenant.ownerRole]);
    const id = uuidFromId(tenant.id);
    await sql.raw('insert into platform.identity (tenant_id) values (?) on conflict do nothing', [id]);
    if (!(await exists(sql, 'select 1 from platform.identity where tenant_id = ?', [id])))
      throw tenancyProblem('tenancy.wrong_database', {
        detail: `${tenant.database} exists and belongs to somebody else`,
      });
  });
}

/** Whether a new connection reached the tenant's own database; a database without an owner's row is somebody else's too. */
export async function isDatabaseOf(
  tenant: Tenant,
  run: (sql: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<boolean> {
  try {
    const [row] = await run('select tenant_id from platform.identity');
    return row?.['tenant_id'] === uuidFromId(tenant.id);
  } catch (error) {
    if (['42P01', '3F000', '42501'].includes(sqlStateOf(error) ?? '')) return false; // No such table, or not for us.
    throw error;
  }
}
