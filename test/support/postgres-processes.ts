import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { type RunningPostgres, startPostgres } from '../../src/platform/postgres/index.ts';

/** The script that starts the server on a folder and holds it. */
export const holderScript = join(import.meta.dirname, 'postgres-holder.ts');

type Holder = { child: ChildProcess; facts: { url: string; port: number; pid: number; dataDir: string } };

/** A new folder for each test of a file, and servers and processes in it that end with the test. */
export function useScratchFolder() {
  let undo: (() => unknown)[] = [];
  const scratch = {
    folder: '',
    /** Does this when the test ends, before what was asked for earlier. */
    after: (step: () => unknown): void => void undo.push(step),
    async start(dataDir: string, more: { port?: number } = {}): Promise<RunningPostgres> {
      const server = await startPostgres({ dataDir, ...more });
      undo.push(server.stop);
      return server;
    },
    /** A process of its own that starts the server, as `npm start` would. */
    async hold(dataDir: string, account: { uid?: number; gid?: number } = {}): Promise<Holder> {
      const child = spawn(process.execPath, [holderScript, dataDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: '/',
        ...account,
      });
      undo.push(() => child.kill('SIGKILL'));
      for await (const line of createInterface({ input: child.stdout })) {
        return { child, facts: JSON.parse(line) as Holder['facts'] };
      }
      throw new Error('The holder ended before its server answered');
    },
  };
  beforeEach(() => {
    scratch.folder = mkdtempSync(join(tmpdir(), 'cascade-postgres-spec-'));
    chmodSync(scratch.folder, 0o755);
    undo = [() => rmSync(scratch.folder, { recursive: true, force: true })];
  });
  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });
  return scratch;
}

/** Runs statements one after another on a connection of their own; gives the first row of the last. */
export async function run(url: string, ...statements: string[]): Promise<Record<string, unknown> | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let row: Record<string, unknown> | undefined;
    for (const statement of statements) row = (await client.query<Record<string, unknown>>(statement)).rows[0];
    return row;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Kills a process and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
