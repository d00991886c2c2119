import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { postgresProblem } from './errors.ts';
import type { Home } from './home.ts';
import { run } from './process.ts';

const versionMajor = '18';

/** Makes the database cluster where there is none. It appears whole or not at all: a start that was killed leaves none. */
export async function initialise(home: Home, native: string): Promise<void> {
  const versionFile = join(home.cluster, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const found = readFileSync(versionFile, 'utf8').trim();
    if (found === versionMajor) return;
    throw postgresProblem('platform.postgres_folder', {
      detail: `${home.cluster} was made by PostgreSQL ${found}, this one is ${versionMajor}. Export with the former version, then import`,
    });
  }
  const unfinished = `${home.cluster}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  writePassword(home);
  // The built-in locale provider needs nothing from the machine and sorts alike everywhere.
  const args = ['--pgdata', unfinished, '--username=postgres', `--pwfile=${home.passwordFile}`, '--auth=scram-sha-256'];
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const program = join(native, 'bin/initdb');
  const { account } = home;
  const { exitCode, output } = await run(program, [...args, ...locale], {
    account,
    cwd: home.folder,
    timeoutMs: 120_000,
  });
  if (exitCode !== 0) {
    throw postgresProblem('platform.postgres_start_failed', { detail: `initdb in ${home.folder}: ${output.trim()}` });
  }
  renameSync(unfinished, home.cluster);
}

function writePassword(home: Home): void {
  rmSync(home.passwordFile, { force: true });
  writeFileSync(home.passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  if (home.account !== undefined) chownSync(home.passwordFile, home.account.uid, home.account.gid);
}

/** The connection address of the superuser, for the database `postgres`. */
export function addressOf(home: Home, port: number): string {
  return `postgres://postgres:${readFileSync(home.passwordFile, 'utf8').trim()}@127.0.0.1:${port}/postgres`;
}

/** What `postmaster.pid` says; undefined while there is none, or before it is written to its end. */
export function readPidFile(home: Home): { pid: number; port: number; ready: boolean } | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(home.cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Math.abs(Number(lines[0]));
  const port = Number(lines[3]);
  return pid > 0 ? { pid, port, ready: lines[7]?.trim() === 'ready' } : undefined;
}

/** Forgets a `postmaster.pid` whose number has since been given to a process that is no server of this cluster. */
export const removePidFile = (home: Home): void => rmSync(join(home.cluster, 'postmaster.pid'), { force: true });

/** Whether the server behind a port answers, takes our password and serves this very data folder. */
export async function answers(home: Home, port: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: addressOf(home, port),
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
    application_name: 'cascade launcher',
  });
  client.on('error', () => undefined); // A connection that breaks shows in the statement that waits on it.
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>(`select current_setting('data_directory') as folder`);
    return rows[0]?.folder === home.cluster;
  } catch {
    return false; // Whatever the reason, it does not answer; the caller decides what that means.
  } finally {
    await client.end().catch(() => undefined);
  }
}
