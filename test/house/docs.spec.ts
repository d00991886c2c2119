import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runCli } from '../../src/main/cli/program.ts';
import { blocksIn, linksIn, namedCommands, namedNouns, namedPaths, withoutTimes } from './markdown.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  ...globSync('{docs,src,simulators,seeds,bench,test,migrations}/**/*.md', { cwd: root }),
].filter((path) => !path.includes('fixtures/'));
const Names = z.record(z.string(), z.string());
const manifest = z
  .object({ scripts: Names, dependencies: Names, devDependencies: Names, optionalDependencies: Names })
  .parse(JSON.parse(read('package.json')));
const architecture = read('docs/ARCHITECTURE.md');

/** What is wrong on any page: the page and each thing that `find` complains of. */
const wrongOn = (find: (page: string, path: string) => string[]): string[] =>
  pages.flatMap((path) => find(read(path), path).map((what) => `${path}: ${what}`));

describe('What the documents name exists', () => {
  it('every link, to its heading', () => {
    const broken = wrongOn((page, path) =>
      linksIn(page).filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !read(target).includes(`id="${anchor}"`) && !anchorsOf(read(target)).has(anchor);
      }),
    );
    expect(broken).toEqual([]);
  });

  it('every path', () => {
    expect(wrongOn((page) => namedPaths(page).filter((path) => !existsSync(join(root, path))))).toEqual([]);
  });

  it('every npm script', () => {
    const known = new Set(['ci', 'start', 'test', 'install', ...Object.keys(manifest.scripts)]);
    expect(wrongOn((page) => namedCommands(page).filter((name) => !known.has(name)))).toEqual([]);
  });

  it('every script in turn is told of in the README', () => {
    const told = new Set(namedCommands(read('README.md')));
    expect(Object.keys(manifest.scripts).filter((name) => !told.has(name) && name !== 'format')).toEqual([]);
  });

  it('every variable of the environment', () => {
    const known = read('docs/configuration.md');
    const variables = (page: string): string[] => page.match(/\bCASCADE_[A-Z_]+[A-Z]\b/g) ?? [];
    expect(wrongOn((page) => variables(page).filter((name) => !known.includes(`| \`${name}\` |`)))).toEqual([]);
  });

  it('every statement of the hot path', () => {
    const [, hotPath = ''] = architecture.split('## The hot path');
    const named = hotPath.split('\n## ')[0]?.match(/`[a-z]+\.[a-z_]+`/g) ?? [];
    const sources = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n');
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !sources.includes(name.replaceAll('`', "'")))).toEqual([]);
  });
});

const anchorsOf = (page: string): Set<string> =>
  new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );

describe('docs/ARCHITECTURE.md', () => {
  const [, invariants = ''] = /## Invariants\n([^]*?)\n## /.exec(architecture) ?? [];

  it('opens with one picture', () => {
    expect(architecture).toMatch(/^# Architecture\n\n```text\n/);
  });

  it('numbers the invariants, and each names a test that exists', () => {
    const numbers = [...invariants.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_number, place) => place + 1));
    const unguarded = invariants
      .split(/^(?=\d+\. )/m)
      .slice(1)
      .filter((each) => !/^ +- `test\//m.test(each));
    expect(unguarded).toEqual([]);
    const guards = [...invariants.matchAll(/^ +- `(test\/[\w/.-]+\.spec\.ts)`: "(.*)"$/gm)];
    expect(guards.length).toBe(invariants.match(/^ +- /gm)?.length);
    const absent = guards.filter(
      ([, path = '', title = '']) => !existsSync(join(root, path)) || !holdsTitle(read(path), title),
    );
    expect(absent.map(([line]) => line.trim())).toEqual([]);
  });
});

const holdsTitle = (source: string, title: string): boolean =>
  [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``, `\`${title} (\${`].some((quoted) =>
    source.includes(quoted),
  );

describe('The decisions', () => {
  const records = globSync('docs/decisions/[0-9]*.md', { cwd: root }).toSorted();

  it('are numbered without a hole, listed, and short, each with context, decision and consequence', () => {
    const index = read('docs/decisions/README.md');
    for (const [place, path] of records.entries()) {
      const name = path.slice('docs/decisions/'.length);
      const number = String(place + 1).padStart(4, '0');
      expect(name.startsWith(`${number}-`), name).toBe(true);
      expect(index, name).toContain(`| [${number}](${name}) |`);
      const record = read(path);
      expect(record, name).toMatch(
        new RegExp(`^# ${number} [^]*\\*\\*Context\\.\\*\\*[^]*\\*\\*Decision\\.\\*\\*[^]*\\*\\*Consequence\\.\\*\\*`),
      );
      const lines = record.split('\n').filter((line) => !line.startsWith('| ')); // A table may be as long as what it lists.
      expect(lines.length, name).toBeLessThanOrEqual(50);
    }
  });

  it('give a reason for each package, and for no other', () => {
    const rows = read('docs/decisions/0001-dependencies.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const reasoned = rows.flatMap((row) => row.split('|')[1]?.match(/(?<=`)[^`, ]+(?=`)/g) ?? []);
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    expect(reasoned.toSorted()).toEqual(
      Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).toSorted(),
    );
  });
});

describe('Every folder explains itself', () => {
  const features = globSync('src/*', { cwd: root }).filter((path) => path !== 'src/.DS_Store');

  it.each([...features, 'simulators/mt-server', 'seeds', 'bench', 'migrations', 'test'])('%s', (folder) => {
    const readme = join(root, folder, 'README.md');
    expect(existsSync(readme)).toBe(true);
    expect(readFileSync(readme, 'utf8').split('\n').length).toBeLessThan(80);
  });

  it('a feature names each of its tables', () => {
    const made = globSync('migrations/{tenant,control}/*.ts', { cwd: root })
      .flatMap((path) => [...read(path).matchAll(/create table (\w+)\.(\w+)/g)])
      .map(([, schema = '', table = '']) => ({
        page: `src/${schema === 'control' ? 'tenancy' : schema}/README.md`,
        table: `${schema}.${table}`,
      }));
    expect(made.length).toBeGreaterThan(30);
    expect(made.filter(({ page, table }) => !read(page).includes(`\`${table}\``))).toEqual([]);
  });
});

describe('The examples that are marked as such', () => {
  const examples = pages.flatMap((path) =>
    blocksIn(read(path)).flatMap((block, place, all) => {
      if (block.info !== 'sh run') return [];
      const shown = all[place + 1]?.info === 'text from the above' ? all[place + 1]?.lines : undefined;
      return block.lines.map((command) => ({ path, command, shown }));
    }),
  );

  it.each(examples)('$path: $command', { timeout: 120_000 }, async ({ command, shown }) => {
    const { code, output } = await run(command);
    expect(code, output).toBe(0);
    const printed = withoutTimes(output).split('\n');
    let from = 0; // What is shown stands in the output in this order.
    for (const line of (shown ?? []).filter((each) => each !== '…').map(withoutTimes)) {
      const found = printed.indexOf(line, from);
      expect(found, line).toBeGreaterThanOrEqual(0);
      from = found + 1;
    }
  });

  it('are the demo and the help of the command line at least', () => {
    const commands = examples.filter(({ path }) => path === 'README.md').map(({ command }) => command);
    expect(commands).toContain('npm run cascade -- --help');
    expect(commands).toContainEqual(expect.stringMatching(/^npm run demo\b/));
  });

  it('and every command of the command line that is named exists', async () => {
    const named = new Set(pages.flatMap((path) => namedNouns(read(path))));
    expect(named.size).toBeGreaterThan(8);
    const absent: string[] = [];
    for (const words of named) {
      const { output } = await run(`npm run cascade -- ${words} --help`);
      if (!output.startsWith(`Usage: cascade ${words} `)) absent.push(words);
    }
    expect(absent).toEqual([]);
  });

  it('and CI runs what the README says', () => {
    const commands = [...read('.ci/run').matchAll(/^bounded (npm (?:run )?\w+)/gm)].map(([, command]) => command);
    expect(commands).toEqual(['npm ci', 'npm run check', 'npm test']);
  });
});

/** What `npm run <script> -- <arguments>` does, without npm around it; the command line runs in this process. */
async function run(command: string): Promise<{ code: number | null; output: string }> {
  const [, name = '', rest = ''] = /^npm run (\w+)(?: -- (.*))?$/.exec(command) ?? [];
  const args = rest.split(' ').filter((word) => word !== '');
  let output = '';
  if (name === 'cascade') {
    const write = (text: string): void => void (output += text);
    return { code: await runCli(args, { environment: {}, write, writeError: write }), output };
  }
  const [, file = ''] = /^node bin\/cascade\.mjs (\S+)$/.exec(manifest.scripts[name] ?? '') ?? [];
  const child = spawn(process.execPath, ['bin/cascade.mjs', file, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const both = (bytes: Buffer): void => void (output += bytes.toString());
  child.stdout.on('data', both);
  child.stderr.on('data', both);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
