import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HintBuffer, takeHints } from '../../src/platform/events/index.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

describe('Hints at tenants with work', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());
  const take = (audience: 'relay' | 'sweeper') => takeHints(acme.tenancy.withControl, audience, 10);

  it('are one per tenant and audience, however many commits there were', async () => {
    const hints = new HintBuffer(acme.tenancy.withControl, testLog);
    for (let commit = 0; commit < 50; commit += 1) hints.add(acme.tenant.id, 'relay');
    hints.add(acme.tenant.id, 'sweeper');
    await hints.stop();
    expect(await take('relay')).toEqual([acme.tenant.id]);
    expect(await take('relay')).toEqual([]);
    expect(await take('sweeper')).toEqual([acme.tenant.id]);
  });

  it('never fail their caller, whatever becomes of the control database', async () => {
    const hints = new HintBuffer(() => Promise.reject(new Error('the control database is away')), testLog);
    hints.add(acme.tenant.id, 'relay');
    await expect(hints.stop()).resolves.toBeUndefined();
  });
});
