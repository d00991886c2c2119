import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';
import type { Knex } from 'knex';

const FILE_NAME = /^\d{12}_(expand|backfill|contract)_[a-z0-9_]+\.ts$/;

/** `control` is the registry's database, `tenant` each tenant's. */
export type MigrationKind = 'control' | 'tenant';

const folderOf = (kind: MigrationKind): string => fileURLToPath(new URL(`../../migrations/${kind}/`, import.meta.url));

/** The names of all migrations of a kind, in the order in which they are applied. */
export async function migrationNames(kind: MigrationKind): Promise<string[]> {
  const names = (await readdir(folderOf(kind))).filter((name) => name.endsWith('.ts')).sort();
  for (const name of names) if (!FILE_NAME.test(name)) throw new Error(`migrations/${kind}/${name} is not named <date>_<expand|backfill|contract>_<what>.ts`);
  return names;
}

/** A short hash over all migrations of a kind: two databases with the same hash were made by the same files. */
export async function migrationsHash(kind: MigrationKind): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await migrationNames(kind)) hash.update(name).update(await readFile(path.join(folderOf(kind), name)));
  return hash.digest('hex').slice(0, 12);
}

/** Applies what is missing, each migration in a transaction of its own; gives the names of those applied. */
export async function migrate(pool: Knex, kind: MigrationKind, options: { role?: string } = {}): Promise<string[]> {
  if (options.role !== undefined) await pool.raw('set role ??', [options.role]); // The caller's pool holds one connection.
  const [, applied]: [number, string[]] = await pool.migrate.latest({
    migrationSource: {
      getMigrations: () => migrationNames(kind),
      getMigrationName: (name: string) => name,
      getMigration: (name: string) => load(kind, name),
    },
    tableName: 'schema_migrations',
  });
  return applied;
}

/** A mistake is mended by a further migration, never by going back: a step back would lose what was written since. */
async function load(kind: MigrationKind, name: string): Promise<Knex.Migration> {
  const { up } = (await import(pathToFileURL(path.join(folderOf(kind), name)).href)) as Pick<Knex.Migration, 'up'>;
  return { up, down: () => Promise.reject(new Error(`${name} has no way back`)) };
}
