import type { z } from 'zod';
import { TaskId, type TenantId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import { emit } from '../events/index.ts';
import { afterCommit } from '../late.ts';
import type { Logger } from '../logger.ts';
import { onlyRow } from '../query.ts';
import type { Queues } from '../queue/index.ts';
import type { TenantTx, WithTenant } from '../tenant-tx.ts';
import { ringForTask } from './bell.ts';
import { taskProblem } from './errors.ts';
import { taskDue } from './jobs.ts';
import { type DefinedTask, RUNNING_MAX, type TaskKind } from './kinds.ts';
import * as queries from './queries.ts';
import type { StoredTask } from './types.ts';

/** Tasks of a tenant that may wait or run at a time: more are refused, so that nobody fills the table by asking. */
const WAITING_MAX = 500;
/** Files of a task are kept for so many days after its end. */
const FILES_KEPT_DAYS = 30;
const FILES_REMOVED_MAX = 20;

/**
 * Has long work done, in the transaction of whoever asks: if it does not commit, nothing was asked. After the commit the task
 * is put on the queue at once, or found by the sweeper. `once` names what must not be done twice: where a task of the kind
 * with that name is under way or done, that one is given. `platform.tasks_too_many` where the tenant has 500 waiting, but for what people have agreed to.
 */
export async function requestTask<Payload extends z.ZodType>(
  tx: TenantTx,
  { kind, isAgreed, payload: schema }: DefinedTask<Payload>,
  payload: z.input<Payload>,
  { once = null }: { readonly once?: string | null } = {},
): Promise<TaskId> {
  schema.parse(payload); // What could not be read again is refused now.
  const { waiting } = onlyRow(await queries.waitingTasks(tx, { max: WAITING_MAX }));
  if (waiting >= WAITING_MAX && !isAgreed) throw taskProblem('platform.tasks_too_many', { retryAfterSeconds: 60 });
  const id = TaskId.parse(idFromUuid('tsk', newUuid(Date.now())));
  const json = JSON.stringify(payload);
  const [inserted] = await queries.insertTask(tx, { id, kind, payload: json, once, ...tx.origin });
  if (inserted === undefined) return onlyRow(await queries.taskOfName(tx, { kind, once })).id;
  emit(tx, { stream: `task/${id}`, type: 'tasks.requested', schemaVersion: 1, payload: { taskId: id, kind } });
  const { tenantId } = tx;
  afterCommit(tx, `tasks/${id}`, () => ringForTask(tenantId, id));
  return id;
}

/** A task of one of these kinds as it stands; `platform.task_unknown`. */
export async function taskNow(tx: TenantTx, id: TaskId, kinds: readonly string[]): Promise<StoredTask> {
  const [task] = await queries.taskOfId(tx, { id });
  if (task === undefined || !kinds.includes(task.kind)) throw taskProblem('platform.task_unknown');
  return task;
}

/**
 * Ends a task that waits, and asks one that runs to stop after the page at hand; `platform.task_ended`, and
 * `platform.task_agreed` of one that people have agreed to.
 */
export async function cancelTask(tx: TenantTx, id: TaskId, kinds: readonly TaskKind[]): Promise<StoredTask> {
  const now = await taskNow(
    tx,
    id,
    kinds.map((each) => each.kind),
  );
  if (kinds.some((each) => each.kind === now.kind && each.isAgreed)) throw taskProblem('platform.task_agreed');
  const [task] = await queries.cancelTask(tx, { id, actor: tx.origin.actor });
  if (task === undefined) throw taskProblem('platform.task_ended');
  const { kind, state } = task;
  emit(tx, {
    stream: `task/${id}`,
    type: 'tasks.cancel_asked',
    schemaVersion: 1,
    payload: { taskId: id, kind, state },
  });
  return task;
}

/** What putting tasks on the queue needs. */
export type TaskNudgeDeps = { readonly withTenant: WithTenant; readonly queues: Queues; readonly log: Logger };

const origin = { actor: 'tasks', causation: 'sweeper' };

/** Puts a task on the queue. If the queue is away the sweeper does it later: it is logged, and no error. */
export async function nudgeTask(
  { withTenant, queues, log }: TaskNudgeDeps,
  tenantId: TenantId,
  taskId: TaskId,
): Promise<void> {
  try {
    const [noted] = await withTenant(tenantId, origin, (tx) => queries.noteTaskNudge(tx, { id: taskId }));
    if (noted !== undefined) await queues.add(taskDue, { tenantId, taskId }, `.${noted.nudges}`);
  } catch (error) {
    log.warn({ err: error, tenantId, taskId }, 'a task could not be put on the queue; the sweeper does it');
  }
}

/**
 * Puts a tenant's oldest tasks on the queue that nothing has spoken for since `patienceMs`, as many as may run at a time; the
 * end of one brings the next. Gives how many.
 */
export async function sweepTasks(deps: TaskNudgeDeps, tenantId: TenantId, patienceMs: number): Promise<number> {
  const lost = await deps.withTenant(tenantId, origin, (tx) => queries.lostTasks(tx, { patienceMs, max: RUNNING_MAX }));
  for (const { id } of lost) await nudgeTask(deps, tenantId, id);
  return lost.length;
}

/** Removes the files of a tenant's tasks that ended 30 days ago; a few at a time. */
export async function removeOldTaskFiles(withTenant: WithTenant, tenantId: TenantId): Promise<void> {
  await withTenant(tenantId, origin, async (tx) => {
    for (const { id } of await queries.tasksWithOldFiles(tx, { keptDays: FILES_KEPT_DAYS, max: FILES_REMOVED_MAX })) {
      await queries.removePieces(tx, { taskId: id });
      await queries.noteFilesRemoved(tx, { id });
    }
  });
}
