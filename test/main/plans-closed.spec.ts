import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeContext } from '../../src/main/cli/context.ts';
import { runCli } from '../../src/main/cli/program.ts';
import { closing } from '../commissions/rerun-desk.ts';
import { testOrigin } from '../support/tenancy.ts';

const EARLIER = '2026-02-01T00:00:00Z';
const UNTIL = '2026-03-15T00:00:00Z';

const definition = {
  currency: 'USD',
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'house' },
      rules: [{ name: 'all', budget: '8.00' }],
    },
  ],
};

describe('The command line begins no plan in a closed period', () => {
  let folder: string;
  let environment: Record<string, string>;
  const run = async (...args: string[]) => {
    let [out, err] = ['', ''];
    const code = await runCli([...args, '--json'], {
      environment,
      write: (text) => (out += text),
      writeError: (text) => (err += text),
    });
    return { code, out, err };
  };
  const inOrbit = (...args: string[]) => run(...args, '--tenant', 'orbit');
  const idOf = async (...args: string[]): Promise<string> =>
    (JSON.parse((await inOrbit(...args)).out) as { id: string }).id;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cascade-plans-'));
    environment = {
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: `t${randomBytes(4).toString('hex')}`,
      CASCADE_SECRET: 'a secret for tests: 0123456789abcdef',
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
    };
    await run('tenants', 'create', 'orbit', '--name', 'Orbit');
    const { context, close } = makeContext(
      environment,
      () => true,
      () => undefined,
    );
    const tenancy = await context.openTenancy();
    for (const { id } of await tenancy.tenants())
      await tenancy.withTenant(id, testOrigin, (tx) =>
        closing(tx, { id: 'clo_00000000000000000000000001', approvalId: 'apr_00000000000000000000000001' }),
      );
    await close();
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('neither publishes, nor assigns, nor records an agreement before the books are open', async () => {
    const file = path.join(folder, 'plan.json');
    await writeFile(file, JSON.stringify(definition));
    const ib = await idOf('ibs', 'create', 'Kim', '--from', EARLIER);
    const plan = await idOf('plans', 'create', 'Per lot');
    await inOrbit('plans', 'draft', plan, '--file', file);
    for (const args of [
      ['plans', 'publish', plan, '1'],
      ['plans', 'assign', plan],
      ['plans', 'agree', plan, '--ib', ib, '--rate', '6.50'],
    ]) {
      const refused = await inOrbit(...args, '--from', EARLIER);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('payouts.period_closed') as string });
      expect(await inOrbit(...args, '--from', UNTIL)).toMatchObject({ code: 0, err: '' }); // As the first one still.
    }
  });
});
