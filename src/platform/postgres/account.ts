import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { postgresProblem } from './errors.ts';
import type { Account } from './process.ts';

/**
 * PostgreSQL refuses to run as root, so root lends it the account `postgres`, or else `nobody`.
 * Gives undefined for everybody else: the server then runs as the caller.
 */
export function accountForServer(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid = '', gid = '']) => [name, { name, uid: Number(uid), gid: Number(gid) }] as const),
  );
  const account = accounts.get('postgres') ?? accounts.get('nobody');
  if (account === undefined || !(account.uid > 0)) {
    throw postgresProblem('platform.postgres_account', {
      detail:
        'PostgreSQL does not run as root, and neither `postgres` nor `nobody` exists. Add one, or set DATABASE_URL',
    });
  }
  return account;
}

/** Whether the account may pass through every folder above `path` (the nearest that exist); the caller itself always may. */
export function canReach(path: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found !== undefined && !maySearch(found, account)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function maySearch(folder: { uid: number; gid: number; mode: number }, account: Account): boolean {
  if (folder.uid === account.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === account.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}
