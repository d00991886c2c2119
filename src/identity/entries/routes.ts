import type { TenantId } from '../../kernel/ids.ts';
import type { PageAsked } from '../../platform/paging.ts';
import { type Route, route } from '../../platform/route.ts';
import type { Origin } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { type GrantRow, pageOfGrants } from './queries.ts';
import * as service from './service.ts';

const shown = ({ grantedAt, endsAt, revokedAt, ...grant }: GrantRow) => ({
  ...grant,
  grantedAt: grantedAt.toISOString(),
  endsAt: endsAt.toISOString(),
  revokedAt: revokedAt?.toISOString() ?? null,
});

/** The operations by which somebody of the platform enters a tenant, and by which the tenant sees and ends it. */
export function entryRoutes(deps: service.EntryDeps): Route[] {
  const { withTenant } = deps;
  const page = async (tenantId: TenantId, origin: Origin, asked: PageAsked<'grantedAt'>) => {
    const { rows, nextCursor } = await withTenant(tenantId, origin, (tx) => pageOfGrants(tx, {}, asked));
    return { status: 200, json: { data: rows.map(shown), nextCursor } } as const;
  };
  return [
    route(contract.createEntry, async ({ access, params: { tenantId }, body }) => ({
      status: 201,
      json: shown(await service.enter(deps, access, tenantId, body)),
    })),
    route(contract.listEntries, ({ access, params: { tenantId }, query }) => page(tenantId, access.origin, query)),
    route(contract.issueEntryToken, async ({ access, params }) => ({
      status: 201,
      json: await service.issueEntryToken(deps, access, params),
    })),
    route(contract.revokeEntry, async ({ access, params }) => ({
      status: 200,
      json: shown(await service.revokeByOperator(deps, access, params)),
    })),
    route(contract.listPlatformGrants, ({ tenantId, access, query }) => page(tenantId, access.origin, query)),
    route(contract.revokePlatformGrant, async ({ tenantId, access, params: { grantId } }) => ({
      status: 200,
      json: shown(await withTenant(tenantId, access.origin, (tx) => service.revoke(tx, grantId))),
    })),
  ];
}
