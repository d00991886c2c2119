import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asAdmin } from '../../src/tenancy/admin.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { migrate, migrationFolder } from '../../src/tenancy/migrations.ts';
import { openTestTenancy } from '../support/tenancy.ts';

describe('Migrating all tenants', () => {
  const slugs = ['alpha', 'beta', 'delta', 'gamma'];
  let tenancy: Tenancy;
  let migrations: string;
  let count = 0;

  /** Adds a migration to the folder and gives its name. */
  const add = async (what: string, sql: string): Promise<string> => {
    count += 1;
    const name = `2099010100${String(count).padStart(2, '0')}_expand_${what}.ts`;
    await writeFile(path.join(migrations, name), `export const up = (knex) => knex.raw(${JSON.stringify(sql)});\n`);
    return name;
  };
  const inDatabase = async (slug: string, sql: string): Promise<Record<string, unknown>[]> => {
    const { database, ownerRole } = await tenancy.tenantOfSlug(slug);
    const ask = async (pool: Knex) => (await pool.raw<{ rows: Record<string, unknown>[] }>(sql)).rows;
    return asAdmin(tenancy.provisioning, database, ask, { role: ownerRole });
  };

  beforeEach(async () => {
    const parent = await mkdtemp(path.join(tmpdir(), 'cascade-migrations-'));
    migrations = path.join(parent, 'tenant');
    await cp(migrationFolder('tenant'), migrations, { recursive: true });
    tenancy = await openTestTenancy({ migrations });
  });
  /** Makes tenants: each takes time, so a test makes those that it is about. */
  const make = async (...names: string[]): Promise<void> => {
    for (const slug of names) await tenancy.createTenant({ slug, name: slug });
  };
  afterEach(async () => {
    await tenancy.close();
    await rm(path.dirname(migrations), { recursive: true });
  });

  it('applies what each lacks as its owner, tells how far it is, and does nothing the second time', async () => {
    await make(...slugs);
    const names = [
      await add('first', 'create table platform.first (id bigint primary key)'),
      await add('second', 'create table platform.second (id bigint primary key)'),
    ];
    const progress: number[] = [];
    const report = await tenancy.migrateTenants({
      concurrency: 3,
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(report).toEqual({ migrated: slugs.map((slug) => ({ slug, applied: names })), failed: [], notStarted: [] });
    expect(progress).toEqual([0.25, 0.5, 0.75, 1]);
    const { ownerRole } = await tenancy.tenantOfSlug('beta');
    expect(await inDatabase('beta', `select tableowner from pg_tables where tablename in ('first', 'second')`)).toEqual(
      [{ tableowner: ownerRole }, { tableowner: ownerRole }],
    );
    expect((await tenancy.migrateTenants()).migrated.every(({ applied }) => applied.length === 0)).toBe(true);
    expect(
      (await tenancy.drift()).flatMap(({ differences, missingMigrations }) => [...differences, ...missingMigrations]),
    ).toEqual([]);
  });

  it('halts on the first failure, says which and why, and keeps what was done; once mended it goes on where it stopped', async () => {
    await make(...slugs);
    await add('good', 'create table platform.good (id bigint primary key)');
    const bad = await add('bad', 'alter table platform.quota add column size bigint not null');
    for (const slug of ['alpha', 'delta', 'gamma']) await inDatabase(slug, 'create table platform.quota (id bigint)');
    const report = await tenancy.migrateTenants({ concurrency: 1 });
    expect(report.migrated.map(({ slug }) => slug)).toEqual(['alpha']);
    expect(report.failed).toEqual([
      { slug: 'beta', code: 'tenancy.migration_failed', reason: expect.stringContaining('platform.quota') as string },
    ]);
    expect(report.notStarted).toEqual(['delta', 'gamma']);
    expect(await inDatabase('beta', `select to_regclass('platform.good') is not null as good`)).toEqual([
      { good: true },
    ]); // Each in its own transaction.
    expect(await inDatabase('gamma', `select to_regclass('platform.good') is not null as good`)).toEqual([
      { good: false },
    ]);
    await inDatabase('beta', 'create table platform.quota (id bigint)');
    const again = await tenancy.migrateTenants();
    expect(again.failed).toEqual([]);
    expect(again.migrated.find(({ slug }) => slug === 'beta')?.applied).toEqual([bad]);
  });

  it('lets those under way finish when one fails', async () => {
    await make(...slugs);
    const name = await add(
      'slow',
      `do $$ begin if current_database() like '%alpha' then raise exception 'not here'; end if; perform pg_sleep(0.5); end $$`,
    );
    const report = await tenancy.migrateTenants({ concurrency: 2 });
    expect(report.failed).toEqual([
      { slug: 'alpha', code: 'tenancy.migration_failed', reason: expect.stringContaining('not here') as string },
    ]);
    expect(report.migrated).toEqual([{ slug: 'beta', applied: [name] }]);
    expect(report.notStarted).toEqual(['delta', 'gamma']);
  });

  it('goes on where a killed process left its mark that it was migrating', async () => {
    await make('alpha');
    const name = await add('after_kill', 'create table platform.after_kill (id bigint primary key)');
    await inDatabase('alpha', 'update public.schema_migrations_lock set is_locked = 1');
    const report = await tenancy.migrateTenants();
    expect(report.failed).toEqual([]);
    expect(report.migrated[0]).toEqual({ slug: 'alpha', applied: [name] });
  });

  it('is done by one process at a time per database: the second finds nothing left to do', async () => {
    await make('alpha');
    const name = await add('once', 'create table platform.once as select pg_sleep(0.3)::text as slept');
    const { database, ownerRole } = await tenancy.tenantOfSlug('alpha');
    const run = () => migrate(tenancy.provisioning, database, migrations, ownerRole);
    expect((await Promise.all([run(), run(), run()])).flat()).toEqual([name]);
  });

  it('a tenant made from an old clone that was interrupted is brought up to date when it is completed', async () => {
    await make('gamma');
    await tenancy.withControl((tx) =>
      tx.sql.raw(`update control.tenants set status = 'provisioning' where slug = 'gamma'`),
    );
    await add('newer', 'create table platform.newer (id bigint primary key)');
    await tenancy.createTenant({ slug: 'gamma', name: 'again' });
    expect(await inDatabase('gamma', `select to_regclass('platform.newer') is not null as newer`)).toEqual([
      { newer: true },
    ]);
  });
});

describe('Drift', () => {
  it('is told in words for each tenant whose database is not as the migrations made it', async () => {
    const tenancy = await openTestTenancy();
    const acme = await tenancy.createTenant({ slug: 'acme', name: 'Acme' });
    await tenancy.createTenant({ slug: 'zenith', name: 'Zenith' });
    await asAdmin(tenancy.provisioning, acme.database, async (pool) => {
      await pool.raw(`
        create table platform.by_hand (id bigint primary key);
        alter table platform.events alter column type drop not null;
        alter table platform.consumers add column note text default 'x';
        alter table platform.processed drop column detail;
        drop trigger append_only on platform.events;
        alter table platform.processed drop constraint processed_outcome_check;
        create index by_hand_index on platform.events (type);
        create or replace function platform.refuse_change() returns trigger language plpgsql as $$ begin return null; end $$;
        create function platform.mine() returns int language sql as $$ select 1 $$;
        create schema elsewhere;
        create type platform.colour as enum ('red')`);
      await pool.raw(
        'grant delete on platform.events to cascade_app; alter table platform.identity owner to current_user',
      );
      await pool.raw('grant connect on database ?? to public', [acme.database]);
      await pool.raw('alter role ?? createdb', [acme.appRole]);
      await pool.raw('delete from public.schema_migrations where name like ?', ['%_expand_platform.ts']);
    });
    const [first, second] = await tenancy.drift();
    expect(second).toEqual({ slug: 'zenith', missingMigrations: [], unknownMigrations: [], differences: [] });
    expect(first?.missingMigrations).toEqual(['202611201000_expand_platform.ts']);
    expect(first?.differences).toEqual(
      expect.arrayContaining([
        'table platform.by_hand is not in the template',
        'column platform.events.type: not null is false, in the template true',
        'column platform.consumers.note is not in the template',
        'column platform.processed.detail is missing',
        'trigger platform.events.append_only is missing',
        'constraint platform.processed.processed_outcome_check is missing',
        'index platform.by_hand_index is not in the template',
        "function platform.refuse_change(): its definition differs from the template's",
        'function platform.mine() is not in the template',
        'schema elsewhere is not in the template',
        'type platform.colour is not in the template',
        expect.stringMatching(/^table platform\.events: grant cascade_app=\w*d\w*\/the owner is not in the template/),
        'table platform.identity: owner is the administrator, in the template the owner',
        expect.stringMatching(/^database itself: grant =c\/the administrator is not in the template/),
        'role the application: may do everything is true, in the template false',
      ]),
    );
    expect(first?.differences.some((sentence) => sentence.includes('by_hand.id'))).toBe(false); // It falls with its table.
    await asAdmin(tenancy.provisioning, 'postgres', (pool) => pool.raw('alter role ?? nocreatedb', [acme.appRole]));
    await tenancy.close();
  });
});
