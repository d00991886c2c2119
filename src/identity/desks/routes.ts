import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { createDesk, listDesks, updateDesk } from './contract.ts';
import { changeDesk, listDesksOf, makeDesk } from './service.ts';
import type { Desk } from './types.ts';

/** The routes over desks. */
export const desksRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(listDesks, async ({ tenantId, origin }) => ({
    status: 200,
    json: { data: (await withTenant(tenantId, origin, listDesksOf)).map(shown) },
  })),
  route(createDesk, async ({ tenantId, origin, body }) => ({
    status: 201,
    json: shown(await withTenant(tenantId, origin, (tx) => makeDesk(tx, body))),
  })),
  route(updateDesk, async ({ tenantId, origin, params, body }) => ({
    status: 200,
    json: shown(await withTenant(tenantId, origin, (tx) => changeDesk(tx, params.deskId, body))),
  })),
];

const shown = ({ id, name, memberIds, createdAt }: Desk) => ({
  id,
  name,
  memberIds: [...memberIds],
  createdAt: createdAt.toISOString(),
});
