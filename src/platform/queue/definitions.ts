import type { z } from 'zod';
import type { Logger } from '../logger.ts';
import type { WithTenant } from '../tenant-tx.ts';

/** Where the queues are kept: Redis in production, else a Postgres database of their own (a direct connection, no pooler). */
export type QueueStore =
  /** `prefix` keeps installations apart that share a Redis. */
  | { readonly kind: 'redis'; readonly url: string; readonly prefix?: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** What a job may use while it runs. */
export type JobContext = {
  readonly withTenant: WithTenant;
  readonly log: Logger;
  readonly jobId: string;
  readonly attempt: number;
};

/** A kind of job. Queues only say that there is work: whatever a job does must be safe to do twice and to be forgotten. */
export type JobDefinition<Payload> = {
  readonly queue: string;
  /** The job's name, as dashboards show it. */
  readonly name: string;
  readonly payload: z.ZodType<Payload>;
  /** What makes it the same job: its id, without colons and not only digits. Saves work; it guards nothing. */
  readonly sameAs: (payload: Payload) => string;
  /** Tries in all; between them the delay doubles, starting with `backoffMs`. */
  readonly attemptsMax: number;
  readonly backoffMs: number;
};

/** A kind of job with what it does, its payload already behind it (`handlerOf`). */
export type JobHandler = {
  readonly queue: string;
  readonly name: string;
  readonly run: (context: JobContext, data: unknown) => Promise<void>;
};

/** How workers behave; all times in milliseconds. */
export type WorkerSettings = {
  readonly concurrency: number;
  /** A worker that does not renew its lock for this long has lost its job to another one. */
  readonly lockMs: number;
  /** How often lost jobs are looked for. */
  readonly stalledCheckMs: number;
};
