import { reach } from '#fault-points';
import type { TenantId } from '../../kernel/ids.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { PlanBooks } from '../plans/store.ts';
import { carryOutAmendments, correctLateEntries } from './service.ts';

/** Transactions of one visit to a tenant: what waits beyond is for the next one, so that others have their turn. */
const PAGES_MAX = 20;
const ORIGIN = { actor: 'commissions', causation: 'amendments' };

/**
 * What is done at each tenant once a minute: updates and deletions of the feed are taken up, a page in a transaction of its own,
 * and closes corrected whose entries came late. Each visit goes on where the last one ended, so that what cannot be taken up yet
 * hides nothing behind it.
 */
export function makeAmender({
  withTenant,
}: {
  readonly withTenant: WithTenant;
}): (tenantId: TenantId) => Promise<void> {
  const books = new PlanBooks();
  const lookedAt = new Map<TenantId, bigint>();
  return async (tenantId) => {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const after = lookedAt.get(tenantId) ?? 0n;
      const { next } = await withTenant(tenantId, ORIGIN, async (tx) => {
        const round = await carryOutAmendments(tx, books, { after });
        await reach('correction.before_commit');
        return round;
      });
      lookedAt.set(tenantId, next ?? 0n);
      if (next === undefined) break;
    }
    await withTenant(tenantId, ORIGIN, (tx) => correctLateEntries(tx, books));
  };
}
