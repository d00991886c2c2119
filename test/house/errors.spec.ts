import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LEVEL_REASONS, NO_PAY_REASONS } from '../../src/commissions/types.ts';
import { problemCatalogue } from '../../src/kernel/problem.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const [problems = '', noPay = '', levels = ''] = page.split(/^## Why .*$/m);

/** The cells of the rows of a table whose first cell is a code. */
const rowsIn = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => /^\| (<a id="[\w.]+"><\/a>)?`/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('docs/errors.md', () => {
  beforeAll(async () => {
    const declaring = globSync('src/**/*.ts', { cwd: root })
      .filter((path) => path !== 'src/kernel/problem.ts')
      .filter((path) => /\bdefineProblems[<(]/.test(readFileSync(join(root, path), 'utf8')));
    for (const path of declaring) await import(join(root, path));
  });

  it('has each code of the program, with its status and its meaning, and no other', () => {
    const declared = [...problemCatalogue()].map(([code, { status, title }]) => `${code} ${status} ${title}`);
    const written = rowsIn(problems).map(
      ([code, status, title]) => `${/`(.*)`/.exec(code ?? '')?.[1]} ${status} ${title}`,
    );
    expect(declared.length).toBeGreaterThan(100);
    expect(written.toSorted()).toEqual(declared.toSorted());
  });

  it('says of each what to do, under the anchor that `type` points to', () => {
    const silent = rowsIn(problems).filter(([code = '', , , remedy = '']) => {
      const [, anchor, shown] = /^<a id="([\w.]+)"><\/a>`([\w.]+)`$/.exec(code) ?? [];
      return anchor === undefined || anchor !== shown || remedy.length < 10;
    });
    expect(silent).toEqual([]);
  });

  it('begins each code with the feature that owns it, and names it in one table', () => {
    const codes = rowsIn(problems).map(([code = '']) => /`(.*)`/.exec(code)?.[1] ?? '');
    expect(codes.filter((code) => !/^[a-z]+\.[a-z0-9_]+$/.test(code))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('has each reason for which a trade pays nothing, and whether somebody must see it', () => {
    const declared = Object.entries(NO_PAY_REASONS).map(([reason, { exception, sentence }]) => [
      `\`${reason}\``,
      exception ? 'yes' : 'no',
      sentence,
    ]);
    expect(rowsIn(noPay)).toEqual(declared);
  });

  it('has each reason for the part of a level', () => {
    expect(rowsIn(levels)).toEqual(
      Object.entries(LEVEL_REASONS).map(([reason, sentence]) => [`\`${reason}\``, sentence]),
    );
  });
});
