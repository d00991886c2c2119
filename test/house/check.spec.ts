import { afterEach, describe, expect, it } from 'vitest';
import { gates } from './gates.ts';
import { plantProject, uprootProject } from './planted-project.ts';

let planted: string[] = [];
afterEach(() => {
  planted.forEach(uprootProject);
  planted = [];
});

/** What a gate says of a project that consists of these files. */
async function verdict(gate: string, files: Record<string, string>) {
  const folder = plantProject(files);
  planted.push(folder);
  const result = await gates[gate]?.(folder);
  if (result === undefined) throw new Error(`There is no gate ${gate}`);
  return result;
}

const long = (lines: number): string => Array.from({ length: lines }, (_, line) => `  void ${line};`).join('\n');
const tx = `import type { TenantTx } from '../platform/tenant-tx.ts';\n`;
const txTypes = {
  'src/platform/tenant-tx.ts':
    'export type TenantTx = { readonly sql: string };\nexport type ControlTx = { readonly sql: string };\n',
};

/** The rule, the file that breaks it, and how. */
const breaches: [rule: string, path: string, text: string][] = [
  ['eslint(no-restricted-globals)', 'src/ib/rules.ts', 'export const now = () => new Date();'],
  ['eslint(no-restricted-globals)', 'src/commissions/engine/machine.ts', 'export const now = () => Date.now();'],
  ['eslint(no-restricted-globals)', 'src/kernel/money.ts', 'export const port = () => process.pid;'],
  ['eslint(no-restricted-globals)', 'src/commissions/levels/fixed.ts', 'export const id = () => crypto.randomUUID();'],
  ['eslint(no-restricted-properties)', 'src/commissions/models/per-lot.ts', 'export const dice = () => Math.random();'],
  ['node(no-process-env)', 'src/ib/service.ts', 'export const secret = () => process.env.SECRET;'],
  [
    'eslint(no-restricted-imports)',
    'src/ib/env.ts',
    `import { env } from 'node:process';\nexport const secret = env.SECRET;`,
  ],
  ['cascade(one-mint)', 'src/ib/mint.ts', `${tx}export const mint = (sql: string) => ({ sql }) as TenantTx;`],
  [
    'cascade(one-mint)',
    'src/ib/mint-twice.ts',
    `${tx}export const mint = (x: string) => x as unknown as TenantTx | undefined;`,
  ],
  [
    'cascade(one-mint)',
    'src/ops/mint.ts',
    `import type * as p from '../platform/tenant-tx.ts';\nexport const mint = (x: unknown) => x as p.ControlTx;`,
  ],
  [
    'cascade(one-mint)',
    'test/ib/mint.ts',
    `${tx.replace('../', '../../src/')}export const mint = (x: unknown) => x as TenantTx;`,
  ],
  ['eslint(no-console)', 'src/ib/print.ts', 'export const print = () => console.log(1);'],
  ['eslint(max-lines)', 'src/ib/long.ts', `export const one = 1;${'\n// A line.'.repeat(300)}`],
  ['eslint(max-lines)', 'test/ib/long.spec.ts', `export const one = 1;${'\n// A line.'.repeat(300)}`],
  ['eslint(max-lines-per-function)', 'src/ib/deep.ts', `export function deep() {\n${long(70)}\n}`],
  ['typescript(no-explicit-any)', 'src/ib/any.ts', 'export const pass = (x: any): unknown => x;'],
  ['typescript(no-unsafe-return)', 'src/ib/parse.ts', 'export const parse = (text: string) => JSON.parse(text);'],
  ['typescript(no-unsafe-assignment)', 'src/ib/assign.ts', 'export const one: number = JSON.parse("1");'],
  ['typescript(no-unsafe-member-access)', 'src/ib/member.ts', 'export const one: unknown = JSON.parse("{}").one;'],
  [
    'typescript(no-unsafe-call)',
    'src/ib/call.ts',
    'export const one = (f: unknown) => void (JSON.parse("1") as never as ReturnType<typeof JSON.parse>)(f);',
  ],
  ['typescript(no-floating-promises)', 'src/ib/floating.ts', 'export function go() {\n  Promise.resolve(1);\n}'],
  [
    'typescript(no-misused-promises)',
    'src/ib/misused.ts',
    'export const go = () => [1].forEach(async (x) => Promise.resolve(x));',
  ],
  [
    'typescript(consistent-type-imports)',
    'src/ib/imported.ts',
    `import { TenantTx } from '../platform/tenant-tx.ts';\nexport type Tx = TenantTx;`,
  ],
  ['typescript(no-non-null-assertion)', 'src/ib/sure.ts', 'export const first = (x: number[]): number => x[0]!;'],
];

describe('npm run check', () => {
  it('finds every planted breach of a lint rule, and names it and its file', async () => {
    const files = Object.fromEntries(breaches.map(([, path, text]) => [path, `${text}\n`]));
    const { ok, output } = await verdict('lint', { ...txTypes, ...files });
    expect(ok).toBe(false);
    const missed = breaches.filter(
      ([rule, path]) => !output.split('\n').some((line) => line.startsWith(`${path}:`) && line.includes(rule)),
    );
    expect(missed.map(([rule, path]) => `${rule} in ${path}`)).toEqual([]);
  });

  it('lets the composition roots read the environment, tests be long functions, and withTenant make its handle', async () => {
    const allowed = {
      ...txTypes,
      'src/main/dev.ts': 'export const port = () => console.log(process.env.PORT, Date.now());\n',
      'src/ib/service.ts': 'export const now = () => new Date();\n',
      'src/tenancy/with-tenant.ts': `${tx}export const mint = (sql: string) => ({ sql }) as TenantTx;\n`,
      'src/ib/store.ts': `${tx}export const take = (work: unknown) => work as (tx: TenantTx) => string;\n`,
      'test/ib/long.spec.ts': `export function deep() {\n${long(100)}\n}\n`,
    };
    expect(await verdict('lint', allowed)).toEqual({ ok: true, output: '' });
  });

  it('finds a route whose right nobody has, one that does not say who may call it, and a row that no route asks for', async () => {
    const need = (id: string, on: string, asked: unknown) => ({ id, on, need: asked });
    const move = { action: 'move', resource: 'ibs' };
    const operations = [
      need('moveIb', 'tenant', move),
      need('openIb', 'tenant', { action: 'open', resource: 'ibs' }),
      need('moveIbFromOutside', 'bare', move),
      need('health', 'bare', 'public'),
      need('forgotten', 'tenant', undefined),
    ];
    const table = [{ role: 'admin', resource: 'ibs', actions: ['move', 'erase', 'approve'] }];
    const kinds = [{ kind: 'ibs.move', right: { action: 'approve', resource: 'ibs' } }];
    const { ok, output } = await verdict('rights', {
      'src/main/api-routes.ts': `export const allOperations = () => ${JSON.stringify(operations)};\n`,
      'src/main/approval-kinds.ts': `export const approvalKinds = ${JSON.stringify(kinds)};\n`,
      'src/identity/policy/table.ts': `export const policyTable = ${JSON.stringify(table)};\n`,
    });
    expect({ ok, found: output.split('\n') }).toEqual({
      ok: false,
      found: [
        'no need: forgotten does not say who may call it',
        'no row: openIb needs ibs:open, which the table gives nobody who can call it',
        'no row: moveIbFromOutside needs ibs:move, which the table gives nobody who can call it',
        'dead row: admin ibs:erase is asked by no route of its host',
      ],
    });
  });

  it('finds what is not formatted', async () => {
    const { ok, output } = await verdict('format', { 'src/ib/wide.ts': 'export const a   = "b"\n' });
    expect({ ok, found: output.includes('src/ib/wide.ts') }).toEqual({ ok: false, found: true });
  });

  it('finds an error of types, and syntax that Node cannot strip', async () => {
    const { ok, output } = await verdict('types', {
      'src/ib/wrong.ts': `export const one: number = 'one';\n`,
      'src/ib/kept.ts': 'export enum Kept {\n  one,\n}\n',
      'src/ib/index.ts': 'export const first: string = [""][0];\n',
    });
    expect(ok).toBe(false);
    for (const path of ['src/ib/wrong.ts', 'src/ib/kept.ts', 'src/ib/index.ts']) expect(output).toContain(path);
  });

  it('finds a dead export, a dead file and a package that nobody uses', async () => {
    const { ok, output } = await verdict('dead code', {
      'src/main/dev.ts': `import { used } from '../ib/store.ts';\n\nused();\n`,
      'src/ib/store.ts': 'export const used = () => 1;\nexport const unused = () => 2;\n',
      'src/ib/file.ts': 'export const file = 1;\n',
    });
    expect(ok).toBe(false);
    expect(output).toMatch(/Unused files \(1\)\nsrc\/ib\/file\.ts/);
    expect(output).toMatch(/Unused exports \(1\)\nunused/);
    expect(output).toMatch(/Unused dependencies [^]*express/);
  });

  it('finds one exported name in two features, and one function body in two files', async () => {
    const body =
      '{\n  const doubled = list.map((x) => x * 2).filter((x) => x > 10);\n  if (doubled.length === 0) throw new Error("none");\n  return doubled.reduce((a, b) => a + b, 0);\n}\n';
    const { ok, output } = await verdict('duplicates', {
      'src/ib/rules.ts': `export const share = 1;\nexport function total(list: number[]) ${body}`,
      'src/commissions/rules.ts': `export const share = 2;\n`,
      'src/commissions/types.ts': `export type share = 2;\nexport const local = 1;\n`,
      'src/commissions/engine/rules.ts': `export const local = 1;\n`,
      'bench/total.ts': `const sum = (list: number[]) => ${body.replace('  const', '  // Another comment.\n    const')}`,
    });
    expect(ok).toBe(false);
    expect(output.split('\n').toSorted()).toEqual([
      'exported name share: src/commissions/rules.ts:1, src/commissions/types.ts:1, src/ib/rules.ts:1',
      'function body: bench/total.ts:1, src/ib/rules.ts:2',
    ]);
  });

  it('finds an operation that is not described as it should be, by the linter and beyond it', async () => {
    const form = `method: 'post', on: 'tenant', tag: 'Clients', summary: 'Make it', need: 'public', answers: { 200: z.unknown() }`;
    const files = (operations: string) => ({
      'src/main/api-routes.ts': `import { z } from 'zod';\nexport const allOperations = () => [${operations}];\n`,
    });
    const good = `{ id: 'makeOne', path: '/api/v1/ones', body: z.strictObject({ name: z.string().max(9) }), ${form}, problems: [] }`;
    expect(await verdict('description', files(good))).toEqual({ ok: true, output: '' });
    const wrong = (name: string, what: string, by: string): string =>
      good.replace('makeOne', name).replace('/ones', `/${name}`).replace(what, by);
    const forms = [
      [wrong('unheardOf', 'problems: []', `problems: ['ones.unheard_of']`), 'nobody declares the problem'],
      [`${good}, ${good.replace('/ones', '/twos')}`, 'names two operations'],
    ] as const;
    const contents = [
      [wrong('strange', `tag: 'Clients'`, `tag: 'Nobody'`), 'operation-tag-defined'],
      [wrong('neverWorks', '200:', '400:'), 'operation-2xx-response'],
      [wrong('pathless', '/pathless', '/pathless/{oneId}'), 'path-params-defined'],
      [wrong('loose', '.max(9)', ''), 'a text without a bound'],
      [
        wrong('mute', `name: z.string().max(9) })`, `naem: z.string().max(9) }).meta({ id: 'One' })`),
        'One.naem has no',
      ],
    ] as const;
    for (const breaches of [forms, contents]) {
      const { ok, output } = await verdict('description', files(breaches.map(([bad]) => bad).join(', ')));
      expect(ok).toBe(false);
      for (const [, word] of breaches) expect(output).toContain(word);
    }
  });

  it('finds each comment that switches a gate off, wherever it stands', async () => {
    const { ok, output } = await verdict('silencers', {
      'src/ib/quiet.ts': 'export const quiet = 1; // oxlint-disable-line no-console\n',
      'src/ib/ignored.ts': 'export const one = 1;\n// @ts-ignore\nexport const ignored: number = "1";\n',
      'src/ib/silent.ts': '/* eslint-disable */\nexport const silent = (x: any) => x;\n',
      'src/ib/deep.ts': 'export const deep = [\n  // @ts-expect-error\n  1,\n];\n',
      'src/ib/innocent.ts': 'export const text = "// @ts-ignore";\n// A comment may speak of eslint-disable.\n',
    });
    const found = ['src/ib/deep.ts:2', 'src/ib/ignored.ts:2', 'src/ib/quiet.ts:1', 'src/ib/silent.ts:1'];
    expect({ ok, found: output.split('\n').toSorted() }).toEqual({ ok: false, found });
  });
});
