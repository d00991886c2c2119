import { z } from 'zod';
import { TaskId } from '../../kernel/ids.ts';
import { pagedQuery } from '../paging.ts';
import { query } from '../query.ts';
import { type Json, type TaskProblem, taskStates } from './types.ts';

const idRow = z.object({ id: TaskId });
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const taskRow = z.object({
  id: TaskId,
  kind: z.string(),
  payload: z.unknown(),
  state: z.enum(taskStates),
  requestedBy: z.string(),
  causation: z.string(),
  checkpoint: z.unknown(),
  progressDone: z.bigint(),
  progressTotal: z.bigint().nullable(),
  result: z.custom<Json>(),
  problem: z.custom<TaskProblem>(isObject).nullable(),
  attempts: z.int(),
  cancelAskedBy: z.string().nullable(),
  createdAt: z.date(),
  startedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
  filesRemovedAt: z.date().nullable(),
});

const COLUMNS = `
         t.id, t.kind, t.payload, t.state, t.requested_by as "requestedBy", t.causation, t.checkpoint,
         t.progress_done as "progressDone", t.progress_total as "progressTotal", t.result, t.problem, t.attempts,
         t.cancel_asked_by as "cancelAskedBy", t.created_at as "createdAt", t.started_at as "startedAt",
         t.finished_at as "finishedAt", t.files_removed_at as "filesRemovedAt"` as const;

/** Nothing where a task of this kind and name is under way or done. */
export const insertTask = query(
  'platform.insert_task',
  idRow,
  `
  insert into platform.tasks (id, kind, payload, once, requested_by, causation, nudged_at)
  values (:id, :kind, :payload::jsonb, :once, :actor, :causation, clock_timestamp())
  on conflict (kind, once) where once is not null and state in ('queued', 'running', 'done') do nothing
  returning id`,
);

export const taskOfName = query(
  'platform.task_of_name',
  idRow,
  `select id from platform.tasks where kind = :kind and once = :once and state in ('queued', 'running', 'done')`,
);

/** How many wait, as far as that matters. */
export const waitingTasks = query(
  'platform.waiting_tasks',
  z.object({ waiting: z.int() }),
  `
  select count(*)::integer as waiting
    from (select from platform.tasks where state in ('queued', 'running') limit :max) t`,
);

export const taskOfId = query(
  'platform.task_of_id',
  taskRow,
  `select ${COLUMNS} from platform.tasks t where t.id = :id`,
);

export const pageOfTasks = pagedQuery(
  'platform.page_of_tasks',
  taskRow,
  `
  select ${COLUMNS}
    from platform.tasks t
   where t.kind = any (:kinds::text[]) and (:state::text is null or t.state = :state)`,
  {
    sorts: { createdAt: { column: 'createdAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: TaskId, type: 'uuid' },
  },
);

/** Asks a running task to stop; ends one that nobody runs. */
export const cancelTask = query(
  'platform.cancel_task',
  taskRow,
  `
  update platform.tasks t
     set cancel_asked_by = :actor,
         state = case when t.state = 'queued' then 'cancelled' else t.state end,
         finished_at = case when t.state = 'queued' then clock_timestamp() end
   where t.id = :id and t.state in ('queued', 'running')
  returning ${COLUMNS}`,
);

/** Takes a task that waits or whose worker has not renewed its lease, unless the tenant has enough of them running. */
export const claimTask = query(
  'platform.claim_task',
  taskRow,
  `
  update platform.tasks t
     set state = 'running', holder = :holder::uuid, attempts = t.attempts + 1,
         lease_until = clock_timestamp() + make_interval(secs => :leaseMs::double precision / 1000),
         started_at = coalesce(t.started_at, clock_timestamp())
   where t.id = :id
     and ((t.state = 'queued' and coalesce(t.retry_at, '-infinity') <= clock_timestamp())
          or (t.state = 'running' and t.lease_until < clock_timestamp()))
     and (select count(*) from platform.tasks r
           where r.state = 'running' and r.lease_until >= clock_timestamp()) < :runningMax::integer
  returning ${COLUMNS}`,
);

/** Whether this worker has the task, and somebody wants it to stop. */
export const holdOnTask = query(
  'platform.hold_on_task',
  z.object({ isCancelled: z.boolean() }),
  `
  select cancel_asked_by is not null as "isCancelled"
    from platform.tasks where id = :id and holder = :holder::uuid and state = 'running'`,
);

/** Renews the lease between pages; nothing where another worker has the task now. */
export const renewTask = query(
  'platform.renew_task',
  z.object({ isCancelled: z.boolean() }),
  `
  update platform.tasks
     set lease_until = clock_timestamp() + make_interval(secs => :leaseMs::double precision / 1000)
   where id = :id and holder = :holder::uuid and state = 'running'
  returning cancel_asked_by is not null as "isCancelled"`,
);

/** The last statement of a page: it holds only where this worker still has the task. */
export const notePage = query(
  'platform.note_page',
  idRow,
  `
  update platform.tasks
     set lease_until = clock_timestamp() + make_interval(secs => :leaseMs::double precision / 1000),
         progress_done = :done, progress_total = coalesce(:total::bigint, progress_total),
         checkpoint = coalesce(:checkpoint::jsonb, checkpoint),
         attempts = case when :checkpoint::jsonb is null then attempts else 1 end
   where id = :id and holder = :holder::uuid and state = 'running'
  returning id`,
);

export const finishTask = query(
  'platform.finish_task',
  idRow,
  `
  update platform.tasks
     set state = :state, result = :result::jsonb, problem = :problem::jsonb, finished_at = clock_timestamp(),
         holder = null, lease_until = null
   where id = :id and holder = :holder::uuid and state = 'running'
  returning id`,
);

/** Puts it back, to be tried again after a pause. */
export const releaseTask = query(
  'platform.release_task',
  idRow,
  `
  update platform.tasks
     set state = 'queued', holder = null, lease_until = null, problem = :problem::jsonb,
         retry_at = clock_timestamp() + make_interval(secs => :pauseMs::double precision / 1000)
   where id = :id and holder = :holder::uuid and state = 'running'
  returning id`,
);

/** Notes that it is put on the queue; gives the number of the job, so that a lost one comes back under another name. */
export const noteTaskNudge = query(
  'platform.note_task_nudge',
  z.object({ nudges: z.int() }),
  `
  update platform.tasks set nudges = nudges + 1, nudged_at = clock_timestamp()
   where id = :id and state in ('queued', 'running')
  returning nudges`,
);

/** Tasks that can be begun and that nobody has put on the queue for a while: lost jobs, dead workers, pauses that are over. */
export const lostTasks = query(
  'platform.lost_tasks',
  idRow,
  `
  select id
    from platform.tasks
   where ((state = 'queued' and coalesce(retry_at, '-infinity') <= clock_timestamp())
          or (state = 'running' and lease_until < clock_timestamp()))
     and coalesce(nudged_at, '-infinity') <= clock_timestamp() - make_interval(secs => :patienceMs::double precision / 1000)
   order by created_at
   limit :max`,
);

export const insertPiece = query(
  'platform.insert_task_piece',
  z.object({}),
  `
  insert into platform.task_pages (task_id, file, page, piece)
  select :taskId, :file, coalesce(max(page), 0) + 1, :piece from platform.task_pages where task_id = :taskId and file = :file`,
);

export const removePieces = query(
  'platform.remove_task_pieces',
  z.object({}),
  `delete from platform.task_pages where task_id = :taskId`,
);

export const filesOfTask = query(
  'platform.files_of_task',
  z.object({ name: z.string(), bytes: z.bigint() }),
  `
  select file as name, sum(octet_length(piece))::bigint as bytes
    from platform.task_pages where task_id = :taskId group by file order by file`,
);

export const nextPiece = query(
  'platform.next_task_piece',
  z.object({ page: z.int(), piece: z.string() }),
  `
  select page, piece from platform.task_pages
   where task_id = :taskId and file = :file and page > :after order by page limit 1`,
);

/** Tasks that ended long ago, whose files are to go. */
export const tasksWithOldFiles = query(
  'platform.tasks_with_old_files',
  idRow,
  `
  select id from platform.tasks
   where finished_at < clock_timestamp() - make_interval(days => :keptDays) and files_removed_at is null
   order by finished_at limit :max`,
);

export const noteFilesRemoved = query(
  'platform.note_task_files_removed',
  z.object({}),
  `update platform.tasks set files_removed_at = clock_timestamp() where id = :id`,
);
