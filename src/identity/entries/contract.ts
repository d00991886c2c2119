import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { PlatformGrantId, TenantId, UserId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const TEXT_CHARACTERS_MAX = 500;
const MINUTES_MAX = 60;

/** For how long, as what and why somebody of the platform may look into a tenant. */
const PlatformGrant = z
  .strictObject({
    id: PlatformGrantId,
    operatorId: UserId.meta({ description: 'Somebody of the platform, not of the tenant' }),
    role: z.enum(['auditor', 'support']),
    reason: z.string().max(TEXT_CHARACTERS_MAX),
    grantedAt: InstantText,
    endsAt: InstantText,
    revokedAt: InstantText.nullable(),
    revokedBy: z.string().max(100).nullable(),
    state: z.enum(['active', 'ended', 'revoked']),
  })
  .meta({
    id: 'PlatformGrant',
    description: 'An entry of somebody of the platform into a tenant: to read, for a time.',
  });

const list = pageQuery(['-grantedAt', 'grantedAt'], {});
const onBareHost = { on: 'bare', tag: 'Tenants' } as const;
const onTenant = { on: 'tenant', tag: 'Platform entries' } as const;
const ofTenant = z.strictObject({ tenantId: TenantId });
const ofGrant = z.strictObject({ tenantId: TenantId, grantId: PlatformGrantId });
const ofTenants = ['tenancy.tenant_unknown', 'tenancy.suspended'] as const;

export const createEntry = operation({
  ...onBareHost,
  id: 'createEntry',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/entries',
  summary: 'Enter a tenant for a while, to read',
  description: 'The tenant sees it with its reason, and may end it.',
  need: { action: 'create', resource: 'tenant_entries' },
  needsStepUp: true,
  params: ofTenant,
  body: z.strictObject({
    role: z.enum(['auditor', 'support']),
    reason: ReasonText,
    minutes: z.int().min(1).max(MINUTES_MAX),
  }),
  answers: { 201: PlatformGrant },
  problems: ofTenants,
});

export const listEntries = operation({
  ...onBareHost,
  id: 'listEntries',
  method: 'get',
  path: '/api/v1/tenants/{tenantId}/entries',
  summary: 'List the entries of the platform into a tenant',
  need: { action: 'list', resource: 'tenant_entries' },
  params: ofTenant,
  query: list,
  answers: { 200: pageOf(PlatformGrant) },
  problems: ofTenants,
});

export const issueEntryToken = operation({
  ...onBareHost,
  id: 'issueEntryToken',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/entries/{grantId}/token',
  summary: 'Get a token for the host of a tenant that one has entered',
  need: { action: 'enter', resource: 'tenant_entries' },
  needsStepUp: true,
  params: ofGrant,
  answers: {
    201: z
      .strictObject({ accessToken: z.string().max(2_048), expiresIn: z.int().meta({ description: 'Seconds' }) })
      .meta({ id: 'EntryToken', description: 'A token that is good on the host of the tenant while the entry lasts.' }),
  },
  problems: [...ofTenants, 'identity.grant_unknown', 'identity.grant_ended'],
});

export const revokeEntry = operation({
  ...onBareHost,
  id: 'revokeEntry',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/entries/{grantId}/revoke',
  summary: 'Leave a tenant before the time is over',
  need: { action: 'revoke', resource: 'tenant_entries' },
  params: ofGrant,
  answers: { 200: PlatformGrant },
  problems: [...ofTenants, 'identity.grant_unknown'],
});

export const listPlatformGrants = operation({
  ...onTenant,
  id: 'listPlatformGrants',
  method: 'get',
  path: '/api/v1/platform-grants',
  summary: 'List who of the platform may look or looked into this tenant, and why',
  need: { action: 'list', resource: 'platform_grants' },
  query: list,
  answers: { 200: pageOf(PlatformGrant) },
  problems: [],
});

export const revokePlatformGrant = operation({
  ...onTenant,
  id: 'revokePlatformGrant',
  method: 'post',
  path: '/api/v1/platform-grants/{grantId}/revoke',
  summary: 'End an entry of the platform',
  need: { action: 'revoke', resource: 'platform_grants' },
  params: z.strictObject({ grantId: PlatformGrantId }),
  answers: { 200: PlatformGrant },
  problems: ['identity.grant_unknown'],
});
