export { openTenancy, type Tenancy, type TenancySettings } from './service.ts';
export type { Tenant, TenantStatus } from './types.ts';
