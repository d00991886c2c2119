import { afterAll, beforeAll, expect, it } from 'vitest';
import { idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { emit, verifyEvents } from '../../src/platform/events/index.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

let at: TestTenant;
beforeAll(async () => {
  at = await openTestTenant();
});
afterAll(() => at.close());

// A caller may call its request what it likes, also by what looks like one of our ids.
it.each(['req', 'tnt', 'src', 'dea'])(
  'keeps the cause of an event as it is told, also %s_…, so that the chain of hashes holds',
  async (prefix) => {
    const causation = idFromUuid(prefix, newUuid(Date.UTC(2026, 2, 10)));
    await at.tenancy.withTenant(at.tenant.id, { actor: 'feed', causation }, (tx) => {
      emit(tx, { stream: 'test', type: 'test.happened', schemaVersion: 1, payload: {} });
      return Promise.resolve();
    });
    expect(await at.inTenant((tx) => verifyEvents(tx))).toEqual([]);
  },
);
