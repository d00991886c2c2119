import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { databaseAddress } from '../../src/platform/database.ts';
import { appPassword } from '../../src/tenancy/passwords.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import { openTestTenancy, testOrigin } from '../support/tenancy.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';

const SECRET = 'a secret of at least thirty-two characters';
const REFUSED = '42501';

describe("With tenant A's database credentials (A21)", () => {
  let tenancy: Tenancy;
  let acme: Tenant;
  let zenith: Tenant;
  let client: pg.Client;
  const server = databaseAddress(inject('adminUrl'));
  const clientFor = (database: string, user = acme.appRole): pg.Client =>
    new pg.Client({ host: server.host, port: server.port, database, user, password: appPassword(SECRET, acme.id) });
  const enter = async (database: string, user?: string): Promise<void> => {
    const other = clientFor(database, user);
    try {
      await other.connect();
    } finally {
      await other.end();
    }
  };
  const codeOf = (sql: string): Promise<unknown> =>
    client.query(sql).then(
      () => 'allowed',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );

  beforeAll(async () => {
    tenancy = await openTestTenancy();
    acme = await tenancy.createTenant({ slug: 'acme', name: 'Acme' });
    zenith = await tenancy.createTenant({ slug: 'zenith', name: 'Zenith' });
    client = clientFor(acme.database);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await tenancy.close();
  });

  it("Postgres refuses a connection to tenant B's database and to the control database", async () => {
    await expect(enter(acme.database)).resolves.toBeUndefined();
    for (const database of [zenith.database, acme.database.replace(/_acme$/, '_control')])
      await expect(enter(database)).rejects.toMatchObject({ code: REFUSED });
  });

  it('Postgres refuses a connection to every template, even to one with rights', async () => {
    const { rows } = await asAdmin(tenancy.provisioning, 'postgres', (pool) =>
      pool.raw<{ rows: { name: string }[] }>(
        `select datname as name from pg_database where starts_with(datname, 'cascade_template_')`,
      ),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { name } of rows)
      await expect(enter(name)).rejects.toMatchObject({ code: expect.stringMatching(/^(55000|42501)$/) as string });
  });

  it("Postgres refuses tenant B's role, and both owners' roles at the door", async () => {
    for (const role of [zenith.appRole, acme.ownerRole, zenith.ownerRole])
      await expect(enter(acme.database, role)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) as string });
  });

  it('Postgres refuses to become anybody else', async () => {
    for (const role of [acme.ownerRole, zenith.ownerRole, zenith.appRole, 'cascade_template_owner', server.user]) {
      expect(await codeOf(`set role "${role}"`)).toBe(REFUSED);
      expect(await codeOf(`set session authorization "${role}"`)).toBe(REFUSED);
    }
    expect(await codeOf(`grant "${acme.ownerRole}" to "${acme.appRole}"`)).toBe(REFUSED);
    expect(await codeOf(`alter role "${acme.appRole}" superuser`)).toBe(REFUSED);
    expect(await codeOf(`alter role "${acme.appRole}" connection limit 1000`)).toBe(REFUSED);
    expect(await codeOf('create role intruder login')).toBe(REFUSED);
  });

  it.each([
    'create table public.mine (id int)',
    'create table platform.mine (id int)',
    'create temporary table mine (id int)',
    'create schema mine',
    'create function public.mine() returns int language sql as $$ select 1 $$',
    'create database mine',
    'create extension dblink schema platform',
    'create extension postgres_fdw schema platform',
    'create extension pg_trgm schema platform',
    'create foreign data wrapper mine',
    'create server mine foreign data wrapper mine',
    'drop table platform.events',
    'alter table platform.events add column mine int',
    'alter table platform.events disable trigger all',
    'create index on platform.events (type)',
    'truncate platform.events',
    'delete from platform.events',
    `update platform.events set type = 'x'`,
    'update platform.identity set tenant_id = tenant_id',
    'insert into platform.identity (tenant_id) values (gen_random_uuid())',
    'delete from platform.identity',
    'select * from public.schema_migrations',
    'select rolpassword from pg_authid',
    `select pg_read_file('/etc/passwd')`,
    `select pg_ls_dir('/')`,
    `select lo_import('/etc/passwd')`,
    `copy platform.identity to '/tmp/stolen'`,
    `copy platform.identity to program 'cat'`,
    `copy platform.event_head from program 'cat'`,
    `alter system set log_statement = 'all'`,
    `set session_replication_role = replica`,
    'set log_min_messages = debug5',
    'select pg_reload_conf()',
  ])('Postgres refuses: %s', async (sql) => {
    // 0A000, 42704: what it would be made from is not there at all.
    expect(await codeOf(sql)).toMatch(/^(42501|0A000|42704)$/);
  });

  it("Postgres refuses to end another tenant's session", async () => {
    const pid = await tenancy.withTenant(zenith.id, testOrigin, async (tx) => {
      const { rows } = await tx.sql.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
      return rows[0]?.pid;
    });
    expect(await codeOf(`select pg_terminate_backend(${pid})`)).toBe(REFUSED);
  });

  it('no way leads into another database from a statement', async () => {
    expect(await codeOf(`select * from ${zenith.database}.platform.identity`)).toBe('0A000');
    expect(await codeOf(`select dblink('dbname=${zenith.database}', 'select 1')`)).toBe('42883');
  });
});

describe('Each tenant on its own host (A20 at the level of hosts)', () => {
  it('sees its own data and nothing of another, whoever asks for whatever name', async () => {
    const tenancy = await openTestTenancy();
    const slugs = ['acme', 'zenith', 'acme-two'];
    for (const slug of slugs) await tenancy.createTenant({ slug, name: `Canary of ${slug}` });
    for (const slug of slugs) {
      const tenant = await tenancy.tenantOfHost(`${slug}.localhost:3000`);
      expect(tenant).toMatchObject({ slug, name: `Canary of ${slug}` });
      const id = await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
        const { rows } = await tx.sql.raw<{ rows: { database: string }[] }>('select current_database() as database');
        return [tx.tenantId, rows[0]?.database];
      });
      expect(id).toEqual([tenant.id, tenant.database]);
    }
    for (const host of [
      'acme.localhost.zenith.localhost',
      'zenith',
      'acme.localhost,zenith.localhost',
      'www.acme.localhost',
      'acme-.localhost',
    ])
      await expect(tenancy.tenantOfHost(host)).rejects.toMatchObject({ code: 'tenancy.host_unknown' });
    await tenancy.close();
  });
});
