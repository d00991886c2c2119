import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import type { Tokens } from '../tokens/service.ts';
import * as contract from './contract.ts';
import { beginImpersonation, endImpersonation } from './service.ts';

export type ImpersonationRoutesDeps = { readonly withTenant: WithTenant; readonly tokens: Pick<Tokens, 'issue'> };

/** The operations by which staff see what a client or IB sees, and stop. */
export const impersonationRoutes = ({ withTenant, tokens }: ImpersonationRoutesDeps): Route[] => [
  route(contract.startImpersonation, async ({ tenantId, access, params: { userId }, body: { reason, surface } }) => {
    const begun = await withTenant(tenantId, access.origin, (tx) =>
      beginImpersonation(tx, access, { userId, surface, reason }),
    );
    const { accessToken, expiresIn } = await tokens.issue(begun.subject);
    const shown = { impersonationId: begun.id, userId, surface: begun.surface, endsAt: begun.endsAt.toISOString() };
    return { status: 201, json: { ...shown, accessToken, expiresIn } };
  }),
  route(contract.endImpersonation, async ({ tenantId, access }) => {
    await withTenant(tenantId, access.origin, (tx) => endImpersonation(tx, access.caller));
    return { status: 204 };
  }),
];
