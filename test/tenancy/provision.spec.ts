import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const whoAmI = query('test.who_am_i', z.object({ role: z.string(), owned: z.bigint() }), `
  select current_user as role, (select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = current_user) as owned`);

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
    await expect(acme.tenancy.tenantOfHost('zenith.localhost:3000')).rejects.toMatchObject({ code: 'tenancy.host_unknown' });
  });
});
