export type { DriftReport } from './drift/types.ts';
export type { FleetOptions, FleetReport } from './fleet.ts';
export type { PoolStats } from './pools.ts';
export { openTenancy, type Tenancy, type TenancySettings } from './service.ts';
export type { Tenant, TenantStatus } from './types.ts';
