import type { Logger } from '../logger.ts';
import { type AnyQueue, checkRedis, connectProducer, openQueue } from './backend.ts';
import { queueProblem } from './errors.ts';
import type { JobDefinition, QueueStore } from './definitions.ts';

/** Finished jobs that a queue keeps for people to look at; the facts are in Postgres. */
const KEPT_COMPLETED = { count: 1_000, age: 24 * 3_600 };
const KEPT_FAILED = { count: 5_000, age: 7 * 24 * 3_600 };

/** The producer's side of all queues. */
export type Queues = {
  /** Adds a job; `suffix` makes it another job where the same work is put back. `queue.unavailable` when the queue is away. */
  readonly add: <Payload>(job: JobDefinition<Payload>, payload: Payload, suffix?: string) => Promise<void>;
  /**
   * Whether a job waits or runs; false where it ended or the queue has lost it. One that waits to be tried again counts as
   * lost: its pause is short, unless the clock that measured it was wrong.
   */
  readonly holds: (queue: string, jobId: string) => Promise<boolean>;
  readonly all: readonly AnyQueue[];
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Opens queues by name, after checking that the store keeps what it is given. */
export async function openQueues(store: QueueStore, names: readonly string[], log: Logger): Promise<Queues> {
  if (store.kind === 'redis') await checkRedis(store.url, log);
  const producer = await connectProducer(store, log);
  let closing = false;
  const queues = new Map(
    names.map((name) => {
      const queue = openQueue(store, producer, name, {
        defaultJobOptions: { removeOnComplete: KEPT_COMPLETED, removeOnFail: KEPT_FAILED },
      });
      queue.on('error', (error: Error) => {
        if (!closing) log.warn({ err: error, queue: name }, 'queue connection'); // What a closing connection says is no news.
      });
      return [name, queue] as const;
    }),
  );
  const all = [...queues.values()];
  await Promise.all(all.map((queue) => queue.waitUntilReady()));
  return {
    add: async (job, payload, suffix = '') => {
      const queue = queues.get(job.queue);
      if (queue === undefined) throw new Error(`queue ${job.queue} was not opened`);
      try {
        await queue.add(job.name, payload, {
          jobId: `${job.sameAs(payload)}${suffix}`,
          attempts: job.attemptsMax,
          backoff: { type: 'exponential', delay: job.backoffMs },
        });
      } catch (error) {
        throw queueProblem('queue.unavailable', { cause: error, retryAfterSeconds: 2 });
      }
    },
    holds: async (name, jobId) => {
      const state = await queues.get(name)?.getJobState(jobId);
      return (
        state !== undefined && state !== 'unknown' && state !== 'completed' && state !== 'failed' && state !== 'delayed'
      );
    },
    all,
    ping: async () => {
      await Promise.all(all.map((queue) => queue.getJobCounts('waiting')));
    },
    close: async () => {
      closing = true;
      await Promise.allSettled(all.map((queue) => queue.close()));
      producer.redis?.disconnect();
    },
  };
}
