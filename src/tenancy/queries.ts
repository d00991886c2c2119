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
  z.object({}),
  `
  insert into control.tenants (id, slug, name, status, cluster, database, app_role, owner_role)
  values (:id, :slug, :name, 'provisioning', 'main', :database, :appRole, :ownerRole)
  on conflict (slug) do nothing`,
);

/** Gives a host name to a tenant unless another has it; gives whose it is. */
export const claimHost = controlQuery(
  'tenancy.claim_host',
  z.object({ tenantId: TenantId }),
  `
  insert into control.hosts as h (host, tenant_id) values (:host, :tenantId)
  on conflict (host) do update set tenant_id = h.tenant_id
  returning tenant_id as "tenantId"`,
);

/** Its database is complete. Whoever else completed it just now has said so already. */
export const activateTenant = controlQuery(
  'tenancy.activate_tenant',
  z.object({}),
  `
  update control.tenants set status = 'active' where id = :tenantId and status = 'provisioning'`,
);

/** Remembers what the installation was made with, the first time; gives what it was. */
export const keepSecretCheck = controlQuery(
  'tenancy.keep_secret_check',
  z.object({ secretCheck: z.instanceof(Buffer) }),
  `
  insert into control.installation as i (secret_check) values (:secretCheck)
  on conflict (only_row) do update set secret_check = i.secret_check
  returning secret_check as "secretCheck"`,
);
