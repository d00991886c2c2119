import type { z } from 'zod';
import { UserId } from '../../kernel/ids.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { acknowledgeDiscrepancy, type Discrepancy, listDiscrepancies, differsOn } from './service.ts';

/** The routes of what a second computation found different. */
export const discrepancyRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listDiscrepancies, ({ tenantId, origin, query: { state, ...page } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { rows, nextCursor } = await listDiscrepancies(tx, { state, page });
      return { status: 200, json: { data: rows.map(shown), nextCursor } };
    }),
  ),
  route(contract.acknowledgeDiscrepancy, ({ tenantId, origin, access, params, body }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: shown(
        await acknowledgeDiscrepancy(tx, {
          id: params.discrepancyId,
          note: body.note,
          userId: UserId.parse(access.caller.id), // The right is people's: neither keys nor operators have it.
        }),
      ),
    })),
  ),
];

const shown = ({
  dealKey,
  awardKey,
  foundAt,
  acknowledgedAt,
  ...rest
}: Discrepancy): z.input<(typeof contract.acknowledgeDiscrepancy)['answers'][200]> => ({
  ...rest,
  ...differsOn({ dealKey, awardKey }),
  foundAt: foundAt.toISOString(),
  acknowledgedAt: acknowledgedAt?.toISOString() ?? null,
});
