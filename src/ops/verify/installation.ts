import { type ChainHead, countEvents, installationHeadSeen, verifyEvents } from '../../platform/events/index.ts';
import type { Tenancy } from '../../tenancy/index.ts';
import { COPIES_MAX } from '../installation-head.ts';
import * as queries from './queries.ts';
import type { InstallationVerification } from './types.ts';

/** More tenants than are copied to: names change the order, and a copy that was once made still counts. */
const LOOKED_AT_MAX = 4 * COPIES_MAX;

/**
 * Checks the installation's own chain of events: what its operators did. Against itself, and against the newest copy of its
 * head that the tenants' databases hold (`makeHeadKeeper`): only that shows that its end was cut off or written anew.
 */
export async function verifyInstallation({
  withControl,
  withTenantEvenSuspended,
  tenants,
}: Pick<Tenancy, 'withControl' | 'withTenantEvenSuspended' | 'tenants'>): Promise<InstallationVerification> {
  let newest: ChainHead | undefined;
  let copies = 0;
  for (const { id } of (await tenants()).filter(({ status }) => status !== 'provisioning').slice(0, LOOKED_AT_MAX)) {
    const seen = await withTenantEvenSuspended(id, { actor: 'verifier', causation: 'verify' }, installationHeadSeen);
    if (seen === undefined) continue;
    copies += 1;
    if (newest === undefined || seen.seq > newest.seq) newest = seen;
  }
  return withControl(async (tx) => {
    await queries.seeOneMomentOfControl(tx, {});
    const findings = await verifyEvents(tx, { headOutside: newest });
    const events = Number(await countEvents(tx));
    return { ok: findings.length === 0, checked: { events, headCopies: copies }, findings };
  });
}
