import { z } from 'zod';
import { TenantId } from '../kernel/ids.ts';
import { controlQuery } from '../platform/query.ts';

const tenantRow = z.object({
  id: TenantId,
  slug: z.string(),
  name: z.string(),
  status: z.enum(['provisioning', 'active', 'suspended']),
  host: z.string(),
  port: z.int(),
  database: z.string(),
  appRole: z.string(),
  ownerRole: z.string(),
});

export const tenantOfHost = controlQuery('tenancy.tenant_of_host', tenantRow, `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.hosts h
    join control.tenants t on t.id = h.tenant_id
    join control.clusters c on c.name = t.cluster
   where h.host = :host`);

export const tenantOfId = controlQuery('tenancy.tenant_of_id', tenantRow, `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.tenants t
    join control.clusters c on c.name = t.cluster
   where t.id = :tenantId`);

export const allTenants = controlQuery('tenancy.all_tenants', tenantRow, `
  select t.id, t.slug, t.name, t.status, c.host, c.port, t.database, t.app_role as "appRole", t.owner_role as "ownerRole"
    from control.tenants t
    join control.clusters c on c.name = t.cluster
   order by t.slug`);

/** Registers a tenant before its database exists, so that an interrupted creation can be taken up again. */
export const insertTenant = controlQuery('tenancy.insert_tenant', z.object({ id: TenantId }), `
  insert into control.tenants (id, slug, name, status, cluster, database, app_role, owner_role)
  values (:id, :slug, :name, 'provisioning', 'main', :database, :appRole, :ownerRole)
  on conflict (slug) do nothing
  returning id`);

export const insertHost = controlQuery('tenancy.insert_host', z.object({}), `
  insert into control.hosts (host, tenant_id) values (:host, :tenantId) on conflict (host) do nothing`);

export const setTenantStatus = controlQuery('tenancy.set_tenant_status', z.object({ id: TenantId }), `
  update control.tenants set status = :status where id = :tenantId returning id`);

export const upsertCluster = controlQuery('tenancy.upsert_cluster', z.object({}), `
  insert into control.clusters (name, host, port) values ('main', :host, :port)
  on conflict (name) do update set host = excluded.host, port = excluded.port`);
