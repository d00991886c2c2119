import type { Knex } from 'knex';
import { Problem } from '../kernel/problem.ts';
import { type DatabaseAddress, isUnreachable, openPool, poolDefaults, sqlStateOf } from '../platform/database.ts';
import { platformProblem } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { tenancyProblem } from './errors.ts';

/** The administrator's way to the cluster: where roles and databases are made. */
export type Administration = { readonly admin: DatabaseAddress; readonly log: Logger };

/** Cloning a template, or waiting for somebody who does, takes longer than a statement of the application. */
const STATEMENT_TIMEOUT_MS = 120_000;

/** Runs work as the administrator on one connection to a database; with `role`, all of it runs as that role. */
export async function asAdmin<T>(
  { admin, log }: Administration,
  database: string,
  work: (pool: Knex) => Promise<T>,
  options: { readonly role?: string; readonly statementTimeoutMs?: number } = {},
): Promise<T> {
  const { role, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const settings = { ...poolDefaults, connectionsMax: 1, idleTimeoutMs: statementTimeoutMs, statementTimeoutMs };
  // At each new connection, because one that replaces a lost one must not go on as the administrator.
  const checkConnection = async (run: (sql: string) => Promise<unknown>): Promise<void> => {
    if (role !== undefined) await run(`set role ${quoted(role)}`);
  };
  const pool = openPool({ ...admin, database }, { ...settings, checkConnection }, log);
  try {
    return await work(pool);
  } catch (error) {
    throw role === undefined ? inWords(error, admin, database) : error; // A role's own faults are no administrator's.
  } finally {
    await pool.destroy();
  }
}

/** What an operator is told of faults that lie with DATABASE_URL and not with the program. */
function inWords(error: unknown, { user, host, port }: DatabaseAddress, database: string): unknown {
  if (!(error instanceof Error) || error instanceof Problem) return error;
  const state = sqlStateOf(error) ?? '';
  if (state === '42501') {
    const detail = `${user} in ${database}: ${error.message}. It needs CREATEDB and CREATEROLE, and must have made what is there`;
    return tenancyProblem('tenancy.administrator_limited', { cause: error, detail });
  }
  if (state.startsWith('28'))
    return platformProblem('platform.config_invalid', { cause: error, detail: `DATABASE_URL: ${error.message}` });
  if (!isUnreachable(error)) return error;
  const detail = `The database server at ${host}:${port}: ${error.message}`;
  return platformProblem('platform.unavailable', { cause: error, detail, retryAfterSeconds: 2 });
}

/** The same administrator on the cluster where a tenant's database is. */
export const atPlaceOf = <Deps extends Administration>(
  deps: Deps,
  { host, port }: { readonly host: string; readonly port: number },
): Deps => ({ ...deps, admin: { ...deps.admin, host, port } });

/** Whether a question has an answer. */
export async function exists(pool: Knex, question: string, values: readonly string[]): Promise<boolean> {
  const found: { rows: unknown[] } = await pool.raw(question, values);
  return found.rows.length > 0;
}

/** Makes a role unless it exists; two processes may try at once. */
export async function ensureRole(pool: Knex, role: string, attributes: string): Promise<void> {
  if (await exists(pool, 'select 1 from pg_roles where rolname = ?', [role])) return;
  try {
    await pool.raw(`create role ?? ${attributes}`, [role]);
  } catch (error) {
    if (sqlStateOf(error) !== '42710' && sqlStateOf(error) !== '23505') throw error; // Somebody else made it just now.
  }
}

/**
 * Lets the administrator act for a role; a superuser may anyway. Since Postgres 16 the maker of a role is a member that
 * may only administer it: `usage` tells the membership that counts.
 */
export async function joinRole(pool: Knex, role: string): Promise<void> {
  if (await exists(pool, `select 1 where pg_has_role(current_user, ?::name, 'usage')`, [role])) return;
  await pool.raw('grant ?? to current_user', [role]);
}

/** Runs work under a lock of the cluster, which everybody takes in the administrator's own database. */
export const underLock = <T>(deps: Administration, name: string, work: (pool: Knex) => Promise<T>): Promise<T> =>
  asAdmin(deps, deps.admin.database, async (pool) => {
    await pool.raw(`select pg_advisory_lock(7205, hashtext(?))`, [name]); // Released with the connection, however it ends.
    return work(pool);
  });

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
