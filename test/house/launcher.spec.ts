import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const launcher = resolve(import.meta.dirname, '../../bin/cascade.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cascade-launcher-'));
  writeFileSync(join(folder, 'old.cjs'), `Object.defineProperty(process, 'versions', { value: { node: '20.9.0' } });`);
  writeFileSync(
    join(folder, 'entry.ts'),
    `const [how]: string[] = process.argv.slice(2);
     process.once('SIGTERM', () => process.exit(9));
     console.log(JSON.stringify({ args: process.argv.slice(2), entry: process.argv[1], node: process.release.name }));
     if (how === 'die') process.kill(process.pid, 'SIGKILL');
     else if (how === 'wait') setInterval(() => 0, 1000);
     else process.exitCode = 7;`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the launcher as a Node that believes it is of the version asked for. */
function launch(age: 'new' | 'old', args: string[], program = launcher) {
  const preload = age === 'old' ? ['--require', join(folder, 'old.cjs')] : [];
  const child = spawn(process.execPath, [...preload, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

describe('the launcher', () => {
  it.each(['new', 'old'] as const)(
    'runs a TypeScript file with its arguments and exit code, from a %s Node',
    async (age) => {
      const entry = join(folder, 'entry.ts');
      const { code, output } = await launch(age, [entry, 'demo', '--trades', '5']).ended;
      expect({ code, said: JSON.parse(output) as unknown }).toEqual({
        code: 7,
        said: { args: ['demo', '--trades', '5'], entry, node: 'node' },
      });
    },
  );

  it('passes a signal on to the Node it handed over to, and its exit code back', async () => {
    const { child, ended } = launch('old', [join(folder, 'entry.ts'), 'wait']);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(9);
  });

  it('ends with the usual code when the Node it handed over to is killed', async () => {
    expect((await launch('old', [join(folder, 'entry.ts'), 'die']).ended).code).toBe(137);
  });

  it('says what is missing where Node is old and no other is installed', async () => {
    const alone = join(folder, 'cascade.mjs');
    copyFileSync(launcher, alone);
    const { code, output } = await launch('old', [join(folder, 'entry.ts')], alone).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/^Cascade needs Node 24 or newer\. This is v\d+.*, and none is installed beside us/);
  });
});
