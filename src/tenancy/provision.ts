import { createHmac } from 'node:crypto';
import type { Knex } from 'knex';
import type { TenantId } from '../kernel/ids.ts';
import { uuidFromId } from '../kernel/ids.ts';
import { type DatabaseAddress, openPool, poolDefaults, sqlStateOf } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { migrate, migrationsHash } from './migrations.ts';
import type { Tenant } from './types.ts';

const TEMPLATE_OWNER = 'cascade_template_owner';
const TEMPLATE_LOCK = 7205002;
/** An application role may hold this many connections over all processes. */
const CONNECTIONS_PER_ROLE_MAX = 40;

/** What provisioning needs: the cluster's administrator and the secret that passwords derive from. */
export type Provisioning = { readonly admin: DatabaseAddress; readonly secret: string; readonly log: Logger };

/** The application role's password: derived, so that none is stored. */
export const appPassword = (secret: string, tenantId: TenantId): string =>
  createHmac('sha256', secret).update(`tenant-database:${tenantId}`).digest('hex');

/** Runs work as the cluster's administrator on one connection to a database of the cluster. */
export async function asAdmin<T>(deps: Provisioning, database: string, work: (pool: Knex) => Promise<T>): Promise<T> {
  const settings = { ...poolDefaults, connectionsMax: 1, statementTimeoutMs: 120_000 };
  const pool = openPool({ ...deps.admin, database }, settings, deps.log);
  try {
    return await work(pool);
  } finally {
    await pool.destroy();
  }
}

/** Makes a role unless it exists; two processes may try at once. */
async function ensureRole(pool: Knex, role: string, attributes: string): Promise<void> {
  const found: { rows: unknown[] } = await pool.raw('select 1 from pg_roles where rolname = ?', [role]);
  if (found.rows.length > 0) return;
  try {
    await pool.raw(`create role ?? ${attributes}`, [role]);
  } catch (error) {
    if (sqlStateOf(error) !== '42710' && sqlStateOf(error) !== '23505') throw error; // Somebody else made it just now.
  }
}

/** The template database of the present migrations, made first if it is missing; gives its name. */
export async function ensureTemplate(deps: Provisioning): Promise<string> {
  const name = `cascade_template_${await migrationsHash('tenant')}`;
  await asAdmin(deps, 'postgres', async (pool) => {
    await pool.raw('select pg_advisory_lock(?)', [TEMPLATE_LOCK]); // Released with the connection.
    const found: { rows: unknown[] } = await pool.raw('select 1 from pg_database where datname = ? and not datallowconn', [name]);
    if (found.rows.length > 0) return;
    await ensureRole(pool, 'cascade_app', 'nologin');
    await ensureRole(pool, TEMPLATE_OWNER, 'nologin');
    await pool.raw('grant ?? to current_user', [TEMPLATE_OWNER]);
    await pool.raw('drop database if exists ??', [name]); // One left half made by a killed process.
    await pool.raw(`create database ?? encoding 'UTF8' template template0`, [name]);
    await asAdmin(deps, name, async (template) => {
      await template.raw('revoke all on schema public from public');
      await template.raw('grant create on database ?? to ??', [name, TEMPLATE_OWNER]);
      await template.raw('grant all on schema public to ??', [TEMPLATE_OWNER]);
      await migrate(template, 'tenant', { role: TEMPLATE_OWNER });
    });
    await pool.raw('alter database ?? with allow_connections false', [name]);
  });
  return name;
}

/**
 * Makes a tenant's database and roles, or completes what an interrupted attempt left. The owner role cannot log in and
 * owns everything; the application role owns nothing; nobody else may connect.
 */
export async function provisionDatabase(deps: Provisioning, tenant: Tenant): Promise<void> {
  const template = await ensureTemplate(deps);
  await asAdmin(deps, 'postgres', async (pool) => {
    await pool.raw('select pg_advisory_lock(hashtext(?))', [tenant.database]);
    await ensureRole(pool, tenant.ownerRole, 'nologin');
    await ensureRole(pool, tenant.appRole, `login connection limit ${CONNECTIONS_PER_ROLE_MAX} in role cascade_app`);
    await pool.raw(`alter role ?? password '${appPassword(deps.secret, tenant.id)}'`, [tenant.appRole]);
    await pool.raw('grant ?? to current_user', [tenant.ownerRole]);
    const found: { rows: unknown[] } = await pool.raw('select 1 from pg_database where datname = ?', [tenant.database]);
    if (found.rows.length === 0) {
      await pool.raw('create database ?? template ?? strategy wal_log', [tenant.database, template]);
    }
    await pool.raw('revoke all on database ?? from public', [tenant.database]);
    await pool.raw('grant connect on database ?? to ??', [tenant.database, tenant.appRole]);
    await asAdmin(deps, tenant.database, (own) => handOver(own, tenant));
  });
}

/** Gives everything in a fresh clone to its owner and writes whose database it is. Doing it twice changes nothing. */
const handOver = (pool: Knex, tenant: Tenant): Promise<void> =>
  pool.transaction(async (sql) => {
    await sql.raw('reassign owned by ?? to ??', [TEMPLATE_OWNER, tenant.ownerRole]);
    await sql.raw('grant create on database ?? to ??', [tenant.database, tenant.ownerRole]);
    await sql.raw('insert into platform.identity (tenant_id) values (?) on conflict do nothing', [uuidFromId(tenant.id)]);
  });
