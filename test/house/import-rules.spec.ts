import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gates } from './gates.ts';
import { plantProject, uprootProject } from './planted-project.ts';

const root = resolve(import.meta.dirname, '../..');
const Config = z.object({ forbidden: z.array(z.object({ name: z.string() })) });
const rules = Config.parse(createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'))).forbidden;

/** For each folder of src, one above or beside it that it may not import. */
const uphill = {
  kernel: 'platform',
  platform: 'tenancy',
  tenancy: 'identity',
  identity: 'ledger',
  ledger: 'identity',
  clients: 'ib',
  documents: 'clients',
  notifications: 'clients',
  trading: 'ledger',
  ib: 'trading',
  risk: 'ledger',
  kyc: 'psp',
  commissions: 'kyc',
  payouts: 'ops',
  psp: 'commissions',
  onboarding: 'commissions',
  reports: 'ops',
  ops: 'reports',
  http: 'main',
};

/** A breach: the file that commits it and the text by which it does. */
const breaches: Record<string, [path: string, text: string][]> = {
  'no-cycle': [['src/ib/left.ts', `import type { right } from './right.ts';\nexport type left = right;`]],
  resolvable: [['src/ib/lost.ts', `import './absent.ts';`]],
  declared: [['src/platform/borrowed.ts', `import 'pg-pool';`]],
  'runtime-needs-no-tools': [['src/ib/tool.ts', `import 'fast-check';`]],
  'one-door': [
    ['src/commissions/window.ts', `import '../ib/store.ts';`],
    ['src/main/window.ts', `import type { store } from '../ib/store.ts';\nexport type window = typeof store;`],
  ],
  'one-door-outside': [
    ['seeds/window.ts', `import '../src/ib/store.ts';`],
    ['simulators/mt-server/window.ts', `import '../../src/ib/store.ts';`],
  ],
  'own-door': [['src/ib/detour.ts', `import './index.ts';`]],
  'no-orphans': [['src/ib/alone.ts', `export const alone = 1;`]],
  'rules-are-pure': [
    ['src/ib/rules.ts', `import './store.ts';`],
    ['src/ib/types.ts', `import 'node:fs';`],
    ['src/commissions/engine/machine.ts', `import 'node:crypto';`],
    ['src/commissions/models/per-lot.ts', `import '../../platform/clock.ts';`],
    ['src/ib/contract.ts', `import 'knex';`],
  ],
  'naive-stands-alone': [
    ['src/commissions/naive/borrowed.ts', `import '../models/fractions.ts';`],
    ['src/commissions/naive/rounding.ts', `import '../../kernel/decimal.ts';`],
  ],
  'adapters-stand-alone': [
    ['src/psp/adapters/northpay/index.ts', `import '../../store.ts';`],
    ['src/psp/adapters/northpay/wire.ts', `import '../southpay/index.ts';`],
  ],
  'web-sees-contracts': [['web/src/pages/ib/api.ts', `import '../../../../src/ib/store.ts';`]],
  'nobody-imports-main': [['seeds/top.ts', `import '../src/main/dev.ts';`]],
  'product-needs-no-tests': [['src/ib/tested.ts', `import '../../test/support/given.ts';`]],
  'src-stands-alone': [['src/tenancy/demo.ts', `import '../../seeds/demo.ts';`]],
  'migrations-are-frozen': [['migrations/tenant/2026-01-01_expand_x.ts', `import '../../src/platform/clock.ts';`]],
  'knex-stays-home': [['src/ib/knex.ts', `import 'knex';`]],
  'pg-stays-home': [
    ['src/ib/pg.ts', `import 'pg';`],
    ['seeds/pg.ts', `import type pg from 'pg';\nexport type pool = pg.Pool;`],
    ['src/tenancy2/pg.ts', `import 'pg';`],
  ],
  'express-stays-home': [['src/trading/express.ts', `import 'express';`]],
  'bullmq-stays-home': [['src/commissions/queue.ts', `import 'bullmq';`]],
  'ioredis-stays-home': [['src/platform2/redis.ts', `import 'ioredis';`]],
  ...Object.fromEntries(
    Object.entries(uphill).map(([folder, above]) => [
      `downhill-${folder}`,
      [[`src/${folder}/uphill.ts`, `import '../${above}/index.ts';`] satisfies [string, string]],
    ]),
  ),
};

/** What the breaches import, and what is allowed and must stay so. */
const innocent = {
  'src/ib/right.ts': `import type { left } from './left.ts';\nexport type right = left | 1;`,
  'src/ib/store.ts': `import '../kernel/index.ts';\nexport const store = 1;`,
  'src/psp/store.ts': `import '../ledger/index.ts';`,
  'src/psp/adapters/southpay/index.ts': `import '../../port.ts';\nimport 'node:crypto';\nimport 'zod';`,
  'src/psp/port.ts': `import '../kernel/index.ts';`,
  'src/platform/clock.ts': `import 'knex';\nimport 'pg';\nimport 'bullmq';\nimport 'ioredis';\nimport 'express';`,
  'src/main/dev.ts': `import '../commissions/index.ts';\nimport '../http/index.ts';\nimport 'bullmq';\nimport '../../seeds/demo.ts';`,
  'src/commissions/engine/rules.ts': `import './types.ts';\nimport '../types.ts';\nimport '../../kernel/index.ts';\nimport 'zod';`,
  'src/commissions/engine/types.ts': `import 'zod';`,
  'src/commissions/types.ts': `import 'zod';`,
  'src/commissions/service.ts': `import '../ib/index.ts';\nimport '../ledger/index.ts';\nimport '../tenancy/index.ts';`,
  'simulators/mt-server/server.ts': `import 'express';\nimport '../../src/kernel/index.ts';`,
  'migrations/tenant/2026-01-02_expand_y.ts': `import type { Knex } from 'knex';\nexport const up = (knex: Knex) => knex;`,
  'web/src/pages/ib/page.ts': `import '../../../../src/clients/contract.ts';`,
  'src/clients/contract.ts': `import 'zod';`,
  'seeds/demo.ts': `import '../src/ib/index.ts';`,
  'test/support/given.ts': `import '../../src/ib/store.ts';\nimport 'pg';\nimport 'fast-check';`,
  ...Object.fromEntries(
    Object.keys({ ...uphill, main: '' }).map((folder) => [`src/${folder}/index.ts`, `import 'zod';`]),
  ),
};

describe('the import rules', () => {
  let folder: string;
  let output: string;

  beforeAll(async () => {
    folder = plantProject({ ...innocent, ...Object.fromEntries(Object.values(breaches).flat()) });
    const result = await gates.imports?.(folder);
    output = result?.output ?? '';
  });
  afterAll(() => uprootProject(folder));

  const found = (): { rule: string; from: string }[] =>
    [...output.matchAll(/^([\w-]+): (\S+)/gm)].map(([, rule = '', from = '']) => ({ rule, from }));

  it('have a breach planted for each of them', () => {
    expect(Object.keys(breaches).toSorted()).toEqual(rules.map(({ name }) => name).toSorted());
  });

  it.each(Object.entries(breaches).flatMap(([rule, planted]) => planted.map(([path]) => ({ rule, path }))))(
    '$rule finds the breach in $path',
    ({ rule, path }) => {
      expect(found()).toContainEqual({ rule, from: path });
    },
  );

  it('find nothing wrong with what is allowed', () => {
    const accused = found().filter(({ from }) => Object.hasOwn(innocent, from) && from !== 'src/ib/right.ts');
    expect(accused).toEqual([]);
  });

  it('fail a project whose TypeScript the tool cannot read', async () => {
    const blind = plantProject({
      'src/ib/store.ts': `import 'zod';`,
      '.dependency-cruiser.cjs': `module.exports = { options: { exclude: '[.]ts$' }, forbidden: [] };`,
    });
    try {
      expect(await gates.imports?.(blind)).toEqual({ ok: false, output: 'not-looked-at: src/ib/store.ts' });
    } finally {
      uprootProject(blind);
    }
  });
});
