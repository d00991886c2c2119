import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { simulate } from './contract.ts';
import { askForSimulation } from './service.ts';

/** The route of simulations; how far they are and what they came to, the routes of tasks tell. */
export const simulationRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(simulate, ({ tenantId, origin, body }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 202, json: { taskId: await askForSimulation(tx, body) } })),
  ),
];
