export { onTaskRequested } from './bell.ts';
export { TaskAsked } from './contract.ts';
export { TASK_QUEUE } from './jobs.ts';
export { defineTask, type DefinedTask, type RunningTask, type TaskKind } from './kinds.ts';
export { runTask, taskHandler, type TaskRunnerDeps } from './runner.ts';
export { taskRoutes } from './routes.ts';
export { nudgeTask, removeOldTaskFiles, requestTask, sweepTasks, type TaskNudgeDeps } from './service.ts';
export type { Json, StoredTask, TaskState } from './types.ts';
