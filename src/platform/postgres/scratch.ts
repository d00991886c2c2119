import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProblem } from '../../kernel/problem.ts';
import { findHome, lockHome } from './home.ts';
import { endProcesses, serverProcesses } from './process.ts';
import { type PostgresOptions, type RunningPostgres, startPostgres } from './start.ts';

const prefix = 'cascade-scratch-';
const comingUpMsMax = 10 * 60_000;

/**
 * Starts an embedded server on new data that nobody keeps: `stop()` removes them. What earlier processes could not
 * remove, because they were killed, is removed first.
 */
export async function startScratchPostgres(options: Omit<PostgresOptions, 'dataDir'> = {}): Promise<RunningPostgres> {
  await sweep();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(folder, 0o755); // The server's account passes through it; the data folder itself is closed.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const server = await startPostgres({ ...options, dataDir: join(folder, 'postgres') });
    const stop = (): Promise<void> => server.stop().then(remove);
    return { ...server, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Ends the scratch servers of this account whose starter is gone, and removes their data. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) continue;
    const home = findHome(join(folder, 'postgres'));
    if (home === undefined) {
      const old = Date.now() - found.mtimeMs > comingUpMsMax;
      if (old) rmSync(folder, { recursive: true, force: true });
      continue; // A young one may just be coming up.
    }
    try {
      const unlock = await lockHome(home, 0);
      await endProcesses(serverProcesses(home.cluster), [
        { signal: 'SIGQUIT', waitMs: 5000 },
        { signal: 'SIGKILL', waitMs: 5000 },
      ]);
      rmSync(folder, { recursive: true, force: true });
      await unlock();
    } catch (error) {
      if (!isProblem(error, 'platform.postgres_in_use')) throw error; // In use is what a running one should be.
    }
  }
}
