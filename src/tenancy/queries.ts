import { z } from 'zod';
import { TenantId } from '../kernel/ids.ts';
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
