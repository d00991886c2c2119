import type { Logger } from '../logger.ts';
import type { WithTenant } from '../tenant-tx.ts';
import { type AnyWorker, openWorker } from './backend.ts';
import { queueProblem } from './errors.ts';
import type { JobContext, JobDefinition, JobHandler, QueueStore, WorkerSettings } from './definitions.ts';

/** Losing a worker is ordinary; a job that outlived this many workers is left to the sweeper. */
const STALLS_MAX = 5;

/** Joins a kind of job and what it does; a job whose payload is not of its kind fails with `queue.payload_invalid`. */
export const handlerOf = <Payload>(
  job: JobDefinition<Payload>,
  run: (context: JobContext, payload: Payload) => Promise<void>,
): JobHandler => ({
  queue: job.queue,
  name: job.name,
  run: async (context, data) => {
    const payload = job.payload.safeParse(data);
    if (!payload.success) throw queueProblem('queue.payload_invalid', { detail: payload.error.message });
    await run(context, payload.data);
  },
});

/** Running workers. */
export type Workers = {
  /** Lets the jobs at hand finish, waiting at most `graceMs`, then stops. */
  readonly close: (graceMs: number) => Promise<void>;
};

/** What is told of each job that ended, for metrics. */
export type JobEnd = {
  readonly queue: string;
  readonly name: string;
  readonly outcome: 'done' | 'failed';
  readonly tookMs: number;
};

/** Starts one worker per queue of the handlers. A failed try is logged with its job; a lost lock likewise. */
export async function startWorkers(
  store: QueueStore,
  handlers: readonly JobHandler[],
  deps: { withTenant: WithTenant; log: Logger; settings: WorkerSettings; onEnd?: (end: JobEnd) => void },
): Promise<Workers> {
  const names = [...new Set(handlers.map((handler) => handler.queue))];
  const workers = names.map((queue) => startOne(store, queue, handlers, deps));
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  return {
    close: async (graceMs) => {
      const graceful = Promise.allSettled(workers.map((worker) => worker.close()));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), graceMs);
      });
      if ((await Promise.race([graceful, late])) === 'late') {
        deps.log.warn({ graceMs }, 'workers did not finish in time; their jobs will be taken up by others');
        await Promise.allSettled(workers.map((worker) => worker.close(true)));
      }
      clearTimeout(timer);
    },
  };
}

function startOne(
  store: QueueStore,
  queue: string,
  handlers: readonly JobHandler[],
  deps: Parameters<typeof startWorkers>[2],
): AnyWorker {
  const { settings, log } = deps;
  const worker = openWorker(store, queue, (job) => runJob(queue, handlers, deps, job), {
    concurrency: settings.concurrency,
    lockDuration: settings.lockMs,
    stalledInterval: settings.stalledCheckMs,
    maxStalledCount: STALLS_MAX,
  });
  worker.on('error', (error: Error) => log.warn({ err: error, queue }, 'worker'));
  worker.on('failed', (job: { id?: string } | undefined, error: Error) =>
    log.error({ err: error, queue, jobId: job?.id }, 'job failed'),
  );
  worker.on('stalled', (jobId: string) => log.warn({ queue, jobId }, 'job lost by its worker, taken up again'));
  return worker;
}

async function runJob(
  queue: string,
  handlers: readonly JobHandler[],
  { withTenant, log, onEnd }: Parameters<typeof startWorkers>[2],
  job: { id?: string | undefined; name: string; data: unknown; attemptsMade: number },
): Promise<void> {
  const handler = handlers.find((each) => each.queue === queue && each.name === job.name);
  if (handler === undefined)
    throw queueProblem('queue.payload_invalid', { detail: `no handler for ${job.name} on ${queue}` });
  const startedMs = performance.now();
  const jobId = job.id ?? 'none';
  const context = { withTenant, log: log.child({ queue, jobId }), jobId, attempt: job.attemptsMade + 1 };
  let outcome: JobEnd['outcome'] = 'failed';
  try {
    await handler.run(context, job.data);
    outcome = 'done';
  } finally {
    onEnd?.({ queue, name: job.name, outcome, tookMs: performance.now() - startedMs });
  }
}
