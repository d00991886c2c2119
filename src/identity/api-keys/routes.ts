import { UserId } from '../../kernel/ids.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { createApiKey, listApiKeys, revokeApiKey } from './contract.ts';
import { pageOfApiKeys } from './queries.ts';
import { endApiKey, keyOfRow, makeApiKey } from './service.ts';
import type { ApiKey } from './types.ts';

/** The routes over API keys. */
export const apiKeysRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(listApiKeys, async ({ tenantId, origin, query: { isLive, ...page } }) => {
    const filter = { isLive: isLive === undefined ? null : isLive === 'true' };
    const { rows, nextCursor } = await withTenant(tenantId, origin, (tx) => pageOfApiKeys(tx, filter, page));
    return { status: 200, json: { data: rows.map((row) => shown(keyOfRow(row))), nextCursor } };
  }),
  route(createApiKey, async ({ tenantId, origin, access, body }) => {
    const maker = { userId: UserId.parse(access.caller.id) };
    const { key, apiKey } = await withTenant(tenantId, origin, (tx) => makeApiKey(tx, maker, body));
    return { status: 201, json: { key, apiKey: shown(apiKey) } };
  }),
  route(revokeApiKey, async ({ tenantId, origin, params }) => {
    await withTenant(tenantId, origin, (tx) => endApiKey(tx, params.apiKeyId));
    return { status: 204 };
  }),
];

const shown = ({ createdAt, expiresAt, revokedAt, usedAt, ...key }: ApiKey) => ({
  ...key,
  scopes: [...key.scopes],
  addresses: [...key.addresses],
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
  usedAt: usedAt?.toISOString() ?? null,
});
