import type { Logger } from '../platform/logger.ts';
import { type LiveStreams, makeLiveStreams } from '../reports/index.ts';
import type { Tenancy } from '../tenancy/index.ts';
import type { Identity } from './identity.ts';

/** The live streams of a process, before the guard that every request passes. */
export const openLive = ({
  tenancy,
  identity,
  log,
}: {
  readonly tenancy: Pick<Tenancy, 'withTenant' | 'tenantOfId' | 'tenantOfSlug'>;
  readonly identity: Pick<Identity, 'guard'>;
  readonly log: Logger;
}): LiveStreams =>
  makeLiveStreams({
    withTenant: tenancy.withTenant,
    // By the name, because that is asked afresh: a suspension ends streams before the registry's answers are old.
    isOpen: async (tenantId) => {
      const { slug } = await tenancy.tenantOfId(tenantId);
      return (await tenancy.tenantOfSlug(slug)).status === 'active';
    },
    guard: identity.guard,
    log,
  });
