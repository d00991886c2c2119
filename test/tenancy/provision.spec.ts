import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/platform/query.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { migrationFolder } from '../../src/tenancy/migrations.ts';
import { openTestTenancy, openTestTenant, type TestTenant, testOrigin } from '../support/tenancy.ts';

const whoAmI = query(
  'test.who_am_i',
  z.object({ role: z.string(), owned: z.bigint() }),
  `
  select current_user as role, (select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = current_user) as owned`,
);
const strangers = query(
  'test.strangers',
  z.object({ name: z.string(), owner: z.string() }),
  `
  select c.relname as name, pg_get_userbyid(c.relowner) as owner from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and pg_get_userbyid(c.relowner) <> :ownerRole`,
);

/** The database is whole: its own application can use it, and everything in it is its owner's. */
async function isWhole(tenancy: Tenancy, slug: string): Promise<void> {
  const tenant = await tenancy.tenantOfSlug(slug);
  expect(tenant.status).toBe('active');
  await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
    expect(await whoAmI(tx, {})).toEqual([{ role: tenant.appRole, owned: 0n }]);
    expect(await strangers(tx, { ownerRole: tenant.ownerRole })).toEqual([]);
  });
  expect(await tenancy.drift()).toContainEqual({ slug, missingMigrations: [], unknownMigrations: [], differences: [] });
}

describe('A tenant has a database of its own', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  it('is reached as an application role that owns nothing', async () => {
    const [row] = await acme.inTenant((tx) => whoAmI(tx, {}));
    expect(row).toEqual({ role: acme.tenant.appRole, owned: 0n });
  });

  it('answers under its own host name whatever the port, and under no other', async () => {
    await expect(acme.tenancy.tenantOfHost('ACME.localhost:3000')).resolves.toMatchObject({ slug: 'acme' });
    await expect(acme.tenancy.tenantOfHost('acme.localhost.')).resolves.toMatchObject({ slug: 'acme' });
    for (const host of [
      'zenith.localhost:3000',
      'localhost',
      '',
      '[::1]:3000',
      'acme.localhost/x',
      `${'a'.repeat(300)}.localhost`,
      "acme'--",
    ])
      await expect(acme.tenancy.tenantOfHost(host)).rejects.toMatchObject({
        code: 'tenancy.host_unknown',
        status: 404,
      });
  });

  it('has a name of letters, digits and hyphens that nobody else has', async () => {
    for (const slug of [
      'a',
      '1st',
      'UPPER',
      'a--b',
      'ends-',
      'under_score',
      'control',
      'x'.repeat(41),
      'ä',
      'a b',
      "a';drop",
    ])
      await expect(acme.tenancy.createTenant({ slug, name: 'x' })).rejects.toMatchObject({
        code: 'tenancy.slug_invalid',
        status: 422,
      });
    await expect(acme.tenancy.createTenant({ slug: 'www', name: 'x' })).rejects.toMatchObject({
      detail: '"www" is kept for the installation',
    });
    await expect(acme.tenancy.createTenant({ slug: 'acme', name: 'x' })).rejects.toMatchObject({
      code: 'tenancy.slug_taken',
      status: 409,
    });
  });

  it('does not take over the host name of another', async () => {
    await acme.tenancy.withControl((tx) =>
      tx.sql.raw(`insert into control.hosts select 'rival.localhost', id from control.tenants where slug = 'acme'`),
    );
    await expect(acme.tenancy.createTenant({ slug: 'rival', name: 'x' })).rejects.toMatchObject({
      code: 'tenancy.host_taken',
      status: 409,
    });
    await expect(acme.tenancy.tenantOfSlug('rival')).rejects.toMatchObject({ code: 'tenancy.tenant_unknown' });
  });

  it('is not opened by a process with another secret', async () => {
    const installation = acme.tenant.database.replace(/_acme$/, '');
    await expect(
      openTestTenancy({ installation, secret: 'another secret, which is long enough too' }),
    ).rejects.toMatchObject({ code: 'tenancy.secret_changed' });
  });

  it('answers 403 while it is suspended, and nothing is booked for it', async () => {
    const tenancy = await openTestTenancy({ registryTtlMs: 20 });
    const { id } = await tenancy.createTenant({ slug: 'late-payer', name: 'x' });
    await tenancy.tenantOfHost('late-payer.localhost');
    await tenancy.withControl((tx) => tx.sql.raw(`update control.tenants set status = 'suspended'`));
    await expect
      .poll(() => tenancy.tenantOfHost('late-payer.localhost').catch((error: unknown) => error))
      .toMatchObject({ code: 'tenancy.suspended', status: 403 });
    await expect
      .poll(() => tenancy.withTenant(id, testOrigin, (tx) => whoAmI(tx, {})).catch((error: unknown) => error))
      .toMatchObject({ code: 'tenancy.suspended' });
    await tenancy.close();
  });
});

describe('Making a tenant', () => {
  const installation = `t${randomBytes(4).toString('hex')}`;
  const maker = (slug: string, step: string) =>
    new Promise<{ signal: string | undefined; out: string }>((resolve) => {
      const file = path.resolve('test/support/tenant-maker.ts');
      execFile(process.execPath, [file, inject('adminUrl'), installation, slug, step], (error, stdout) =>
        resolve({ signal: error?.signal ?? undefined, out: stdout.trim() }),
      );
    });
  let tenancy: Tenancy;
  beforeAll(async () => {
    tenancy = await openTestTenancy({ installation });
  });
  afterAll(() => tenancy.close());

  it.each(['registered', 'roles_made', 'database_cloned', 'handed_over', 'migrated'])(
    'that is killed after the step %s is completed by doing it again',
    async (step) => {
      const slug = `killed-${step.replace('_', '-')}`;
      expect((await maker(slug, step)).signal).toBe('SIGKILL');
      await expect(tenancy.tenantOfHost(`${slug}.localhost`)).rejects.toMatchObject({ code: 'tenancy.host_unknown' });
      const { id, status } = await tenancy.tenantOfSlug(slug);
      expect(status).toBe('provisioning');
      await expect(tenancy.withTenant(id, testOrigin, (tx) => whoAmI(tx, {}))).rejects.toMatchObject({
        code: 'tenancy.tenant_unknown',
      });
      expect((await tenancy.createTenant({ slug, name: 'Again' })).id).toBe(id);
      await isWhole(tenancy, slug);
    },
  );

  it('by several processes at once makes one tenant, whole, for all of them', async () => {
    const made = await Promise.all([1, 2, 3].map(() => maker('contested', 'none')));
    const ids = new Set(made.map(({ out }) => out).filter((out) => out !== ''));
    expect(ids.size).toBe(1); // Who came when it was complete was told that the name is taken.
    await isWhole(tenancy, 'contested');
  });

  it('never takes a database that belongs to somebody else', async () => {
    await maker('somebody-else', 'none');
    await asAdmin(tenancy.provisioning, 'postgres', (pool) =>
      pool.raw('create database ?? template ??', [`${installation}_occupied`, `${installation}_somebody_else`]),
    );
    await expect(tenancy.createTenant({ slug: 'occupied', name: 'x' })).rejects.toMatchObject({
      code: 'tenancy.wrong_database',
    });
  });
});

describe('The template', () => {
  it('is built anew when the migrations change, and former ones are dropped in the end', async () => {
    const parent = await mkdtemp(path.resolve(tmpdir(), 'cascade-migrations-'));
    const migrations = path.join(parent, 'tenant');
    await cp(migrationFolder('tenant'), migrations, { recursive: true });
    const tenancy = await openTestTenancy({ migrations });
    const templates = () =>
      asAdmin(tenancy.provisioning, 'postgres', async (pool) => {
        const { rows } = await pool.raw<{ rows: { datname: string }[] }>(
          `select datname from pg_database where datname like 'cascade\\_template\\_%'`,
        );
        return rows.map((row) => row.datname);
      });
    for (const count of [1, 2, 3, 4]) {
      const name = `20991231000${count}_expand_more.ts`;
      await writeFile(
        path.join(migrations, name),
        `export const up = (knex) => knex.raw('create table platform.more_${count} (id bigint primary key)');\n`,
      );
      await tenancy.createTenant({ slug: `after-${count}`, name: 'x' });
      await isWhole(tenancy, `after-${count}`).catch((error: unknown) => {
        if (count === 1) throw error; // The earlier tenants lack the newer migrations, the newest lacks none.
      });
    }
    const [last] = (await tenancy.drift()).filter(({ slug }) => slug === 'after-4');
    expect(last).toEqual({ slug: 'after-4', missingMigrations: [], unknownMigrations: [], differences: [] });
    expect((await templates()).length).toBeLessThanOrEqual(3);
    await tenancy.close();
    await rm(parent, { recursive: true });
  });
});
