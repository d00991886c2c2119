import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import type { RequestRow } from './queries.ts';
import { askForAccount, pageOfRequests } from './service.ts';

const shown = ({ askedAt, ...request }: RequestRow): contract.AccountRequest => ({
  ...request,
  askedAt: askedAt.toISOString(),
});

/** The routes of accounts that clients ask for. */
export const accountRequestRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.askForAccount, async ({ tenantId, origin, access, body }) => {
    const row = await withTenant(tenantId, origin, (tx) => askForAccount(tx, access.reach, body));
    return { status: 201, json: shown(row) };
  }),
  route(contract.listAccountRequests, async ({ tenantId, origin, access, query }) => {
    const page = await withTenant(tenantId, origin, (tx) => pageOfRequests(tx, access.reach, query, query));
    return { status: 200, json: { data: page.rows.map(shown), nextCursor: page.nextCursor } };
  }),
];
