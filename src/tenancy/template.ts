import type { Knex } from 'knex';
import { type Administration, asAdmin, ensureRole, exists, joinRole, underLock } from './admin.ts';
import { type MigrationFolder, migrate, migrationsHash } from './migrations.ts';
import { sqlStateOf } from '../platform/database.ts';

/** Owns everything in template databases, and in no other. */
export const TEMPLATE_OWNER = 'cascade_template_owner';
/** The group of all application roles: what migrations grant to it, every tenant's application may. */
export const APP_GROUP = 'cascade_app';
const PREFIX = 'cascade_template_';
/** So many templates of earlier migrations stay for processes of an earlier version; older ones are dropped. */
const FORMER_KEPT = 2;

/** Makes a database from the template of the present migrations, which is made first if it is missing. */
export const cloneTemplate = (deps: Administration, folder: MigrationFolder, database: string): Promise<void> =>
  // Under the lock from beginning to end, so that nobody drops the template between.
  underLock(deps, 'cascade_template', async (pool) => {
    const template = await ensureTemplate(deps, folder, pool);
    await pool.raw('create database ?? template ?? strategy wal_log', [database, template]);
  });

/** The name of the template of the present migrations. A process that is killed on the way leaves one that is not ready. */
async function ensureTemplate(deps: Administration, folder: MigrationFolder, pool: Knex): Promise<string> {
  const name = `${PREFIX}${await migrationsHash(folder)}`;
  if (await exists(pool, 'select 1 from pg_database where datname = ? and not datallowconn', [name])) return name;
  await ensureRole(pool, APP_GROUP, 'nologin');
  await ensureRole(pool, TEMPLATE_OWNER, 'nologin');
  await joinRole(pool, TEMPLATE_OWNER);
  await pool.raw('drop database if exists ??', [name]);
  await pool.raw(`create database ?? encoding 'UTF8' template template0`, [name]);
  await pool.raw('revoke all on database ?? from public', [name]);
  await pool.raw('grant create on database ?? to ??', [name, TEMPLATE_OWNER]);
  await asAdmin(deps, name, async (template) => {
    await template.raw('revoke all on schema public from public');
    await template.raw('grant all on schema public to ??', [TEMPLATE_OWNER]);
  });
  await migrate(deps, name, folder, TEMPLATE_OWNER);
  await pool.raw('alter database ?? with allow_connections false', [name]); // Only now it is ready.
  await dropFormer(pool, name);
  return name;
}

async function dropFormer(pool: Knex, present: string): Promise<void> {
  const found: { rows: { datname: string }[] } = await pool.raw(
    `select d.datname from pg_database d
      where starts_with(d.datname, ?) and d.datname <> ? and pg_has_role(current_user, d.datdba, 'usage')
      order by d.oid desc offset ?`,
    [PREFIX, present, FORMER_KEPT],
  );
  for (const { datname } of found.rows) {
    try {
      await pool.raw('drop database if exists ??', [datname]);
    } catch (error) {
      if (sqlStateOf(error) !== '55006') throw error; // Somebody is in it: another time.
    }
  }
}
