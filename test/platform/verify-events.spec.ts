import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { databaseAddress, openPool, poolDefaults } from '../../src/platform/database.ts';
import { emit, headKeptOutside, keepHeadOutside, verifyEvents } from '../../src/platform/events/index.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

describe('A planted breach of the chain of events is found', () => {
  let tenancy: Tenancy;
  let tenant: Tenant;
  let count = 0;
  beforeAll(async () => {
    tenancy = await openTestTenancy({ connectionsMax: 40 });
  });
  afterAll(() => tenancy.close());
  beforeEach(async () => {
    tenant = await tenancy.createTenant({ slug: `broker${(count += 1)}`, name: 'A broker' });
    for (let index = 0; index < 4; index += 1)
      await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
        for (const stream of ['a/1', 'b/1', 'a/1'])
          emit(tx, {
            stream,
            type: 'test.happened',
            schemaVersion: 1,
            payload: { amount: '1.10', ratio: 1e21, none: null, list: [1, 'ü'] },
          });
      });
    await tenancy.withTenant(tenant.id, testOrigin, (tx) => keepHeadOutside(tenancy.withControl, tx, 12n));
  });
  /** What somebody does who has the database's superuser. */
  const tamper = async (sql: string): Promise<void> => {
    const admin = openPool(
      { ...databaseAddress(inject('adminUrl')), database: tenant.database },
      { ...poolDefaults, connectionsMax: 1 },
      testLog,
    );
    try {
      await admin.transaction(async (trx) => {
        await trx.raw('alter table platform.events disable trigger append_only');
        await trx.raw(sql);
        await trx.raw('alter table platform.events enable trigger append_only');
      });
    } finally {
      await admin.destroy();
    }
  };
  const verify = async () => {
    const headOutside = await headKeptOutside(tenancy.withControl, tenant.id);
    return tenancy.withTenant(tenant.id, testOrigin, (tx) => verifyEvents(tx, { headOutside }));
  };
  const rules = async () => (await verify()).map((finding) => `${finding.rule} ${finding.subject}`);

  it('and an untouched chain has none', async () => {
    expect(await verify()).toEqual([]);
  });

  it('also behind the first thousand of them', async () => {
    await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
      for (let index = 0; index < 2_100; index += 1)
        emit(tx, { stream: `c/${index % 7}`, type: 'test.happened', schemaVersion: 1, payload: { index } });
    });
    expect(await verify()).toEqual([]);
    await tamper(`update platform.events set actor = 'somebody else' where seq = 2000`);
    expect(await rules()).toEqual(['events.hash event/2000']);
  });

  it('when a payload was changed', async () => {
    await tamper(`update platform.events set payload = jsonb_set(payload, '{amount}', '"9.99"') where seq = 7`);
    expect(await rules()).toEqual(['events.hash event/7']);
  });

  it('when a payload was changed and its hash with it', async () => {
    await tamper(`update platform.events set hash = sha256('x'::bytea) where seq = 5`);
    expect(await rules()).toEqual(['events.hash event/5', 'events.link event/6']);
  });

  it('when an event was deleted', async () => {
    await tamper('delete from platform.events where seq = 6');
    expect(await rules()).toEqual(['events.seq event/6', 'events.link event/7', 'events.version event/7']);
  });

  it('when two events changed places', async () => {
    await tamper(`update platform.events set seq = case seq when 4 then 104 else 105 end where seq in (4, 5);
                  update platform.events set seq = case seq when 104 then 5 else 4 end where seq in (104, 105)`);
    expect(await rules()).toEqual(['events.link event/4', 'events.hash event/4']);
  });

  it('when the end was cut off', async () => {
    await tamper('delete from platform.events where seq > 10');
    expect(await rules()).toEqual(['events.head event/11', 'events.head_outside event/11']);
  });

  it('when the end was cut off and the head set back, by the copy kept outside', async () => {
    await tamper(`delete from platform.events where seq > 10;
                  update platform.event_head set seq = 10, hash = (select hash from platform.events where seq = 10)`);
    expect(await rules()).toEqual(['events.head_outside event/11']);
    await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
      for (let index = 0; index < 4; index += 1)
        emit(tx, { stream: 'c/1', type: 'test.forged', schemaVersion: 1, payload: {} });
    });
    expect(await rules()).toEqual(['events.head_outside event/12']);
  });

  it('when an event was put behind the head', async () => {
    await tamper(`insert into platform.events select 13, 'z/1', 1, type, schema_version, payload, actor, causation, recorded_at, previous_hash, hash
                    from platform.events where seq = 12`);
    expect(await rules()).toEqual(['events.link event/13', 'events.hash event/13', 'events.head event/13']);
  });
});
