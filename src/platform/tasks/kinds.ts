import type { z } from 'zod';
import type { TaskId, TenantId } from '../../kernel/ids.ts';
import type { Right } from '../../kernel/operation.ts';
import type { Logger } from '../logger.ts';
import type { TenantTx } from '../tenant-tx.ts';
import type { Json, PageProgress } from './types.ts';

/** Tasks of one tenant that run at a time: however many it asks for, others have their turn. */
export const RUNNING_MAX = 2;

/** What a task is given while it runs. */
export type RunningTask<Checkpoint extends Json = Json> = {
  readonly id: TaskId;
  readonly tenantId: TenantId;
  readonly log: Logger;
  /** Aborted when the task is cancelled or has been taken over by another worker: for work between pages that takes long. */
  readonly signal: AbortSignal;
  /** Where the last page left off; undefined at the beginning, and in kinds that keep none. */
  readonly checkpoint: Checkpoint | undefined;
  /**
   * One page of the work, in a transaction of its own that says in its last statement how far the task is. It commits only
   * while this worker has the task, so a page is done once whoever is killed when; a cancelled task begins no further page.
   */
  readonly page: (work: (tx: TenantTx) => Promise<PageProgress<Checkpoint>>) => Promise<void>;
  /** A transaction that only looks; between pages, and often enough that none is empty. */
  readonly read: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>;
  /** Adds to a file that is downloaded when the task is done (`.csv` or `.json`), in the transaction of a page. */
  readonly write: (tx: TenantTx, file: string, piece: string) => Promise<void>;
};

/** A kind of task with what it does, its payload already behind it. */
export type TaskKind = {
  readonly kind: string;
  readonly right: Right;
  readonly isAgreed: boolean;
  readonly payload: z.ZodType;
  readonly checkpoint: z.ZodType | undefined;
  readonly run: (task: RunningTask, payload: unknown) => Promise<Json>;
};

/** A kind of task as its feature declares it. */
export type DefinedTask<Payload extends z.ZodType> = TaskKind & { readonly payload: Payload };

/**
 * Declares a kind of long work. It is killed at any instant, and begun again from its last checkpoint, or from the start in
 * kinds without; what it does is done in pages (`task.page`). It gives a small result, at most 64 KiB as JSON; what is large
 * goes into files. An error ends it as failed, with the code of the Problem; one that passes is tried again. `right`: who may
 * see and cancel tasks of the kind; who may ask for one is the matter of the operation that asks. `isAgreed`: several people
 * have agreed to what it does, so that nobody stops it half way, and however many tasks wait, it is not refused. Name it in
 * src/main/task-kinds.ts.
 *
 * @example
 * export const recount = defineTask({
 *   kind: 'ledger.recount',
 *   right: { action: 'balance', resource: 'ledger' },
 *   payload: z.strictObject({ from: z.iso.datetime() }),
 *   checkpoint: z.strictObject({ after: z.string() }),
 *   run: async (task, { from }) => {
 *     let after = task.checkpoint?.after ?? '0';
 *     let counted = 0;
 *     for (let more = true; more; ) {
 *       await task.page(async (tx) => {
 *         const rows = await queries.nextRows(tx, { from, after, max: 1_000 });
 *         more = rows.length === 1_000;
 *         after = rows.at(-1)?.key ?? after;
 *         counted += rows.length;
 *         await task.write(tx, 'rows.csv', rows.map((row) => csvLine([row.key, row.units])).join(''));
 *         return { done: counted, checkpoint: { after } };
 *       });
 *     }
 *     return { counted };
 *   },
 * });
 * // In the transaction of whoever asks: const taskId = await requestTask(tx, recount, { from });
 */
export function defineTask<Payload extends z.ZodType, Checkpoint extends Json = never>(definition: {
  readonly kind: string;
  readonly right: Right;
  readonly isAgreed?: boolean;
  readonly payload: Payload;
  readonly checkpoint?: z.ZodType<Checkpoint>;
  readonly run: (task: RunningTask<Checkpoint>, payload: z.output<Payload>) => Promise<Json>;
}): DefinedTask<Payload> {
  const { kind, right, isAgreed = false, payload, checkpoint, run } = definition;
  // The runner has read payload and checkpoint by their schemas: `run` is never called with anything else.
  return { kind, right, isAgreed, payload, checkpoint, run: run as unknown as TaskKind['run'] };
}
