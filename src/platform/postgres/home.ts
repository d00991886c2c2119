import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountForServer, canReach } from './account.ts';
import { postgresProblem } from './errors.ts';
import type { Account } from './process.ts';

/** Where one embedded server keeps what is its own, and the account it runs as (undefined: the caller's). */
export type Home = {
  readonly folder: string;
  readonly cluster: string;
  readonly passwordFile: string;
  readonly logFile: string;
  readonly account: Account | undefined;
};

/**
 * Makes the folder ready for the server's account. A folder which that account cannot reach (under /root, say) is
 * replaced by one named after it in /var/lib or the system's temporary folder; the same name finds it again.
 */
export function openHome(dataDir: string): Home {
  const wanted = resolve(dataDir);
  const account = ownerOfCluster(wanted) ?? accountForServer();
  const folder = account === undefined ? wanted : reachable(wanted, account);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = statSync(folder);
  if (account !== undefined && found.uid === 0) chownSync(folder, account.uid, account.gid);
  const owner = account?.uid ?? process.getuid?.();
  if (statSync(folder).uid !== owner) {
    throw postgresProblem('platform.postgres_folder', {
      detail: `${folder} belongs to the account with number ${found.uid}. Start as that account, or name another data folder`,
    });
  }
  chmodSync(folder, 0o700);
  return homeIn(realpathSync(folder), account);
}

/** The folder of a server that may be running already; changes nothing. Undefined where none was ever made. */
export function findHome(dataDir: string): Home | undefined {
  const wanted = resolve(dataDir);
  const account = ownerOfCluster(wanted) ?? accountForServer();
  const folder = account === undefined ? wanted : [wanted, standIn(wanted)].find(hasCluster);
  return folder !== undefined && hasCluster(folder) ? homeIn(realpathSync(folder), account) : undefined;
}

const homeIn = (folder: string, account: Account | undefined): Home => ({
  folder,
  cluster: join(folder, 'cluster'),
  passwordFile: join(folder, 'password'),
  logFile: join(folder, 'postgres.log'),
  account,
});

const hasCluster = (folder: string): boolean => existsSync(join(folder, 'cluster', 'PG_VERSION'));

/** Root goes on as whoever made the data: a cluster serves only its owner. */
function ownerOfCluster(folder: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const cluster = statSync(join(folder, 'cluster'), { throwIfNoEntry: false });
  if (cluster === undefined || cluster.uid === 0) return undefined;
  return { uid: cluster.uid, gid: cluster.gid, name: `#${cluster.uid}` };
}

function reachable(wanted: string, account: Account): string {
  const other = standIn(wanted);
  // Data that are there decide: a server must never come up empty because a folder's rights were changed.
  if (canReach(wanted, account)) return hasCluster(other) && !hasCluster(wanted) ? other : wanted;
  if (hasCluster(wanted)) {
    throw postgresProblem('platform.postgres_folder', {
      detail: `${wanted} holds data, but the account ${account.name} can no longer reach it. Let others pass through the folders above it`,
    });
  }
  return other;
}

function standIn(wanted: string): string {
  const base = existsSync('/var/lib') ? '/var/lib/cascade' : join(tmpdir(), 'cascade-data');
  return join(base, nameOf(wanted));
}

const nameOf = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 24);

/**
 * Keeps a home for one process until the answered function is called or the process ends, however it ends: the lock
 * is a name in the kernel (an abstract socket), so nothing is left behind by a kill.
 */
export async function lockHome(home: Home, waitMs = 3000): Promise<() => Promise<void>> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const unlock = await tryLock(`\0cascade-postgres-${nameOf(home.folder)}`);
    if (unlock !== undefined) return unlock;
    if (performance.now() >= deadline) break;
    await sleep(50); // Its last holder may be about to end.
  }
  throw postgresProblem('platform.postgres_in_use', {
    detail: `Another process runs the embedded PostgreSQL in ${home.folder}. Stop it, or name another data folder`,
  });
}

function tryLock(name: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ path: name }, () => {
      server.unref();
      resolve(() => new Promise((done) => server.close(() => done())));
    });
  });
}
