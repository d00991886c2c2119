export type { AnyQueue } from './backend.ts';
export { type Queues, openQueues } from './queues.ts';
export { handlerOf, type JobEnd, type Workers, startWorkers } from './workers.ts';
export type { JobContext, JobDefinition, JobHandler, QueueStore, WorkerSettings } from './definitions.ts';
