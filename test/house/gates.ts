import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { findDuplicates } from './names.ts';
import { findSilencers } from './silencers.ts';

/** What a gate found: `output` is worth reading only if it is not ok. */
export type Result = { readonly ok: boolean; readonly output: string };

/** Each gate by name; it looks at the project in `root`, whose tools are ours. */
export const gates: Readonly<Record<string, (root: string) => Promise<Result> | Result>> = {
  format: (root) => node(root, tool('oxfmt', 'bin/oxfmt'), '--check'),
  types: (root) => node(root, tool('@typescript/native', 'bin/tsc'), '-p', '.'),
  lint: (root) => node(root, tool('oxlint', 'bin/oxlint'), '--format=unix'),
  imports: (root) => importRules(root),
  rights: (root) => node(root, join(import.meta.dirname, 'rights.ts'), root),
  'dead code': (root) => node(root, tool('knip', 'bin/knip.js'), '--no-progress', '--no-config-hints'),
  duplicates: (root) => list(findDuplicates(root).map(({ what, places }) => `${what}: ${places.join(', ')}`)),
  description: (root) => node(root, join(import.meta.dirname, 'description.ts'), root),
  silencers: (root) =>
    list(
      findSilencers(
        root,
        foldersOf(root).flatMap((folder) => typescriptIn(root, folder)),
      ),
    ),
};

const foldersOf = (root: string): string[] =>
  ['src', 'migrations', 'seeds', 'simulators', 'bench', 'test', 'web'].filter((folder) =>
    existsSync(join(root, folder)),
  );

const Cruise = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ rule: z.object({ name: z.string() }), from: z.string(), to: z.string() })),
  }),
});

async function importRules(root: string): Promise<Result> {
  const folders = foldersOf(root);
  const cruiser = tool('dependency-cruiser', 'bin/dependency-cruiser.mjs');
  const result = await node(root, cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders);
  if (!result.output.startsWith('{')) return { ok: false, output: result.output };
  const { modules, summary } = Cruise.parse(JSON.parse(result.output));
  const seen = new Set(modules.map(({ source }) => source));
  // Without a TypeScript that it understands the cruiser looks at no such file, and finds nothing wrong with that.
  const unseen = folders.flatMap((folder) => typescriptIn(root, folder)).filter((path) => !seen.has(path));
  const lines = [
    ...summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    ...unseen.map((path) => `not-looked-at: ${path}`),
  ];
  return { ok: lines.length === 0 && seen.size > 0, output: lines.join('\n') };
}

const typescriptIn = (root: string, folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('fixtures/'))
    .map((path) => `${folder}/${path}`);

const list = (lines: readonly string[]): Result => ({ ok: lines.length === 0, output: lines.join('\n') });

/** The path of a tool's program: its package's folder is found, since most packages do not export their programs. */
function tool(name: string, program: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const home = folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder));
  return join(home ?? join(dirname(import.meta.dirname), name), program);
}

function node(cwd: string, ...args: string[]): Promise<Result> {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('close', (code) => done({ ok: code === 0, output: output.trim() }));
  });
}
