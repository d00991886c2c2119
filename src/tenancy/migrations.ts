import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { type Administration, asAdmin, exists } from './admin.ts';

const FILE_NAME = /^\d{12}_(expand|backfill|contract)_[a-z0-9_]+\.ts$/;
const STATEMENT_TIMEOUT_MS = 15 * 60_000;
const APPLIED = 'schema_migrations';

/** `control` is the registry's database, `tenant` each tenant's. */
export type MigrationKind = 'control' | 'tenant';

/** Where migrations lie: a folder of files, each one change. */
export type MigrationFolder = string;

/** The project's own migrations of a kind. */
export const migrationFolder = (kind: MigrationKind): MigrationFolder =>
  fileURLToPath(new URL(`../../migrations/${kind}/`, import.meta.url));

/** The names of all migrations of a folder, in the order in which they are applied. */
export async function migrationNames(folder: MigrationFolder): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  for (const name of names)
    if (!FILE_NAME.test(name))
      throw new Error(`${path.join(folder, name)} is not named <date>_<expand|backfill|contract>_<what>.ts`);
  return names;
}

/** A short hash over all migrations of a folder: two databases with the same hash were made by the same files. */
export async function migrationsHash(folder: MigrationFolder): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await migrationNames(folder)) hash.update(name).update(await readFile(path.join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Applies what is missing in a database, as `role` if given: each migration in a transaction of its own, so that an
 * interrupted run goes on where it was. Only one process at a time migrates a database. Gives the names applied.
 */
export const migrate = (
  deps: Administration,
  database: string,
  folder: MigrationFolder,
  role?: string,
): Promise<string[]> =>
  asAdmin(
    deps,
    database,
    async (pool) => {
      await pool.raw('select pg_advisory_lock(7205003)');
      const config = configFor(folder);
      // Who holds the lock above is alone: a mark in knex's own table can only be left from a process that was killed.
      await pool.migrate.forceFreeMigrationsLock(config);
      const applied: string[] = [];
      const countMax = (await migrationNames(folder)).length;
      for (let count = 0; count < countMax; count += 1) {
        const [, names] = (await pool.migrate.up(config)) as [number, string[]];
        if (names.length === 0) break;
        applied.push(...names);
      }
      return applied;
    },
    { statementTimeoutMs: STATEMENT_TIMEOUT_MS, ...(role === undefined ? {} : { role }) },
  );

/** The names of the migrations that a database has, in order. */
export async function appliedMigrations(pool: Knex): Promise<string[]> {
  if (!(await exists(pool, 'select 1 where to_regclass(?) is not null', [`public.${APPLIED}`]))) return [];
  const found: { rows: { name: string }[] } = await pool.raw('select name from public.?? order by name', [APPLIED]);
  return found.rows.map((row) => row.name);
}

const configFor = (folder: MigrationFolder): Knex.MigratorConfig => ({
  migrationSource: {
    getMigrations: () => migrationNames(folder),
    getMigrationName: (name: string) => name,
    getMigration: (name: string) => load(folder, name),
  },
  tableName: APPLIED,
});

/** A mistake is mended by a further migration, never by going back: a step back would lose what was written since. */
async function load(folder: MigrationFolder, name: string): Promise<Knex.Migration> {
  const { up } = (await import(pathToFileURL(path.join(folder, name)).href)) as Pick<Knex.Migration, 'up'>;
  return { up, down: () => Promise.reject(new Error(`${name} has no way back`)) };
}
