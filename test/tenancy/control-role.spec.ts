import { tmpdir } from 'node:os';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { databaseAddress } from '../../src/platform/database.ts';
import { createTenantClient } from '../../src/platform/tenant-client.ts';
import { appPassword, controlPassword } from '../../src/tenancy/passwords.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import { freePort } from '../faults/support/queue-server.ts';
import { startRole } from '../faults/support/role.ts';
import { cascade } from '../support/cascade.ts';
import { asControlAdmin, openTestTenancy, testOrigin } from '../support/tenancy.ts';

const SECRET = 'a secret of at least thirty-two characters';
const REFUSED = '42501';

describe("With the installation's own credentials (A21)", () => {
  let tenancy: Tenancy;
  let acme: Tenant;
  let client: pg.Client;
  let database: string;
  let role: string;
  const server = databaseAddress(inject('adminUrl'));
  const clientFor = (words: { database: string; user?: string; password?: string }): pg.Client =>
    new pg.Client({ host: server.host, port: server.port, user: role, password: controlPassword(SECRET), ...words });
  const enter = async (words: Parameters<typeof clientFor>[0]): Promise<void> => {
    const other = clientFor(words);
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
    database = `${tenancy.creation.installation}_control`;
    role = `${database}_app`;
    client = clientFor({ database });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await tenancy.close();
  });

  it('every statement on the control database is made, by a role that owns nothing and makes nothing', async () => {
    const { rows } = await tenancy.withControl((tx) =>
      tx.sql.raw<{ rows: object[] }>(`
        select current_user as role, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
               (select count(*) from pg_class where relowner = r.oid) as owned,
               array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid) as groups
          from pg_roles r where rolname = current_user`),
    );
    expect(rows).toEqual([
      {
        role,
        rolsuper: false,
        rolcreatedb: false,
        rolcreaterole: false,
        rolreplication: false,
        rolbypassrls: false,
        owned: 0n,
        groups: ['cascade_app'],
      },
    ]);
  });

  it("Postgres refuses a connection to a tenant's database, and the tenant's credentials to the control database", async () => {
    await expect(enter({ database })).resolves.toBeUndefined();
    await expect(enter({ database: acme.database })).rejects.toMatchObject({ code: REFUSED });
    const theirs = { user: acme.appRole, password: appPassword(SECRET, acme.id) };
    await expect(enter({ database, ...theirs })).rejects.toMatchObject({ code: REFUSED });
    await expect(enter({ database, user: acme.appRole })).rejects.toMatchObject({ code: '28P01' });
  });

  it.each([
    'create table control.mine (id int)',
    'create schema mine',
    'create temporary table mine (id int)',
    'create role intruder login',
    'create database mine',
    'delete from control.tenants',
    'delete from control.operations',
    'delete from control.hosts',
    'delete from control.quotas',
    `update control.tenants set database = 'elsewhere'`,
    `update control.tenants set app_role = 'postgres'`,
    `update control.hosts set tenant_id = tenant_id`,
    `update control.clusters set host = 'elsewhere'`,
    `insert into control.clusters values ('mine', 'elsewhere', 5432)`,
    `update control.installation set secret_check = ''`,
    'delete from control.installation',
    `update control.operations set requested_by = 'nobody'`,
    `update control.notices set payload = '{}'`,
    'delete from control.chain_heads',
    'delete from platform.events',
    `update platform.events set type = 'x'`,
    'truncate platform.events',
    'alter table platform.events disable trigger all',
    'drop table control.usage',
    'insert into public.schema_migrations (name) values ($$x$$)',
    'select rolpassword from pg_authid',
    `copy control.tenants to '/tmp/stolen'`,
    `select pg_read_file('/etc/passwd')`,
    `set session_replication_role = replica`,
  ])('Postgres refuses: %s', async (sql) => {
    expect(await codeOf(sql)).toBe(REFUSED);
  });

  it('Postgres refuses to become anybody else', async () => {
    for (const other of [acme.ownerRole, acme.appRole, server.user, 'cascade_template_owner'])
      expect(await codeOf(`set role "${other}"`)).toBe(REFUSED);
  });

  it('a process without the administrator’s password serves tenants, and can neither make nor migrate one', async () => {
    const powerless = await openTestTenancy({
      installation: tenancy.creation.installation,
      admin: { ...server, user: 'nobody', password: 'none' },
      access: 'application',
    });
    const { rows } = await powerless.withTenant(acme.id, testOrigin, (tx) =>
      tx.sql.raw<{ rows: object[] }>('select current_user as role'),
    );
    expect(rows).toEqual([{ role: acme.appRole }]);
    await expect(powerless.checkMigrations()).resolves.toBeUndefined();
    const needed = { code: 'tenancy.administrator_needed' };
    await expect(powerless.createTenant({ slug: 'more', name: 'More' })).rejects.toMatchObject(needed);
    await expect(powerless.migrateOne(acme)).rejects.toMatchObject(needed);
    await powerless.close();
  });

  it('`npm run api` and `npm run relay` start and are ready without that password, their queues in PostgreSQL too', async () => {
    const { installation } = tenancy.creation;
    const port = await freePort();
    const environment = {
      PATH: process.env.PATH ?? '',
      PORT: String(port),
      DATABASE_URL: `postgres://nobody@${server.host}:${server.port}/postgres`,
      CASCADE_INSTALLATION: installation,
      CASCADE_SECRET: SECRET,
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
      CASCADE_DATA: tmpdir(),
    };
    const migrated = await cascade([], { ...environment, DATABASE_URL: inject('adminUrl') }, 'src/main/migrate.ts');
    expect(migrated).toMatchObject({ code: 0, out: expect.stringContaining('1 up to date') as string });
    const processes = [startRole('api', { environment }), startRole('relay', { environment })];
    await Promise.all(processes.map(({ started }) => started));
    const client = createTenantClient();
    const ready = await client.send({ url: `http://localhost:${port}/readyz` });
    expect([ready.status, ready.text()]).toEqual([200, expect.stringContaining('"queue":"ok"')]);
    await client.close();
    for (const each of processes) expect(await each.stop()).toBe(0);
  });

  it('a process is not let in before the installation was made, or with another secret', async () => {
    const access = 'application';
    await expect(openTestTenancy({ access })).rejects.toMatchObject({
      code: 'tenancy.control_refused',
      detail: expect.stringContaining('npm run migrate') as string,
    });
    await expect(
      openTestTenancy({
        access,
        installation: tenancy.creation.installation,
        secret: 'another secret, which is long enough too',
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/control_refused|secret_changed/) as string });
  });

  it('everything is granted that operators have in common with tenants’ people', async () => {
    const { rows } = await asControlAdmin(tenancy, (control) =>
      control.raw<{ rows: { name: string }[] }>(
        `select n.nspname || '.' || c.relname as name
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind = 'r' and n.nspname not in ('public', 'pg_catalog', 'information_schema', 'pg_toast')
            and not has_table_privilege(?, c.oid, 'select')`,
        [role],
      ),
    );
    expect(rows).toEqual([]);
  });
});
