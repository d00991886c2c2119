export { chainHeadConsumer } from './chain-head.ts';
export { makeHeadKeeper } from './installation-head.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { BOARD_PATH, queueBoard, queueState } from './queues.ts';
export { metricsRoute, opsRoutes, type OpsSettings } from './routes.ts';
export type { ProcessState, Snapshot, TenantCounts, TenantState } from './types.ts';
export { verifyInstallation } from './verify/installation.ts';
export { verifyTenant } from './verify/service.ts';
export type { InstallationVerification, Verification } from './verify/types.ts';
