import { randomUUID } from 'node:crypto';
import { reach } from '#fault-points';
import type { TaskId, TenantId } from '../../kernel/ids.ts';
import { Problem } from '../../kernel/problem.ts';
import { isTransient } from '../database.ts';
import { failureTold } from '../errors.ts';
import { emit } from '../events/index.ts';
import type { Logger } from '../logger.ts';
import { handlerOf, type JobHandler } from '../queue/index.ts';
import type { Origin, WithTenant } from '../tenant-tx.ts';
import { taskProblem } from './errors.ts';
import { taskDue } from './jobs.ts';
import { RUNNING_MAX, type TaskKind } from './kinds.ts';
import { makeHold, type TaskHold, TaskStopped } from './lease.ts';
import * as queries from './queries.ts';
import type { Json, StoredTask, TaskProblem, TaskState } from './types.ts';

/** A task that was begun so often without a checkpoint is given up. */
const ATTEMPTS_MAX = 8;
const RESULT_BYTES_MAX = 65_536;
/** The pause after the first failure that passes; it doubles with each further one. */
const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 300_000;

/** What running tasks needs. `leaseMs`: a worker that does not renew for this long has lost its task. */
export type TaskRunnerDeps = {
  readonly withTenant: WithTenant;
  readonly kinds: readonly TaskKind[];
  readonly leaseMs: number;
  readonly log: Logger;
  /** Told of each try that ended; `queued`: it is tried again. */
  readonly onEnded?: (
    tenantId: TenantId,
    ended: { readonly kind: string; readonly state: TaskState; readonly tookMs: number },
  ) => void;
};

/** What a job of the queue `tasks` does. */
export const taskHandler = (deps: TaskRunnerDeps): JobHandler =>
  handlerOf(taskDue, (_context, { tenantId, taskId }) => runTask(deps, tenantId, taskId));

/**
 * Does a task, unless it has ended, another worker has it, or the tenant has enough running. It resolves whatever comes of it:
 * the tenant's database says what that is.
 */
export async function runTask(deps: TaskRunnerDeps, tenantId: TenantId, id: TaskId): Promise<void> {
  const { withTenant, leaseMs } = deps;
  const startedMs = performance.now();
  const holder = randomUUID();
  const task = await withTenant(tenantId, { actor: 'tasks', causation: id }, async (tx) => {
    const [claimed] = await queries.claimTask(tx, { id, holder, leaseMs, runningMax: RUNNING_MAX });
    // What an earlier worker wrote without saying where to go on from is written anew.
    if (claimed?.checkpoint === null) await queries.removePieces(tx, { taskId: id });
    return claimed;
  });
  if (task === undefined) return;
  const origin: Origin = { actor: task.requestedBy, causation: id };
  const log = deps.log.child({ tenantId, taskId: id, kind: task.kind });
  const hold = makeHold({ withTenant, leaseMs, log, tenantId, taskId: id, holder, origin });
  const run: Run = { deps, tenantId, task, holder, origin, log };
  const state = await carryOut(run, hold);
  deps.onEnded?.(tenantId, { kind: task.kind, state, tookMs: performance.now() - startedMs });
}

type Run = {
  readonly deps: TaskRunnerDeps;
  readonly tenantId: TenantId;
  readonly task: StoredTask;
  readonly holder: string;
  readonly origin: Origin;
  readonly log: Logger;
};

async function carryOut(run: Run, hold: TaskHold): Promise<TaskState> {
  try {
    const result = await resultOf(run, hold);
    await hold.end();
    await reach('tasks.before_finish');
    return await finish(run, 'done', { result, problem: null });
  } catch (error) {
    await hold.end();
    return settleFailure(run, error);
  }
}

async function resultOf({ deps, tenantId, task, log }: Run, hold: TaskHold): Promise<Json> {
  if (task.cancelAskedBy !== null) throw new TaskStopped('cancelled');
  if (task.attempts > ATTEMPTS_MAX) throw taskProblem('platform.task_abandoned');
  const kind = deps.kinds.find((each) => each.kind === task.kind);
  if (kind === undefined) throw taskProblem('platform.task_unreadable', { detail: `kind ${task.kind}` });
  const payload = kind.payload.safeParse(task.payload);
  if (!payload.success) throw taskProblem('platform.task_unreadable', { detail: payload.error.message.slice(0, 500) });
  const checkpoint = task.checkpoint === null ? undefined : kind.checkpoint?.safeParse(task.checkpoint);
  if (checkpoint?.success === false) throw taskProblem('platform.task_unreadable', { detail: 'its checkpoint' });
  await reach('tasks.claimed');
  const result = await kind.run(
    {
      id: task.id,
      tenantId,
      log,
      signal: hold.signal,
      checkpoint: checkpoint?.data as Json | undefined,
      page: hold.page,
      read: hold.read,
      write: async (tx, file, piece) =>
        piece === '' ? undefined : void (await queries.insertPiece(tx, { taskId: task.id, file, piece })),
    },
    payload.data,
  );
  if (Buffer.byteLength(JSON.stringify(result)) > RESULT_BYTES_MAX)
    throw new Error(`the result of ${task.kind} has no room in its row: write it to a file`);
  return result;
}

async function finish(
  { deps, tenantId, task: { id, kind }, holder, origin, log }: Run,
  state: 'done' | 'failed' | 'cancelled',
  { result, problem }: { readonly result: Json; readonly problem: TaskProblem | null },
): Promise<TaskState> {
  await deps.withTenant(tenantId, origin, async (tx) => {
    const json = (value: Json | TaskProblem): string | null => (value === null ? null : JSON.stringify(value));
    const row = { id, holder, state, result: json(result), problem: json(problem) };
    const ended = await queries.finishTask(tx, row);
    if (ended.length === 0) return;
    const payload = { taskId: id, kind, state, code: problem?.code ?? null };
    emit(tx, { stream: `task/${id}`, type: 'tasks.ended', schemaVersion: 1, payload });
  });
  log.info({ state, code: problem?.code }, 'a task has ended');
  return state;
}

/** A cancelled task ends so, a lost one is somebody else's, what passes is tried again, all else fails with its code. */
async function settleFailure(run: Run, error: unknown): Promise<TaskState> {
  const { deps, tenantId, task, holder, origin, log } = run;
  if (error instanceof TaskStopped) {
    if (error.why === 'cancelled') return finish(run, 'cancelled', { result: null, problem: null });
    log.warn('a task was taken over by another worker');
    return 'queued';
  }
  const problem = failureTold(error);
  const passes =
    (isTransient(error) || (error instanceof Problem && error.status === 503)) && task.attempts < ATTEMPTS_MAX;
  log[passes ? 'warn' : 'error']({ err: error, attempts: task.attempts }, 'a task failed');
  if (!passes) return finish(run, 'failed', { result: null, problem });
  const pauseMs = Math.min(PAUSE_MS * 2 ** task.attempts, PAUSE_MS_MAX);
  const row = { id: task.id, holder, problem: JSON.stringify(problem), pauseMs };
  await deps.withTenant(tenantId, origin, (tx) => queries.releaseTask(tx, row));
  return 'queued';
}
