export type { DriftReport } from './drift/types.ts';
export type { FleetReport } from './fleet.ts';
export { openTenancy, type Tenancy, type TenancySettings } from './service.ts';
export type { Tenant } from './types.ts';
