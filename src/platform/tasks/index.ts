export { onTaskRequested } from './bell.ts';
export { TASK_QUEUE } from './jobs.ts';
export { defineTask, type DefinedTask, type RunningTask, type TaskKind } from './kinds.ts';
export { runTask, taskHandler, type TaskRunnerDeps } from './runner.ts';
export { taskRoutes } from './routes.ts';
export { nudgeTask, removeOldTaskFiles, requestTask, sweepTasks } from './service.ts';
export type { Json } from './types.ts';
