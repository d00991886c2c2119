import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeId } from '../../src/kernel/ids.ts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runCli } from '../../src/main/cli/program.ts';

type Answer = { readonly code: number; readonly out: string; readonly err: string };

const since = '2020-01-01T00:00:00Z';
const absentIb = 'ibr_00000000000000000000000001';

describe('Trees, plans and mappings are reached by the command line', () => {
  let folder: string;
  let environment: Record<string, string>;
  const run = async (...args: string[]): Promise<Answer> => {
    let out = '';
    let err = '';
    const code = await runCli(args, {
      environment,
      write: (text) => (out += text),
      writeError: (text) => (err += text),
    });
    return { code, out, err };
  };
  const inOrbit = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await run(...args, '--tenant', 'orbit', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out);
  };
  const idOf = async (...args: string[]): Promise<string> => ((await inOrbit(...args)) as { id: string }).id;
  const file = async (name: string, value: unknown): Promise<string> => {
    const place = path.join(folder, name);
    await writeFile(place, JSON.stringify(value));
    return place;
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cascade-nouns-'));
    environment = {
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: `t${randomBytes(4).toString('hex')}`,
      CASCADE_SECRET: 'a secret for tests: 0123456789abcdef',
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
    };
    await run('tenants', 'create', 'orbit', '--name', 'Orbit');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('makes a new signing key and lists those that verify, without a word of what is secret', async () => {
    const json = async (...args: string[]): Promise<unknown> => JSON.parse((await run(...args, '--json')).out);
    const first = await json('keys', 'rotate');
    expect(first).toMatchObject({ retired: [], removed: [] });
    const { kid } = first as { kid: string };
    expect(await json('keys', 'rotate')).toMatchObject({ retired: [kid] });
    expect(await json('keys', 'list')).toMatchObject([
      { kid, verifiesUntil: expect.any(String) as string },
      { verifiesUntil: null },
    ]);
    expect(await json('keys', 'rotate', '--revoke')).toMatchObject({
      retired: expect.arrayContaining([kid]) as string[],
    });
    const { out } = await run('keys', 'list');
    expect(out).not.toContain(kid);
    expect(out).not.toContain('PRIVATE');
  });

  it('makes a tree, moves in it and shows it as of an instant', async () => {
    const maria = await idOf('ibs', 'create', 'Maria', '--from', since);
    const omar = await idOf('ibs', 'create', 'Omar', '--parent', maria, '--from', since);
    const lena = await idOf('ibs', 'create', 'Lena', '--parent', omar, '--from', since);
    await inOrbit('ibs', 'move', lena, '--parent', maria, '--reason', 'asked for');
    expect(await inOrbit('ibs', 'upline', lena)).toMatchObject([
      { name: 'Lena', depth: 0 },
      { name: 'Maria', depth: 1 },
    ]);
    expect(await inOrbit('ibs', 'upline', lena, '--as-of', '2021-01-01T00:00:00Z')).toMatchObject([
      {},
      { name: 'Omar' },
      { name: 'Maria' },
    ]);
    await inOrbit('ibs', 'suspend', omar, '--reason', 'audit');
    expect((await run('ibs', 'tree', '--tenant', 'orbit')).out).toBe(
      `Maria  ${maria}\n  Omar  ${omar}  (suspended)\n  Lena  ${lena}\n`,
    );
    expect(await run('ibs', 'move', maria, '--tenant', 'orbit', '--parent', lena, '--reason', 'cycle')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^ib\.cycle: /) as string,
    });
  });

  it('publishes a plan and records who agreed on what, and refuses what the plan cannot pay', async () => {
    const ib = await idOf('ibs', 'create', 'Kim', '--from', since);
    const plan = await idOf('plans', 'create', 'Per lot');
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
    await inOrbit('plans', 'draft', plan, '--file', await file('plan.json', definition));
    await inOrbit('plans', 'publish', plan, '1', '--from', since);
    await inOrbit('plans', 'assign', plan, '--from', since);
    await inOrbit('plans', 'agree', plan, '--ib', ib, '--rate', '6.50', '--from', since);
    expect(await inOrbit('plans', 'list')).toMatchObject([
      { name: 'Per lot', number: 1, validFrom: '2020-01-01T00:00:00.000Z' },
    ]);
    for (const [args, problem] of [
      [['plans', 'agree', plan, '--ib', ib, '--rate', '8.01'], /^commissions\.rate_above_budget: /],
      [['plans', 'assign', plan, '--ib', absentIb], /^cli\.ib_unknown: /],
      [['plans', 'publish', plan, '1'], /^commissions\.version_published: /],
      [['plans', 'draft', plan, '--file', path.join(folder, 'absent.json')], /^cli\.file_invalid: /],
      [['plans', 'list', '--tenant', 'nobody'], /^cli\.tenant_unknown: /],
      [['plans', 'agree', plan, '--ib', 'kim', '--rate', '1'], /^cli\.usage: /],
      [['plans', 'agree', plan, '--ib', ib], /^cli\.usage: /],
      [['plans', 'agree', plan, '--ib', ib, '--rate', '1', '--rank', 'gold'], /^cli\.usage: /],
      [['plans', 'agree', plan, '--ib', ib, '--rank', 'gold'], /^commissions\.rank_unknown: /],
      [['plans', 'agree', plan, '--ib', ib, '--rate', 'much'], /^cli\.usage: /],
      [['plans', 'override', plan, '--rate', '1', '--reason', 'x'], /^cli\.usage: /],
      [['plans', 'override', plan, '--group', 'none', '--rate', '1', '--reason', 'x'], /account_group_unknown: /],
    ] as const)
      expect(
        await run(...args, ...(args.includes('--tenant') ? [] : ['--tenant', 'orbit'])),
        args.join(' '),
      ).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(problem) as string,
      });
  });

  it('drafts and lists payout runs, and pays none that is not there', async () => {
    expect(await inOrbit('payouts', 'list')).toEqual([]);
    const absent = 'pyr_00000000000000000000000001';
    for (const [args, problem] of [
      [['payouts', 'draft'], /^payouts\.run_empty: /],
      [['payouts', 'draft', '--currency', 'XXX'], /^cli\.usage: /],
      [['payouts', 'show', absent], /^payouts\.run_unknown: /],
      [['payouts', 'pay', absent], /^payouts\.run_unknown: /],
    ] as const)
      expect(await run(...args, '--tenant', 'orbit')).toMatchObject({
        code: 1,
        err: expect.stringMatching(problem) as string,
      });
  });

  it('registers a server, a source and what its names mean', async () => {
    await inOrbit('trading', 'server', 'Live', '--zone', 'America/New_York', '--shift', '420');
    expect(await inOrbit('trading', 'source', 'bridge', '--server', 'Live')).toMatchObject({
      id: expect.stringMatching(/^src_/) as string,
      secret: expect.stringMatching(/^\S{32,}$/) as string,
    });
    const symbols = [
      {
        rawName: 'EURUSD.r',
        symbol: 'EURUSD',
        symbolGroup: 'fx',
        digits: 5,
        contractSize: '100000',
        pipSize: '0.0001',
        profitCurrency: 'USD',
      },
    ];
    const mapped = (args: string[]) => inOrbit('trading', ...args, '--server', 'Live', '--from', since);
    expect(await mapped(['symbols', '--file', await file('symbols.json', symbols)])).toEqual({
      added: 1,
      changed: 0,
      unchanged: 0,
    });
    expect(
      await mapped([
        'groups',
        '--file',
        await file('groups.json', [{ name: 'real\\std', lotFactor: '1', pays: true }]),
      ]),
    ).toMatchObject({ added: 1 });
    const client = await idOf('clients', 'create', 'Client One');
    await inOrbit(
      'clients',
      'open-account',
      client,
      '--server',
      'Live',
      '--login',
      '900101',
      '--group',
      'real\\std',
      '--currency',
      'USD',
    );
    expect(await inOrbit('clients', 'list')).toEqual([{ id: client, name: 'Client One', logins: ['900101'] }]);
    expect(await inOrbit('trading', 'parked')).toEqual({ counts: {}, deals: [] });
    expect(await inOrbit('trading', 'rerun')).toEqual({ putBack: 0, settled: 0, stillParked: 0 });
    const open = ['trading', 'open', encodeId('dea', 7n), '--at', since, '--reason', 'x', '--tenant', 'orbit'];
    expect((await run(...open)).err).toMatch(/^trading\.deal_unknown: /);
    expect((await run(...open, '--open-reason', 'rollover')).err).toMatch(/^cli\.usage: /);
    const [plan] = (await inOrbit('plans', 'list')) as { id: string }[];
    const override = (...args: string[]) =>
      inOrbit('plans', 'override', plan?.id ?? '', '--reason', 'agreed on the telephone', ...args);
    expect(await override('--group', 'real\\std', '--rate', '2.00')).toMatchObject({
      scope: { kind: 'group', accountGroup: 'real\\std' },
      terms: [{ rate: '2.00' }],
    });
    expect(await override('--client', client, '--rate', '3.00')).toMatchObject({ scope: { kind: 'personal' } });
    const ib = await idOf('ibs', 'create', 'Noor', '--from', since);
    expect(await override('--client', client, '--ib', ib, '--rate', '4.00')).toMatchObject({ scope: { kind: 'link' } });
    expect(await override('--client', client, '--ib', ib, '--end')).toMatchObject({ terms: [] });
  });

  it('gives an IB its rank where the levels of a plan are rank slots', async () => {
    const plan = await idOf('plans', 'create', 'Ranks');
    const ranks = ['bronze', 'silver', 'gold'].map((name) => ({ name, slot: '1.00' }));
    const definition = {
      currency: 'USD',
      components: [
        {
          name: 'lots',
          model: { kind: 'per_lot' },
          levels: { kind: 'rank_slots', unit: 'amount', ranks },
          rules: [{ name: 'all', budget: '8.00' }],
        },
      ],
    };
    await inOrbit('plans', 'draft', plan, '--file', await file('ranks.json', definition));
    await inOrbit('plans', 'publish', plan, '1', '--from', since);
    const ib = await idOf('ibs', 'create', 'Ida', '--from', since);
    expect(await inOrbit('plans', 'agree', plan, '--ib', ib, '--rank', 'gold')).toMatchObject({ ib, rank: 'gold' });
  });

  it('shows the queues, pauses and resumes them', async () => {
    expect(JSON.parse((await run('queues', 'list', '--json')).out)).toMatchObject([
      { name: 'commissions', paused: false, waiting: 0 },
      { name: 'notifications', paused: false },
      { name: 'tasks', paused: false },
      { name: 'tenants', paused: false },
    ]);
    await run('queues', 'pause', 'commissions');
    expect(JSON.parse((await run('queues', 'list', '--json')).out)).toMatchObject([
      { name: 'commissions', paused: true },
      { name: 'notifications', paused: false },
      { name: 'tasks', paused: false },
      { name: 'tenants', paused: false },
    ]);
    expect(await run('queues', 'resume', 'commissions')).toMatchObject({ code: 0, out: 'commissions is running\n' });
    expect(await run('queues', 'retry', 'payments')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^cli\.queue_unknown: /) as string,
    });
  });

  it('records what clients cost from a file, once, and names the line that is none', async () => {
    const [{ id: clientId } = { id: '' }] = (await inOrbit('clients', 'list')) as { id: string }[];
    const cost = {
      clientId,
      kind: 'psp_fee',
      amount: { amount: '96.50', currency: 'USD' },
      at: '2026-03-10T10:00:00Z',
      source: 'northpay',
      reference: 'fee-1',
      reason: 'Card fees',
    };
    const place = await file('costs.ndjson', cost);
    expect(await inOrbit('costs', 'import', '--file', place)).toEqual({ recorded: 1, known: 0 });
    expect(await inOrbit('costs', 'import', '--file', place)).toEqual({ recorded: 0, known: 1 });
    const wrong = await file('wrong.ndjson', { ...cost, kind: 'gift' });
    expect(await run('costs', 'import', '--file', wrong, '--tenant', 'orbit')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^cli\.file_invalid: [^]*line 1: kind/) as string,
    });
  });
});
