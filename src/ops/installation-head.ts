import { type ChainHead, chainHead, keepInstallationHead } from '../platform/events/index.ts';
import type { Logger } from '../platform/logger.ts';
import type { Tenancy } from '../tenancy/index.ts';

/** The installation's chain is copied into so many tenants' databases; one would do, more survive what happens to one. */
export const COPIES_MAX = 16;

/**
 * Makes what keeps the head of the installation's own chain of events outside the control database: in the databases of
 * the first tenants by name, and in the log. Whoever cuts off or rewrites the end of the chain in the control database
 * does not reach the copies; `verifyInstallation` compares. Call it now and again; where nothing was added it does nothing.
 */
export function makeHeadKeeper(
  { withControl, withTenantEvenSuspended, tenants }: Tenancy,
  log: Logger,
): () => Promise<void> {
  let kept: ChainHead | undefined;
  return async () => {
    const head = await withControl(chainHead);
    if (head.seq === 0n || head.seq === kept?.seq) return;
    let copies = 0;
    for (const { id } of (await tenants()).filter(({ status }) => status !== 'provisioning').slice(0, COPIES_MAX)) {
      try {
        await withTenantEvenSuspended(id, { actor: 'ops', causation: 'installation_head' }, (tx) =>
          keepInstallationHead(tx, head),
        );
        copies += 1;
      } catch (error) {
        log.warn({ err: error, tenantId: id }, 'the head of the installation’s chain could not be copied to a tenant');
      }
    }
    log.info({ seq: head.seq.toString(), hash: head.hash.toString('hex'), copies }, 'head of the installation’s chain');
    if (copies > 0) kept = head;
  };
}
