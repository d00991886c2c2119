import type { TenantId } from '../kernel/ids.ts';

/** `provisioning` until its database is complete; `suspended` tenants answer 403 and book nothing. */
export type TenantStatus = 'provisioning' | 'active' | 'suspended';

/** A brokerage as the registry knows it. */
export type Tenant = {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  /** Where its database is. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly appRole: string;
  readonly ownerRole: string;
};

/** A tenant as the registry has it; without an address it is on the cluster of the registry, as this process reaches it. */
export type TenantRow = Omit<Tenant, 'host' | 'port'> & { readonly host: string | null; readonly port: number | null };

/** Where a tenant's database is, seen from a process that reaches the registry at an address. */
export const placed = (row: TenantRow, registry: { readonly host: string; readonly port: number }): Tenant => ({
  ...row,
  host: row.host ?? registry.host,
  port: row.port ?? registry.port,
});
