import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { listOverrides, overrideRatesOf } from './service.ts';

/** The routes of what comes before agreements. */
export const overrideRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.overrideRates, ({ tenantId, origin, params: { planId }, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { scope, terms, reason } = body;
      const { id, validFrom } = await overrideRatesOf(tx, { planId, ...body });
      return { status: 201, json: { id, planId, scope, terms, reason, validFrom: validFrom.toISOString() } };
    }),
  ),
  route(contract.listOverrides, ({ tenantId, origin, params: { planId }, query: { limit, cursor, sort, ...filter } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { rows, nextCursor } = await listOverrides(tx, { planId, ...filter }, { limit, cursor, sort });
      const data = rows.map(({ validFrom, validTo, recordedAt, ...each }) => ({
        ...each,
        planId,
        validFrom: validFrom.toISOString(),
        validTo: validTo?.toISOString() ?? null,
        recordedAt: recordedAt.toISOString(),
      }));
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
];
