import { z } from 'zod';
import { NameOfPerson, ReasonText } from '../kernel/contact.ts';
import { OperationId, TenantId } from '../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery, searchText } from '../kernel/operation.ts';

const SLUG_PATTERN = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;
const slug = z
  .string()
  .regex(SLUG_PATTERN, 'is no slug: 2 to 40 small letters, digits and hyphens')
  .meta({
    description: 'Its name in addresses and of its database',
    examples: ['nordic'],
  });
const status = z.enum(['provisioning', 'active', 'suspended']);
const state = z.enum(['waiting', 'running', 'done', 'failed']);
const count = z
  .string()
  .regex(/^\d{1,19}$/, 'is no whole number')
  .meta({ examples: ['120000'] });

/** What a tenant may use; null: no bound. */
const TenantQuotas = z
  .strictObject({
    requestsPerMinute: z
      .int()
      .min(1)
      .max(10_000_000)
      .nullable()
      .meta({ description: 'Requests to its hosts; more are answered 429. Null: the installation’s setting' }),
    usersMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .meta({ description: 'People who work there; no more are let in' }),
    clientsMax: z.int().min(1).max(1_000_000_000).nullable().meta({ description: 'Its clients; no more are taken' }),
    exportsPerDay: z.int().min(0).max(1_000).meta({ description: 'Exports a day (UTC); more are answered 429' }),
    tradesPerDayExpected: count
      .refine((text) => !text.startsWith('0') && text.length <= 18, 'is not between 1 and 10^18')
      .nullable()
      .meta({ description: 'More are booked all the same, and operator and tenant are told once that day' }),
  })
  .meta({
    id: 'TenantQuotas',
    description: 'What a tenant may use of the installation; null: no bound of its own.',
    examples: [
      {
        requestsPerMinute: null,
        usersMax: 500,
        clientsMax: null,
        exportsPerDay: 10,
        tradesPerDayExpected: null,
      },
    ],
  });

const TenantListed = z
  .strictObject({ id: TenantId, slug: z.string(), name: z.string(), status, createdAt: InstantText })
  .meta({ id: 'TenantListed', description: 'A tenant in a list.' });

/** A tenant as operators see it. */
const TenantShown = z
  .strictObject({
    id: TenantId,
    slug: z.string(),
    name: z.string(),
    status,
    createdAt: InstantText,
    hosts: z.array(z.string()).meta({ description: 'The names that it answers under' }),
    schemaVersion: z
      .string()
      .nullable()
      .meta({ description: 'The newest migration of its database; null while none was noted' }),
    isCurrent: z.boolean().meta({ description: 'Whether its database has all migrations of this version' }),
    suspension: z.strictObject({ since: InstantText, reason: z.string() }).nullable(),
    quotas: TenantQuotas,
  })
  .meta({ id: 'Tenant', description: 'A brokerage with a database of its own.' });

const TenantOperationShown = z
  .strictObject({
    id: OperationId,
    kind: z.enum(['create', 'migrate', 'export']),
    tenantId: TenantId,
    state,
    requestedBy: z.string().meta({ description: 'Who asked for it' }),
    reason: z.string().nullable(),
    progress: z
      .strictObject({ done: z.int().min(0), total: z.int().min(0) })
      .meta({ description: 'Steps done of how many; both 0 while that is not known' }),
    result: z
      .strictObject({
        applied: z.array(z.string()).nullable().meta({ description: 'Migrations that were applied' }),
        rows: z.int().min(0).nullable().meta({ description: 'Rows of an export' }),
        files: z
          .array(z.strictObject({ name: z.string(), bytes: z.int().min(0), sha256: z.string() }))
          .nullable()
          .meta({ description: 'Files of an export; null once they were removed' }),
      })
      .nullable(),
    problem: z
      .strictObject({ code: z.string(), title: z.string(), detail: z.string().nullable() })
      .nullable()
      .meta({ description: 'Why it failed, or what the last try met' }),
    createdAt: InstantText,
    startedAt: InstantText.nullable(),
    finishedAt: InstantText.nullable(),
  })
  .meta({ id: 'TenantOperation', description: 'Long work on a tenant: ask again until it is done or failed.' });

const figure = count.nullable();
const TenantUsageDay = z
  .strictObject({
    day: z.iso.date(),
    requests: count.meta({ description: 'Requests to its hosts' }),
    trades: count.meta({ description: 'Trades that were looked at by the commission engine' }),
    users: figure.meta({ description: 'People who work there, as last seen that day' }),
    clients: figure,
    databaseBytes: figure.meta({ description: 'Size of its database' }),
    tradesDue: figure.meta({ description: 'Trades that waited to be booked' }),
    sampledAt: InstantText.nullable().meta({ description: 'When the figures that do not add up were last looked at' }),
  })
  .meta({ id: 'TenantUsageDay', description: 'What a tenant used on one day (UTC).' });

const common = { on: 'bare', tag: 'Tenants' } as const;
const right = <const Action extends string>(action: Action) => ({ action, resource: 'tenants' }) as const;
const ofTenant = z.strictObject({ tenantId: TenantId });
const ofOperation = z.strictObject({ operationId: OperationId });
const unknown = 'tenancy.tenant_unknown';

export const listTenants = operation({
  ...common,
  id: 'listTenants',
  method: 'get',
  path: '/api/v1/tenants',
  summary: 'List tenants',
  need: right('list'),
  query: pageQuery(['slug', '-slug', 'createdAt', '-createdAt'], { status: status.optional(), q: searchText }),
  answers: { 200: pageOf(TenantListed) },
  problems: ['platform.cursor_invalid'],
});

export const createTenantOperation = operation({
  ...common,
  id: 'createTenant',
  method: 'post',
  path: '/api/v1/tenants',
  summary: 'Create a tenant with a database of its own',
  description: 'The tenant is registered at once and answers under its host when the operation is done.',
  need: right('create'),
  body: z.strictObject({
    slug,
    name: NameOfPerson.meta({ description: 'Its name for people', examples: ['Nordic FX'] }),
  }),
  answers: { 202: TenantOperationShown },
  problems: ['tenancy.slug_invalid', 'tenancy.slug_taken', 'tenancy.host_taken', 'tenancy.operation_under_way'],
});

export const readTenant = operation({
  ...common,
  id: 'readTenant',
  method: 'get',
  path: '/api/v1/tenants/{tenantId}',
  summary: 'Read a tenant',
  need: right('read'),
  params: ofTenant,
  answers: { 200: TenantShown },
  problems: [unknown],
});

export const migrateTenantOperation = operation({
  ...common,
  id: 'migrateTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/migrate',
  summary: 'Bring a tenant’s database up to date',
  need: right('migrate'),
  params: ofTenant,
  answers: { 202: TenantOperationShown },
  problems: [unknown, 'tenancy.operation_under_way', 'tenancy.not_active'],
});

const because = z.strictObject({ reason: ReasonText.meta({ description: 'Shown to the tenant' }) });

export const suspendTenantOperation = operation({
  ...common,
  id: 'suspendTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/suspend',
  summary: 'Suspend a tenant',
  description:
    'Within 5 s its hosts refuse everybody, its sessions and streams end, and nothing is booked for it. Its feeds are told to send again later.',
  need: right('suspend'),
  needsStepUp: true,
  params: ofTenant,
  body: because,
  answers: { 200: TenantShown },
  problems: [unknown, 'tenancy.not_active'],
});

export const resumeTenantOperation = operation({
  ...common,
  id: 'resumeTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/resume',
  summary: 'Let a suspended tenant go on',
  need: right('resume'),
  params: ofTenant,
  answers: { 200: TenantShown },
  problems: [unknown, 'tenancy.not_suspended'],
});

export const exportTenantOperation = operation({
  ...common,
  id: 'exportTenant',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/export',
  summary: 'Write all that a tenant has into files',
  description:
    'A CSV file per table as of one moment, without secrets, and a manifest with size and SHA-256 of each. They are kept for seven days.',
  need: right('export'),
  needsStepUp: true,
  params: ofTenant,
  body: because,
  answers: { 202: TenantOperationShown },
  problems: [unknown, 'tenancy.operation_under_way', 'tenancy.exports_exhausted', 'tenancy.not_active'],
});

export const setTenantQuotas = operation({
  ...common,
  id: 'setTenantQuotas',
  method: 'put',
  path: '/api/v1/tenants/{tenantId}/quotas',
  summary: 'Set what a tenant may use',
  need: right('update'),
  params: ofTenant,
  body: TenantQuotas,
  answers: { 200: TenantQuotas },
  problems: [unknown],
});

export const readTenantUsage = operation({
  ...common,
  id: 'readTenantUsage',
  method: 'get',
  path: '/api/v1/tenants/{tenantId}/usage',
  summary: 'Read what a tenant used, day by day',
  need: right('read'),
  params: ofTenant,
  query: pageQuery(['-day', 'day'], {}),
  answers: { 200: pageOf(TenantUsageDay) },
  problems: [unknown, 'platform.cursor_invalid'],
});

export const listOperations = operation({
  ...common,
  id: 'listOperations',
  method: 'get',
  path: '/api/v1/operations',
  summary: 'List long work on tenants',
  need: right('list'),
  query: pageQuery(['-createdAt', 'createdAt'], { tenantId: TenantId.optional(), state: state.optional() }),
  answers: { 200: pageOf(TenantOperationShown) },
  problems: ['platform.cursor_invalid'],
});

export const readOperation = operation({
  ...common,
  id: 'readOperation',
  method: 'get',
  path: '/api/v1/operations/{operationId}',
  summary: 'Read how long work on a tenant stands',
  need: right('read'),
  params: ofOperation,
  answers: { 200: TenantOperationShown },
  problems: ['tenancy.operation_unknown'],
});

export const downloadExport = operation({
  ...common,
  id: 'downloadExport',
  method: 'get',
  path: '/api/v1/operations/{operationId}/files/{name}',
  summary: 'Download a file of an export',
  need: right('export'),
  needsStepUp: true,
  params: ofOperation.extend({ name: z.string().regex(/^[a-z0-9_.]{1,140}$/, 'is no name of a file') }),
  answers: { 200: z.string() },
  contentType: 'application/octet-stream',
  problems: ['tenancy.operation_unknown'],
});
