import { z } from 'zod';
import { ApiKeyId } from '../../kernel/ids.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const SCOPES_MAX = 100;
const NETWORKS_MAX = 20;

const scope = z
  .string()
  .regex(/^[a-z][a-z_]{0,39}:[a-z][a-z_]{0,39}$/, 'is no scope, such as clients:list')
  .meta({ examples: ['clients:list'] });
const network = z
  .union([z.cidrv4(), z.cidrv6()])
  .meta({ description: 'A network, IPv4 or IPv6 (CIDR).', examples: ['203.0.113.0/24'] });

/** An API key as people see it: never its secret part. */
const ApiKey = z
  .strictObject({
    id: ApiKeyId,
    name: z.string().max(100),
    prefix: z.string().max(60).meta({ description: 'How the key begins, by which you know it again.' }),
    scopes: z.array(z.string().max(80)).max(SCOPES_MAX),
    addresses: z.array(z.string().max(60)).max(NETWORKS_MAX),
    createdBy: z.string().max(200),
    createdAt: InstantText,
    expiresAt: InstantText.nullable(),
    revokedAt: InstantText.nullable(),
    usedAt: InstantText.nullable().meta({ description: 'When it was last used, to a minute.' }),
    usedFrom: z.string().max(60).nullable(),
    isLive: z.boolean(),
  })
  .meta({ id: 'ApiKey', description: 'What a program signs in with.' });

const form = { on: 'tenant', tag: 'API keys' } as const;

export const listApiKeys = operation({
  ...form,
  id: 'listApiKeys',
  method: 'get',
  path: '/api/v1/api-keys',
  summary: 'List API keys',
  need: { action: 'list', resource: 'api_keys' },
  query: pageQuery(['-createdAt', 'createdAt', 'name', '-name'], { isLive: z.enum(['true', 'false']).optional() }),
  answers: { 200: pageOf(ApiKey) },
  problems: [],
});

export const createApiKey = operation({
  ...form,
  id: 'createApiKey',
  method: 'post',
  path: '/api/v1/api-keys',
  summary: 'Make an API key; it is shown this once',
  description:
    'Send it as `Authorization: Bearer csk_…`. It can be made for nothing that its maker may not do himself.',
  need: { action: 'create', resource: 'api_keys' },
  needsStepUp: true,
  body: z.strictObject({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(scope).min(1).max(SCOPES_MAX),
    expiresAt: InstantIn.optional(),
    addresses: z.array(network).max(NETWORKS_MAX).optional(),
  }),
  answers: { 201: z.strictObject({ key: z.string().max(100), apiKey: ApiKey }) },
  problems: [
    'identity.scope_unknown',
    'identity.rights_exceeded',
    'identity.expiry_past',
    'identity.api_keys_too_many',
  ],
});

export const revokeApiKey = operation({
  ...form,
  id: 'revokeApiKey',
  method: 'delete',
  path: '/api/v1/api-keys/{apiKeyId}',
  summary: 'Revoke an API key; it bites within 5 seconds',
  need: { action: 'revoke', resource: 'api_keys' },
  params: z.strictObject({ apiKeyId: ApiKeyId }),
  answers: { 204: null },
  problems: ['identity.api_key_unknown'],
});
