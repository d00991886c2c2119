import type { TenantId } from '../../kernel/ids.ts';
import { emit, type StoredEvent } from '../../platform/events/index.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlTx, WithControl, WithTenant } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

const NOTICES_MAX = 200;
const NOTICES_PER_TENANT_MAX = 20;

/** What an operator did to a tenant. */
export type Act = { readonly type: string; readonly payload: StoredEvent['payload'] };

/**
 * Records an act that concerns a tenant: in the installation's chain of events at once, and as a notice that is brought
 * into the tenant's own chain after the commit (`deliverNotices`), so that the tenant sees it.
 */
export async function tellTenant(tx: ControlTx, tenantId: TenantId, { type, payload }: Act): Promise<void> {
  emit(tx, { stream: `tenant/${tenantId}`, type, schemaVersion: 1, payload: { tenantId, ...payload } });
  await queries.insertNotice(tx, { tenantId, type, payload: JSON.stringify(payload), ...tx.origin });
}

/** What bringing notices needs: suspended tenants are told as well. */
export type NoticeDeps = {
  readonly withControl: WithControl;
  readonly withTenantEvenSuspended: WithTenant;
  readonly log: Logger;
};

/**
 * Brings notices into the tenants' own chains, oldest first, each once: its stream carries the notice's id. One that
 * cannot be brought stays and is tried again by the next call. Gives how many were brought.
 */
export async function deliverNotices(deps: NoticeDeps, onlyTenantId: TenantId | null = null): Promise<number> {
  const { withControl, withTenantEvenSuspended, log } = deps;
  const limits = { max: NOTICES_MAX, perTenantMax: NOTICES_PER_TENANT_MAX };
  const waiting = await withControl((tx) => queries.waitingNotices(tx, { onlyTenantId, ...limits }));
  const unreachable = new Set<TenantId>();
  let delivered = 0;
  for (const { notice, tenantId, type, payload, actor, causation } of waiting) {
    if (unreachable.has(tenantId)) continue; // The next notice must not overtake the one before.
    const stream = `installation/${notice}`;
    try {
      await withTenantEvenSuspended(tenantId, { actor, causation }, async (tx) => {
        await queries.takeNoticeLock(tx, {});
        const [recorded] = await queries.isRecorded(tx, { stream });
        if (recorded?.found !== true) emit(tx, { stream, type, schemaVersion: 1, payload });
      });
      await withControl((tx) => queries.deleteNotice(tx, { notice }));
      delivered += 1;
    } catch (error) {
      unreachable.add(tenantId);
      log.warn({ err: error, tenantId, type }, 'a tenant could not be told what was done; it is tried again');
    }
  }
  return delivered;
}
