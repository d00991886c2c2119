import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { lintPlanVersion } from './contract.ts';
import { lintVersion } from './service.ts';

/** The route that looks versions over. */
export const lintRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(lintPlanVersion, ({ tenantId, origin, params, query: { validFrom } }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: await lintVersion(tx, { ...params, validFrom }),
    })),
  ),
];
