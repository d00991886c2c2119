import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What a process of the product gets for `#fault-points`, and what it does there. */
const resolved = (...conditions: string[]): { file: string; result: string } =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        ...conditions,
        '--input-type=module',
        '--eval',
        "const { reach } = await import('#fault-points'); console.log(JSON.stringify({ file: import.meta.resolve('#fault-points'), result: typeof reach('booking.before_commit') }));",
      ],
      { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH } },
    ),
  ) as { file: string; result: string };

describe('The named points of faults', () => {
  it('do nothing in production, which never reads what a test does there', () => {
    const { file, result } = resolved();
    expect(file).toMatch(/\/src\/platform\/fault-points\.ts$/);
    expect(result).toBe('undefined');
    const scripts = (
      JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    ).scripts;
    for (const role of ['start', 'api', 'worker', 'relay', 'migrate', 'cascade', 'demo'])
      expect(scripts[role]).not.toContain('conditions');
  });

  it('are there in a test build', () => {
    const { file, result } = resolved('--conditions=fault-test');
    expect(file).toMatch(/\/test\/support\/fault-points\.ts$/);
    expect(result).toBe('object');
  });
});
