export { chainHeadConsumer } from './chain-head.ts';
export { createMetrics, type Metrics, type MetricSources } from './metrics.ts';
export { BOARD_PATH, queueBoard, queueState } from './queues.ts';
export { metricsRoute, opsRoutes, type OpsSettings } from './routes.ts';
export type { Check, ProcessState, QueueState, Snapshot, TenantCounts, TenantState } from './types.ts';
