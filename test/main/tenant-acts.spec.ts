import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cascadeHere } from '../support/cascade.ts';

describe('Tenants by the command line', () => {
  let folder: string;
  const installation = `t${randomBytes(4).toString('hex')}`;
  const run = (...args: string[]) =>
    cascadeHere(args, {
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: installation,
      CASCADE_SECRET: 'a secret for tests: 0123456789abcdef',
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
    });
  const asJson = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await run(...args, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out);
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cascade-acts-'));
    await run('tenants', 'create', 'orbit', '--name', 'Orbit');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are suspended for a reason, and resumed', async () => {
    expect(await run('tenants', 'suspend', 'orbit')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^cli\.usage: /) as string,
    });
    expect(await asJson('tenants', 'suspend', 'orbit', '--reason', 'Unpaid')).toEqual({
      slug: 'orbit',
      status: 'suspended',
      reason: 'Unpaid',
    });
    expect(await run('tenants', 'suspend', 'orbit', '--reason', 'Again')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tenancy\.not_active: /) as string,
    });
    expect(await run('tenants', 'resume', 'orbit')).toEqual({ code: 0, out: 'orbit goes on\n', err: '' });
  });

  it('have quotas that are shown and changed, one by one, and usage by day', async () => {
    const before = {
      slug: 'orbit',
      requestsPerMinute: null,
      usersMax: 500,
      clientsMax: null,
      exportsPerDay: 10,
      tradesPerDayExpected: null,
    };
    expect(await asJson('tenants', 'quotas', 'orbit')).toEqual(before);
    const after = { ...before, clientsMax: 20_000, usersMax: null, tradesPerDayExpected: '5000000' };
    const change = ['--clients-max', '20000', '--users-max', 'none', '--trades-per-day-expected', '5000000'];
    expect(await asJson('tenants', 'quotas', 'orbit', ...change)).toEqual(after);
    expect(await asJson('tenants', 'quotas', 'orbit')).toEqual(after);
    expect(await run('tenants', 'quotas', 'orbit', '--exports-per-day', '0')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^cli\.usage: /) as string,
    });
    expect(await asJson('tenants', 'usage', 'orbit')).toEqual([]);
  });

  it('are exported, suspended or not, into a folder that can be checked', async () => {
    await run('tenants', 'suspend', 'orbit', '--reason', 'The contract ends');
    const to = path.join(folder, 'orbit-export');
    const done = await asJson('tenants', 'export', 'orbit', '--to', to, '--reason', 'The contract ends');
    expect(done).toMatchObject({
      slug: 'orbit',
      folder: to,
      tables: expect.any(Number) as number,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(await asJson('tenants', 'check-export', to)).toMatchObject({ ok: true, findings: [] });
    await appendFile(path.join(to, 'platform.events.csv'), 'x');
    expect(await run('tenants', 'check-export', to)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/BROKEN\n {2}export\.file_changed: platform\.events\.csv: /) as string,
    });
    expect(await run('tenants', 'export', 'orbit', '--to', to, '--reason', 'Once more')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tenancy\.export_folder_taken: /) as string,
    });
  });

  it('are verified with the installation’s own events, suspended or not', async () => {
    const verified = await asJson('verify');
    expect(verified).toMatchObject({ ok: true, installation: { ok: true }, tenants: [{ tenant: 'orbit', ok: true }] });
    expect((await run('verify')).out).toMatch(/\nthe installation +verdict +checked\nevents +OK +\d+ events, 0 copies/);
  });
});
