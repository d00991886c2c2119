import type { TenantId } from '../../kernel/ids.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { reasonNumberOf } from './rules.ts';
import * as contract from './contract.ts';
import { setOpenByHand } from './service.ts';

type Dependencies = {
  readonly withTenant: WithTenant;
  /** Told after the commit that a tenant has due deals. Only a hint. */
  readonly onDue: (tenantId: TenantId) => Promise<void>;
};

/** The route by which the open of a position is said by hand. */
export const openRoutes = ({ withTenant, onDue }: Dependencies): Route[] => [
  route(contract.setOpenByHandOperation, async ({ tenantId, origin, log, params: { dealId }, body }) => {
    const { openReason, ...said } = body;
    const { setAt, positionId, due } = await withTenant(tenantId, origin, (tx) =>
      setOpenByHand(tx, { dealId, ...said, ...(openReason && { openReason: reasonNumberOf(openReason) }) }),
    );
    if (due.length > 0)
      await onDue(tenantId).catch((error: unknown) => log.warn({ err: error }, 'nobody was told of due deals'));
    const openedAt = said.openedAt.toISOString();
    const json = { dealId, positionId: String(positionId), openedAt, setAt: setAt.toISOString(), due: due.length };
    return { status: 200, json };
  }),
];
