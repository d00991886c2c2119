import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emit } from '../../src/platform/events/index.ts';
import { makeHeadKeeper, verifyInstallation } from '../../src/ops/index.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { asControlAdmin, openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

const UNGUARDED = 'alter table platform.events disable trigger append_only;';
const START = `decode(repeat('00', 32), 'hex')`;

describe('The chain of what operators did', () => {
  let tenancy: Tenancy;
  const rulesBroken = async () => (await verifyInstallation(tenancy)).findings.map(({ rule }) => rule);
  const breach = (sql: string) => asControlAdmin(tenancy, (control) => control.raw(UNGUARDED + sql));

  beforeAll(async () => {
    tenancy = await openTestTenancy();
    for (const slug of ['acme', 'zenith']) await tenancy.createTenant({ slug, name: slug });
    await tenancy.withControl(async (tx) => {
      for (let number = 0; number < 20; number += 1)
        emit(tx, { stream: 'test/1', type: 'test.done', schemaVersion: 1, payload: { number } });
    }, testOrigin);
  });
  afterAll(() => tenancy.close());

  it('verifies, and its head is kept in the tenants’ databases', async () => {
    expect(await verifyInstallation(tenancy)).toMatchObject({ ok: true, checked: { events: 24, headCopies: 0 } });
    const keep = makeHeadKeeper(tenancy, testLog);
    await keep();
    await keep();
    expect(await verifyInstallation(tenancy)).toEqual({
      ok: true,
      checked: { events: 24, headCopies: 2 },
      findings: [],
    });
  });

  it('whose content was changed, or from which an event was taken, names the first bad one (A30)', async () => {
    await breach(`update platform.events set payload = '{"number":1000}' where seq = 9`);
    expect((await verifyInstallation(tenancy)).findings).toMatchObject([{ rule: 'events.hash', subject: 'event/9' }]);
    await breach(`update platform.events set payload = '{"number":4}' where seq = 9`);
    expect(await rulesBroken()).toEqual([]);
  });

  it('whose last ten events were cut off, head and all, differs from the copies (A30)', async () => {
    await breach(`
      delete from platform.events where seq > 14;
      update platform.event_head set seq = 14, hash = (select hash from platform.events where seq = 14)`);
    expect((await verifyInstallation(tenancy)).findings).toMatchObject([
      { rule: 'events.head_outside', subject: 'event/15' },
    ]);
  });

  it('that was thrown away as a whole differs from the copies, and no later head replaces them', async () => {
    await breach(`delete from platform.events; update platform.event_head set seq = 0, hash = ${START}`);
    await tenancy.withControl((tx) => {
      emit(tx, { stream: 'test/1', type: 'test.done', schemaVersion: 1, payload: {} });
      return Promise.resolve();
    }, testOrigin);
    await makeHeadKeeper(tenancy, testLog)();
    expect(await rulesBroken()).toEqual(['events.head_outside']);
  });
});
