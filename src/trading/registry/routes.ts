import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { pageOfSources } from './queries.ts';
import { createSource, rotateSecret, type SourceKeeping } from './sources.ts';

/** The routes of feed sources. */
export const sourceRoutes = (deps: SourceKeeping & { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listFeedSources, ({ tenantId, origin, query: { limit, cursor, sort, server } }) =>
    deps.withTenant(tenantId, origin, async (tx) => {
      const { rows, nextCursor } = await pageOfSources(tx, { server }, { limit, cursor, sort });
      const data = rows.map(({ id, name, server: of, createdAt, previousUntil }) => ({
        id,
        name,
        server: of,
        createdAt: createdAt.toISOString(),
        previousSecretUntil: previousUntil?.toISOString() ?? null,
      }));
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
  route(contract.createFeedSource, ({ tenantId, origin, body }) =>
    deps.withTenant(tenantId, origin, async (tx) => ({ status: 201, json: await createSource(tx, deps, body) })),
  ),
  route(contract.rotateFeedSource, ({ tenantId, origin, params: { sourceId }, body }) =>
    deps.withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: await rotateSecret(tx, deps, { sourceId, previousValidMs: body.previousValidSeconds * 1000 }),
    })),
  ),
];
