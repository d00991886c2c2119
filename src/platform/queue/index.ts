export type { AnyQueue } from './backend.ts';
export { QUEUE_SCHEMA } from './backend.ts';
export { type Queues, openQueues } from './queues.ts';
export { handlerOf, startWorkers } from './workers.ts';
export type { JobDefinition, JobHandler, QueueStore } from './definitions.ts';
