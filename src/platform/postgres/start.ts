import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findBinaries } from './binaries.ts';
import { addressOf, answers, initialise, readPidFile, removePidFile } from './cluster.ts';
import { postgresProblem } from './errors.ts';
import { findHome, type Home, lockHome, openHome } from './home.ts';
import { endProcesses, idsOf, isAlive, isServerOf, serverEnvironment, serverProcesses, waitUntil } from './process.ts';
import { type PostgresSettings, settingsFor } from './settings.ts';

/** How to start: a folder of its own, a port (a free one unless given), settings over ours, and where to say what happens. */
export type PostgresOptions = {
  readonly dataDir: string;
  readonly port?: number;
  readonly settings?: PostgresSettings;
  readonly log?: (message: string) => void;
};

/** A server that answers. */
export type RunningPostgres = {
  /** The superuser's address of the database `postgres`; the password in it is the installation's own. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Where the data really lie; another folder than asked for where the server's account could not reach that one. */
  readonly dataDir: string;
  /** Whether it was found running, left by a process that was killed. */
  readonly adopted: boolean;
  /** Ends the sessions and stops the server, within 35 s; may be called again. */
  readonly stop: () => Promise<void>;
};

const attemptsMax = 5;
const readyWaitMs = 120_000; // Recovery after a crash replays up to max_wal_size.

/**
 * Starts the embedded PostgreSQL on a data folder, made on first use, or adopts the server that a killed process left
 * there. One process at a time has a folder; a second one gets `platform.postgres_in_use`.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const home = openHome(options.dataDir);
  const unlock = await lockHome(home);
  try {
    const native = await findBinaries(home.account);
    await initialise(home, native);
    const found = await adoptOrEnd(home, options);
    const server = found ?? (await launch(home, native, options, unlock));
    return {
      url: addressOf(home, server.port),
      ...server,
      dataDir: home.folder,
      adopted: found !== undefined,
      stop: stopper(home, server.pid, unlock),
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** The address of a server that runs on a data folder now, for a command beside the running program; undefined if none does. */
export async function findPostgres(dataDir: string): Promise<{ url: string; port: number; pid: number } | undefined> {
  const home = findHome(dataDir);
  const left = home && readPidFile(home);
  if (home === undefined || left === undefined || !left.ready || !(await answers(home, left.port))) return undefined;
  return { url: addressOf(home, left.port), port: left.port, pid: left.pid };
}

type Server = { readonly pid: number; readonly port: number };

/** Takes over a server left behind if it answers on a port we may use; else ends whatever is left of it. */
async function adoptOrEnd(home: Home, { port, log }: PostgresOptions): Promise<Server | undefined> {
  const left = readPidFile(home);
  if (left !== undefined && isServerOf(left.pid, home.cluster)) {
    const wanted = port === undefined || port === left.port;
    const ready = (): boolean => readPidFile(home)?.ready === true;
    const settled = (): boolean => ready() || !isAlive(left.pid);
    if (wanted && (await waitUntil(settled, readyWaitMs)) && ready() && (await answers(home, left.port))) {
      log?.(`PostgreSQL was running already (process ${left.pid}); it is ours again`);
      return { pid: left.pid, port: left.port };
    }
    log?.(`PostgreSQL of an earlier run (process ${left.pid}) is stopped first`);
    await endProcesses([left.pid], stopSteps);
  }
  // Sessions outlive a postmaster that was killed; nothing may start on their shared memory before they are gone.
  const orphans = serverProcesses(home.cluster);
  const stuck = await endProcesses(orphans, orphanSteps);
  if (stuck.length > 0) {
    throw postgresProblem('platform.postgres_start_failed', {
      detail: `Processes ${stuck.join(', ')} of an earlier server do not end`,
    });
  }
  // Nobody is left: the number in it may belong to a stranger by now, or to a dead process that nobody has buried, as in
  // a container without an init. PostgreSQL would take either for its own.
  if (left !== undefined) removePidFile(home);
  return undefined;
}

const stopSteps = [
  { signal: 'SIGINT', waitMs: 20_000 }, // Fast: sessions are ended, a checkpoint is written.
  { signal: 'SIGQUIT', waitMs: 10_000 }, // Immediate: the next start recovers.
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;
const orphanSteps = stopSteps.slice(1);

async function launch(
  home: Home,
  native: string,
  options: PostgresOptions,
  unlock: () => Promise<void>,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const logged = openLog(home);
    const child = spawn(join(native, 'bin/postgres'), ['-D', home.cluster, ...settingsFor(port, options.settings)], {
      cwd: home.cluster,
      env: serverEnvironment,
      detached: true, // Ctrl-C in a terminal reaches only us, so that everything stops in our order.
      stdio: ['ignore', logged.descriptor, logged.descriptor],
      ...idsOf(home.account),
    });
    closeSync(logged.descriptor);
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.unref();
    const { pid } = child;
    const ready = (): boolean => readPidFile(home)?.ready === true && readPidFile(home)?.pid === pid;
    const ended = (): boolean => failure !== undefined || pid === undefined || !isAlive(pid);
    await waitUntil(() => ready() || ended(), readyWaitMs);
    if (pid !== undefined && !ended() && ready() && (await answers(home, port))) {
      child.once('exit', () => void unlock()); // A server that died by itself may be started again, by us or by another.
      return { pid, port };
    }
    if (pid !== undefined) await endProcesses([pid], orphanSteps);
    const said = readFileSync(home.logFile).subarray(logged.start).toString('utf8').trim().slice(-2000);
    const mayRetry = options.port === undefined && attempt < attemptsMax && said.includes('Address already in use');
    if (!mayRetry) {
      const detail = `${failure?.message ?? ''}${said || 'It said nothing'} (log: ${home.logFile})`;
      throw postgresProblem('platform.postgres_start_failed', { detail, cause: failure });
    }
    options.log?.(`Port ${port} was taken in the meantime; another is tried`);
  }
}

/** Opens the server's log for appending; a large one is put aside, and one such is kept. */
function openLog(home: Home): { descriptor: number; start: number } {
  const size = statSync(home.logFile, { throwIfNoEntry: false })?.size ?? 0;
  const full = size > 10 * 1024 * 1024;
  if (full) renameSync(home.logFile, `${home.logFile}.1`);
  return { descriptor: openSync(home.logFile, 'a', 0o600), start: full ? 0 : size };
}

function stopper(home: Home, pid: number, unlock: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (isServerOf(pid, home.cluster)) await endProcesses([pid], stopSteps);
    await endProcesses(serverProcesses(home.cluster), orphanSteps);
    await unlock();
  };
  return () => (stopped ??= stop());
}

/** A port that is free now. Another program may take it before the server does, so the start tries again. */
function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('No port was given')),
      );
    });
  });
}
