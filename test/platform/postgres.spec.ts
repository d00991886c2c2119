import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPostgres, startPostgres, startScratchPostgres } from '../../src/platform/postgres/index.ts';
import { isAlive, waitUntil } from '../../src/platform/postgres/process.ts';
import { kill, run, useScratchFolder } from '../support/postgres-processes.ts';

const isRoot = process.getuid?.() === 0;
const scratch = useScratchFolder();

describe('the embedded PostgreSQL', () => {
  it('starts on an empty folder, keeps its data over a stop, and leaves no process behind', async () => {
    const first = await scratch.start(join(scratch.folder, 'data'));
    await run(first.url, 'create table kept (word text)', `insert into kept values ('Käse')`);
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);

    const second = await scratch.start(join(scratch.folder, 'data'));
    expect(second.adopted).toBe(false);
    expect(await run(second.url, 'select word from kept')).toEqual({ word: 'Käse' });
  });

  it('is durable by default, listens on 127.0.0.1 only, and speaks UTF-8 and UTC', async () => {
    const { url } = await scratch.start(join(scratch.folder, 'data'));
    const names = [
      'fsync',
      'synchronous_commit',
      'full_page_writes',
      'listen_addresses',
      'server_encoding',
      'timezone',
    ];
    const settings = await run(
      url,
      `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(', ')}`,
    );
    expect(settings).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      server_encoding: 'UTF8',
      timezone: 'UTC',
    });
  });

  it('keeps its password in a file for its account alone and lets nobody in without it', async () => {
    const { url, dataDir } = await scratch.start(join(scratch.folder, 'data'));
    expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    await expect(run(url.replace(/:[^:@]+@/, ':guessed@'), 'select 1')).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('is found by another command while it runs, and only then', async () => {
    const dataDir = join(scratch.folder, 'data');
    expect(await findPostgres(dataDir)).toBeUndefined();
    const { url, stop } = await scratch.start(dataDir);
    expect((await findPostgres(dataDir))?.url).toBe(url);
    await stop();
    expect(await findPostgres(dataDir)).toBeUndefined();
  });

  it('refuses a second start on the folder of a living process and does not disturb the first', async () => {
    const first = await scratch.start(join(scratch.folder, 'data'));
    await expect(startPostgres({ dataDir: join(scratch.folder, 'data') })).rejects.toThrow(
      /in use by another running process/,
    );
    expect(await run(first.url, 'select 1 as one')).toEqual({ one: 1 });
  });

  it('gives one of two simultaneous first starts the folder and the other a clear error', async () => {
    const starts = await Promise.allSettled([
      scratch.start(join(scratch.folder, 'data')),
      scratch.start(join(scratch.folder, 'data')),
    ]);
    expect(starts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    for (const result of starts) if (result.status === 'rejected') expect(String(result.reason)).toMatch(/in use/);
  });

  it('is made anew, whole, after the very first start was cut short', async () => {
    const dataDir = join(scratch.folder, 'data');
    mkdirSync(join(dataDir, 'cluster.new'), { recursive: true });
    writeFileSync(join(dataDir, 'cluster.new', 'PG_VERSION'), '18\n');
    const { url } = await scratch.start(dataDir);
    expect(await run(url, 'select 1 as one')).toEqual({ one: 1 });
  });

  it('removes scratch data when it stops', async () => {
    const server = await startScratchPostgres({ settings: { fsync: 'off' } });
    expect(await run(server.url, `select current_setting('fsync') as fsync`)).toEqual({ fsync: 'off' });
    await server.stop();
    expect(existsSync(dirname(server.dataDir))).toBe(false);
  });
});

describe('after a kill', () => {
  it('adopts the server of a parent that was killed, with everything committed', async () => {
    const dataDir = join(scratch.folder, 'data');
    const { child, facts } = await scratch.hold(dataDir);
    await run(facts.url, 'create table kept (n int)', 'insert into kept values (7)');
    await kill(child);
    expect(isAlive(facts.pid)).toBe(true);

    const adopted = await scratch.start(dataDir);
    expect({ pid: adopted.pid, port: adopted.port, adopted: adopted.adopted }).toEqual({
      pid: facts.pid,
      port: facts.port,
      adopted: true,
    });
    expect(await run(adopted.url, 'select n from kept')).toEqual({ n: 7 });
    await adopted.stop();
    expect(isAlive(facts.pid)).toBe(false);
  });

  it('stops a server left behind and starts anew where another port is wanted', async () => {
    const dataDir = join(scratch.folder, 'data');
    const { child, facts } = await scratch.hold(dataDir);
    await kill(child);
    const probe = await startScratchPostgres();
    await probe.stop(); // Its port is free again.
    const server = await scratch.start(dataDir, { port: probe.port });
    expect(server).toMatchObject({ port: probe.port, adopted: false });
    expect(isAlive(facts.pid)).toBe(false);
  });

  it('recovers after the postmaster itself was killed, even while sessions were busy', async () => {
    const dataDir = join(scratch.folder, 'data');
    const first = await scratch.start(dataDir);
    await run(first.url, 'create table kept (n int)', 'insert into kept select generate_series(1, 1000)');
    const busy = run(first.url, 'select pg_sleep(600)').catch((error: unknown) => error);
    const sleeping = async (): Promise<boolean> => {
      const row = await run(
        first.url,
        `select count(*)::int as n from pg_stat_activity where query = 'select pg_sleep(600)'`,
      );
      return row?.n === 1;
    };
    expect(await waitUntil(sleeping, 5000)).toBe(true);
    process.kill(first.pid, 'SIGKILL');
    expect(await waitUntil(() => !isAlive(first.pid), 5000)).toBe(true);

    const second = await scratch.start(dataDir);
    expect(second.adopted).toBe(false);
    expect(await run(second.url, 'select count(*)::int as n from kept')).toEqual({ n: 1000 });
    expect(await busy).toBeInstanceOf(Error);
  });

  it('does not take a process that was given the number of the killed server for the server', async () => {
    const dataDir = join(scratch.folder, 'data');
    const first = await scratch.start(dataDir);
    const pidFile = join(first.dataDir, 'cluster', 'postmaster.pid');
    await first.stop();
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore', ...(isRoot ? ownerOf(first.dataDir) : {}) });
    scratch.after(() => stranger.kill('SIGKILL'));
    writeFileSync(
      pidFile,
      `${stranger.pid}\n${join(first.dataDir, 'cluster')}\n1\n${first.port}\n\n127.0.0.1\n\nready   \n`,
    );
    if (isRoot) chownSync(pidFile, statSync(first.dataDir).uid, statSync(first.dataDir).gid);

    const second = await scratch.start(dataDir);
    expect(second.adopted).toBe(false);
    expect(stranger.pid !== undefined && isAlive(stranger.pid)).toBe(true);
  });
});

function ownerOf(path: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(path);
  return { uid, gid };
}
