import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseAddress } from '../../src/platform/database.ts';
import { type RunningPostgres, startScratchPostgres } from '../../src/platform/postgres/index.ts';
import { openQueues, QUEUE_SCHEMA } from '../../src/platform/queue/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { exportTenant, prepareQueueDatabase, queueDatabaseUrl, type Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

describe('An administrator that is no superuser', () => {
  let server: RunningPostgres;
  let tenancy: Tenancy;
  const as = (user: string) => ({ ...databaseAddress(server.url), user, password: 'a password' });
  const asSuperuser = (statement: string): Promise<unknown> =>
    asAdmin({ admin: databaseAddress(server.url), log: testLog }, 'postgres', (pool) => pool.raw(statement));

  beforeAll(async () => {
    server = await startScratchPostgres({ settings: { fsync: 'off' } });
    await asSuperuser(`create role limited login createdb createrole password 'a password'`);
    await asSuperuser(`create role powerless login password 'a password'`);
    tenancy = await openTestTenancy({ admin: as('limited') });
  });
  afterAll(async () => {
    await tenancy.close();
    await server.stop();
  });

  it('makes tenants, which work and differ in nothing from the template', async () => {
    const made = [];
    for (const slug of ['acme', 'zenith']) made.push(await tenancy.createTenant({ slug, name: slug }));
    for (const { id, appRole } of made) {
      const role = await tenancy.withTenant(id, testOrigin, async (tx) => {
        const { rows } = await tx.sql.raw<{ rows: { role: string }[] }>(
          'select current_user as role from platform.event_head',
        );
        return rows[0]?.role;
      });
      expect(role).toBe(appRole);
    }
    expect((await tenancy.drift()).flatMap(({ differences }) => differences)).toEqual([]);
  });

  it('migrates them as their owners', async () => {
    const { database } = await tenancy.tenantOfSlug('acme');
    const last = `select name from public.schema_migrations order by name desc limit 1`;
    await asAdmin(tenancy.provisioning, database, async (pool) => {
      const { rows } = await pool.raw<{ rows: { owner: string }[] }>(
        `select distinct tableowner as owner from pg_tables where schemaname = 'platform'`,
      );
      expect(rows).toEqual([{ owner: (await tenancy.tenantOfSlug('acme')).ownerRole }]);
      expect((await pool.raw<{ rows: unknown[] }>(last)).rows).toHaveLength(1);
    });
    expect(await tenancy.migrateTenants()).toMatchObject({ failed: [], notStarted: [] });
  });

  it('exports them, and makes the queues’ database for a role that may do as it likes there and nowhere else', async () => {
    const folder = path.join(await mkdtemp(path.join(tmpdir(), 'cascade-limited-')), 'acme');
    const { tables } = await exportTenant(tenancy.provisioning, await tenancy.tenantOfSlug('acme'), folder);
    expect(tables.length).toBeGreaterThan(30);
    await rm(path.dirname(folder), { recursive: true });
    const { admin, installation } = tenancy.creation;
    const place = { admin, installation, secret: 'a secret of at least thirty-two characters', log: testLog };
    await prepareQueueDatabase(place, QUEUE_SCHEMA);
    await prepareQueueDatabase(place, QUEUE_SCHEMA);
    const queues = await openQueues({ kind: 'postgres', url: queueDatabaseUrl(place) }, ['some'], testLog);
    await expect(queues.ping()).resolves.toBeUndefined();
    await queues.close();
  });

  it('that may make neither databases nor roles is told so', async () => {
    await expect(openTestTenancy({ admin: as('powerless') })).rejects.toMatchObject({
      code: 'tenancy.administrator_limited',
      detail: expect.stringContaining('CREATEDB and CREATEROLE') as string,
    });
  });
});
