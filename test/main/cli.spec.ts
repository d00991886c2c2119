import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TenantId } from '../../src/kernel/ids.ts';
import { findPostgres } from '../../src/platform/postgres/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { databaseAddress } from '../../src/platform/database.ts';
import { appPassword } from '../../src/tenancy/passwords.ts';
import { cascade, cascadeHere, type Run } from '../support/cascade.ts';
import { testLog } from '../support/tenancy.ts';

describe('The command line on a given database', () => {
  const installation = `t${randomBytes(4).toString('hex')}`;
  let folder: string;
  let environment: Record<string, string>;
  const run = (...args: string[]): Promise<Run> => cascade(args, environment);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cascade-cli-'));
    environment = {
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: installation,
      CASCADE_SECRET: 'a secret for tests: 0123456789abcdef',
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
    };
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('makes tenants and lists them, for people and as JSON', async () => {
    const made = await run('tenants', 'create', 'acme', '--name', 'Acme Markets');
    expect(made).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^acme is ready \(tnt_\w{26}\)\n$/) as string,
    });
    const asJson = await run('tenants', 'create', 'zenith', '--name', 'Zenith', '--json');
    expect(asJson).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(asJson.out)).toMatchObject({
      slug: 'zenith',
      name: 'Zenith',
      status: 'active',
      database: `${installation}_zenith`,
    });
    const list = await run('tenants', 'list');
    expect(list.out).toMatch(
      /^slug +status +id +name +database\nacme +active +tnt_\w+ +Acme Markets +\w+\nzenith +active /,
    );
    const listed = JSON.parse((await run('--json', 'tenants', 'list')).out) as { slug: string }[];
    expect(listed.map(({ slug }) => slug)).toEqual(['acme', 'zenith']);
  });

  it('ends with exit code 1 and `code: sentence` on standard error when it cannot do what it was told', async () => {
    expect(await run('tenants', 'create', 'acme', '--name', 'Again')).toEqual({
      code: 1,
      out: '',
      err: 'tenancy.slug_taken: A tenant of this name exists already: acme\n',
    });
    expect(await run('tenants', 'create', 'BAD NAME', '--name', 'x')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^tenancy\.slug_invalid: /) as string,
    });
    for (const args of [
      ['tenants', 'create', 'x'],
      ['tenants', 'nonsense'],
      ['nonsense'],
      ['tenants', 'list', '--nonsense'],
      ['tenants', 'migrate', '--concurrency', '0'],
      [],
    ]) {
      expect(await cascadeHere(args, environment)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(/cli\.usage: .*\n$/) as string,
      });
    }
    expect(
      await cascade(['tenants', 'list'], { ...environment, CASCADE_SECRET: 'another secret: 0123456789abcdef!' }),
    ).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^tenancy\.secret_changed: /) as string,
    });
    const { CASCADE_SECRET: _left, ...without } = environment;
    expect(await cascade(['tenants', 'list'], without)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^platform\.config_invalid: .*CASCADE_SECRET is not set/) as string,
    });
    const nobody = { ...environment, DATABASE_URL: 'postgres://u:p@127.0.0.1:1/postgres' };
    expect(await cascade(['tenants', 'list'], nobody)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^platform\.unavailable: .* The database server at 127\.0\.0\.1:1: .*\n$/) as string,
    });
    const wrong = new URL(inject('adminUrl'));
    wrong.password = 'wrong';
    expect(await cascade(['tenants', 'list'], { ...environment, DATABASE_URL: wrong.href })).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^platform\.config_invalid: .* DATABASE_URL: password authentication failed/,
      ) as string,
    });
  });

  it('shows its help without any configuration', async () => {
    expect(await cascade(['tenants', '--help'], { CASCADE_NONSENSE: 'x' })).toMatchObject({
      code: 0,
      out: expect.stringContaining('create [options] <slug>') as string,
      err: '',
    });
  });

  it('migrates, and tells drift with exit code 1', async () => {
    const migrated = await run('tenants', 'migrate', '--concurrency', '2', '--json');
    expect(migrated).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(migrated.out)).toEqual({
      migrated: [
        { slug: 'acme', applied: [] },
        { slug: 'zenith', applied: [] },
      ],
      failed: [],
      notStarted: [],
    });
    expect(await run('tenants', 'drift')).toEqual({
      code: 0,
      out: 'acme: as the migrations made it\nzenith: as the migrations made it\n',
      err: '',
    });
    const admin = { admin: databaseAddress(inject('adminUrl')), log: testLog };
    await asAdmin(admin, `${installation}_acme`, (pool) => pool.raw('create table platform.by_hand (id bigint)'));
    const drift = await run('tenants', 'drift');
    expect(drift).toEqual({
      code: 1,
      out: 'acme:\n  table platform.by_hand is not in the template\nzenith: as the migrations made it\n',
      err: '',
    });
  });

  it('ends with exit code 1 when a tenant could not be migrated, and says which, why, and what was not begun', async () => {
    const admin = { admin: databaseAddress(inject('adminUrl')), log: testLog };
    await asAdmin(admin, `${installation}_acme`, (pool) =>
      pool.raw(
        `insert into public.schema_migrations (name, batch, migration_time) values ('209901010000_expand_future.ts', 9, now())`,
      ),
    );
    const { code, out } = await run('tenants', 'migrate', '--concurrency', '1');
    expect(code).toBe(1);
    expect(out).toMatch(
      /acme failed: tenancy\.migration_failed: .*209901010000_expand_future\.ts[^]*not begun: zenith\n$/,
    );
  });

  it('is `npm run migrate` in production, which takes everything from the environment', async () => {
    const { code, out } = await cascade([], environment, 'src/main/migrate.ts');
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('acme failed') as string });
    const { DATABASE_URL: _left, ...without } = environment;
    expect(await cascade([], without, 'src/main/migrate.ts')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^platform\.config_invalid: .*DATABASE_URL is not set/) as string,
    });
  });
});

describe('The command line beside the embedded database', () => {
  it('starts it for the duration of a command, finds its data again, and uses one that runs', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cascade-cli-'));
    const environment = { CASCADE_DATA: folder };
    expect(await cascade(['tenants', 'create', 'acme', '--name', 'Acme'], environment)).toMatchObject({
      code: 0,
      err: '',
    });
    expect(await findPostgres(path.join(folder, 'postgres'))).toBeUndefined();
    const holder = spawn(
      process.execPath,
      [path.resolve('test/support/postgres-holder.ts'), path.join(folder, 'postgres')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const listed = await cascade(['tenants', 'list', '--json'], environment);
    expect(JSON.parse(listed.out)).toMatchObject([{ slug: 'acme', status: 'active' }]);
    const running = await findPostgres(path.join(folder, 'postgres'));
    expect(running).toBeDefined(); // It is not the command's to stop.
    const [{ id = '' } = {}] = JSON.parse(listed.out) as { id?: string }[];
    const password = appPassword((await readFile(path.join(folder, 'secret'), 'utf8')).trim(), TenantId.parse(id));
    for (const database of ['postgres', 'template1', 'cascade_control']) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: running?.port,
        database,
        user: 'cascade_acme_app',
        password,
      });
      await expect(client.connect()).rejects.toMatchObject({ code: '42501' });
    }
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  });

  it('leaves no server behind when it is stopped by a signal', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cascade-cli-'));
    const args = [
      path.resolve('bin/cascade.mjs'),
      path.resolve('src/main/cli.ts'),
      'tenants',
      'create',
      'acme',
      '--name',
      'Acme',
    ];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, CASCADE_DATA: folder },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await expect
      .poll(() => findPostgres(path.join(folder, 'postgres')), { timeout: 20_000, interval: 20 })
      .toBeDefined();
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(await findPostgres(path.join(folder, 'postgres'))).toBeUndefined();
    const again = await cascade(['tenants', 'create', 'acme', '--name', 'Acme'], { CASCADE_DATA: folder });
    expect(again).toMatchObject({ code: 0, err: '' });
    await rm(folder, { recursive: true });
  });
});
