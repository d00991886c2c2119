import { z } from 'zod';
import { TenantId } from '../kernel/ids.ts';
import { pagedQuery } from '../platform/paging.ts';
import { controlQuery } from '../platform/query.ts';

const tenantRow = z.object({
  id: TenantId,
  slug: z.string(),
  name: z.string(),
  status: z.enum(['provisioning', 'active', 'suspended']),
  /** Null: where the registry itself is. */
  host: z.string().nullable(),
  port: z.int().nullable(),
  database: z.string(),
  appRole: z.string(),
  ownerRole: z.string(),
});

export const tenantOfHost = controlQuery(
  'tenancy.tenant_of_host',
  tenantRow,
  `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.hosts h
    join control.tenants t on t.id = h.tenant_id
    join control.clusters c on c.name = t.cluster
   where h.host = :host`,
);

export const tenantOfId = controlQuery(
  'tenancy.tenant_of_id',
  tenantRow,
  `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.tenants t
    join control.clusters c on c.name = t.cluster
   where t.id = :tenantId`,
);

export const allTenants = controlQuery(
  'tenancy.all_tenants',
  tenantRow,
  `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.tenants t
    join control.clusters c on c.name = t.cluster
   order by t.slug`,
);

export const tenantOfSlug = controlQuery(
  'tenancy.tenant_of_slug',
  tenantRow,
  `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.tenants t
    join control.clusters c on c.name = t.cluster
   where t.slug = :slug`,
);

/** Registers a tenant before its database exists, so that an interrupted creation can be taken up again. */
export const insertTenant = controlQuery(
  'tenancy.insert_tenant',
  z.object({ id: TenantId }),
  `
  insert into control.tenants (id, slug, name, status, cluster, database, app_role, owner_role)
  values (:id, :slug, :name, 'provisioning', 'main', :database, :appRole, :ownerRole)
  on conflict (slug) do nothing
  returning id`,
);

/** Gives a host name to a tenant unless another has it. */
export const claimHost = controlQuery(
  'tenancy.claim_host',
  z.object({}),
  `
  insert into control.hosts (host, tenant_id) values (:host, :tenantId)
  on conflict (host) do nothing`,
);

/** Whose a host name is. */
export const ownerOfHost = controlQuery(
  'tenancy.owner_of_host',
  z.object({ tenantId: TenantId }),
  `
  select tenant_id as "tenantId" from control.hosts where host = :host`,
);

/** Its database is complete. Whoever else completed it just now has said so already. */
export const activateTenant = controlQuery(
  'tenancy.activate_tenant',
  z.object({ id: TenantId }),
  `
  update control.tenants set status = 'active' where id = :tenantId and status = 'provisioning'
  returning id`,
);

/** What the installation was made with. */
export const readSecretCheck = controlQuery(
  'tenancy.read_secret_check',
  z.object({ secretCheck: z.instanceof(Buffer) }),
  `
  select secret_check as "secretCheck" from control.installation`,
);

/** Nothing where it is not active. */
export const suspendTenant = controlQuery(
  'tenancy.suspend_tenant',
  z.object({ id: TenantId }),
  `
  update control.tenants set status = 'suspended', suspended_at = clock_timestamp(), suspension_reason = :reason
   where id = :tenantId and status = 'active'
  returning id`,
);

/** Nothing where it is not suspended. */
export const resumeTenant = controlQuery(
  'tenancy.resume_tenant',
  z.object({ id: TenantId }),
  `
  update control.tenants set status = 'active', suspended_at = null, suspension_reason = null
   where id = :tenantId and status = 'suspended'
  returning id`,
);

/** Notes the newest migration of tenants' databases. */
export const noteSchemaVersion = controlQuery(
  'tenancy.note_schema_version',
  z.object({}),
  `
  update control.tenants set schema_version = :schemaVersion where slug = any (:slugs::text[])`,
);

/** A tenant as an operator sees it. */
export const tenantForOperator = controlQuery(
  'tenancy.tenant_for_operator',
  z.object({
    id: TenantId,
    slug: z.string(),
    name: z.string(),
    status: z.enum(['provisioning', 'active', 'suspended']),
    hosts: z.array(z.string()),
    schemaVersion: z.string().nullable(),
    suspendedAt: z.date().nullable(),
    suspensionReason: z.string().nullable(),
    createdAt: z.date(),
  }),
  `
  select id, slug, name, status, schema_version as "schemaVersion", suspended_at as "suspendedAt",
         suspension_reason as "suspensionReason", created_at as "createdAt",
         array(select host from control.hosts where tenant_id = t.id order by host) as hosts
    from control.tenants t where id = :tenantId`,
);

export const tenantsPage = pagedQuery(
  'tenancy.tenants_page',
  z.object({
    id: TenantId,
    slug: z.string(),
    name: z.string(),
    status: z.enum(['provisioning', 'active', 'suspended']),
    createdAt: z.date(),
  }),
  `
  select id, slug, name, status, date_trunc('milliseconds', created_at) as "createdAt"
    from control.tenants
   where (:status::text is null or status = :status)
     and (:q::text is null or position(lower(:q) in lower(name)) > 0 or position(lower(:q) in slug) > 0)`,
  {
    sorts: { slug: { column: 'slug', type: 'text' }, createdAt: { column: 'createdAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: TenantId, type: 'uuid' },
  },
);
