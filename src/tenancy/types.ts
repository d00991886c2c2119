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
