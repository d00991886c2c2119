export { chainHeadConsumer } from './chain-head.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { BOARD_PATH, queueBoard, queueState } from './queues.ts';
export { metricsRoute, opsRoutes, type OpsSettings } from './routes.ts';
export type { ProcessState, Snapshot, TenantCounts, TenantState } from './types.ts';
export { verifyTenant } from './verify/service.ts';
export type { Verification } from './verify/types.ts';
