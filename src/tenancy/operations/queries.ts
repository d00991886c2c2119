import { z } from 'zod';
import { OperationId, TenantId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { controlQuery } from '../../platform/query.ts';
import type { OperationProblem, OperationResult } from './types.ts';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const operationRow = z.object({
  id: OperationId,
  kind: z.enum(['create', 'migrate', 'export']),
  tenantId: TenantId,
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  requestedBy: z.string(),
  causation: z.string(),
  reason: z.string().nullable(),
  progressDone: z.int(),
  progressTotal: z.int(),
  result: z.custom<OperationResult>(isObject).nullable(),
  problem: z.custom<OperationProblem>(isObject).nullable(),
  attempts: z.int(),
  createdAt: z.date(),
  startedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
  expiredAt: z.date().nullable(),
});

const COLUMNS = `
         o.id, o.kind, o.tenant_id as "tenantId", o.state, o.requested_by as "requestedBy", o.causation, o.reason,
         o.progress_done as "progressDone", o.progress_total as "progressTotal", o.result, o.problem, o.attempts,
         date_trunc('milliseconds', o.created_at) as "createdAt", o.started_at as "startedAt", o.finished_at as "finishedAt",
         o.expired_at as "expiredAt"` as const;

/** Nothing where the same is under way for this tenant. */
export const insertOperation = controlQuery(
  'tenancy.insert_operation',
  z.object({ id: OperationId }),
  `
  insert into control.operations (id, kind, tenant_id, requested_by, causation, reason)
  values (:id, :kind, :tenantId, :actor, :causation, :reason)
  on conflict (tenant_id, kind) where state in ('waiting', 'running') do nothing
  returning id`,
);

export const operationUnderWay = controlQuery(
  'tenancy.operation_under_way',
  z.object({ id: OperationId }),
  `
  select id from control.operations where tenant_id = :tenantId and kind = :kind and state in ('waiting', 'running')`,
);

export const operationOfId = controlQuery(
  'tenancy.operation_of_id',
  operationRow,
  `select ${COLUMNS} from control.operations o where o.id = :id`,
);

export const operationsPage = pagedQuery(
  'tenancy.operations_page',
  operationRow,
  `
  select ${COLUMNS}
    from control.operations o
   where (:tenantId::uuid is null or o.tenant_id = :tenantId) and (:state::text is null or o.state = :state)`,
  {
    sorts: { createdAt: { column: 'createdAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: OperationId, type: 'uuid' },
  },
);

/** Exports of a tenant that were asked for today (UTC), and how many seconds the day still has. */
export const exportsToday = controlQuery(
  'tenancy.exports_today',
  z.object({ exports: z.int(), secondsLeft: z.int() }),
  `
  select (select count(*)::integer from control.operations
           where tenant_id = :tenantId and kind = 'export' and state <> 'failed'
             and created_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC') as exports,
         ceil(extract(epoch from date_trunc('day', now() at time zone 'UTC') + interval '1 day' - now() at time zone 'UTC'))::integer as "secondsLeft"`,
);

/** Takes an operation that waits, or whose worker has not renewed its lease. */
export const claimOperation = controlQuery(
  'tenancy.claim_operation',
  operationRow,
  `
  update control.operations o
     set state = 'running', holder = :holder::uuid, attempts = attempts + 1,
         lease_until = clock_timestamp() + make_interval(secs => :leaseMs::double precision / 1000),
         started_at = coalesce(started_at, clock_timestamp())
   where o.id = :id and (state = 'waiting' or (state = 'running' and lease_until < clock_timestamp()))
  returning ${COLUMNS}`,
);

/** Renews the lease and says how far it is; nothing where another worker has it now. */
export const renewOperation = controlQuery(
  'tenancy.renew_operation',
  z.object({ id: OperationId }),
  `
  update control.operations
     set lease_until = clock_timestamp() + make_interval(secs => :leaseMs::double precision / 1000),
         progress_done = :done, progress_total = :total
   where id = :id and holder = :holder::uuid and state = 'running'
  returning id`,
);

export const finishOperation = controlQuery(
  'tenancy.finish_operation',
  z.object({ id: OperationId }),
  `
  update control.operations
     set state = :state, result = :result::jsonb, problem = :problem::jsonb, finished_at = clock_timestamp(),
         holder = null, lease_until = null, progress_done = :done, progress_total = :total
   where id = :id and holder = :holder::uuid and state = 'running'
  returning id`,
);

/** Puts it back, to be tried again after its pause. */
export const releaseOperation = controlQuery(
  'tenancy.release_operation',
  z.object({ id: OperationId }),
  `
  update control.operations
     set state = 'waiting', holder = null, lease_until = null, nudged_at = clock_timestamp(), problem = :problem::jsonb
   where id = :id and holder = :holder::uuid and state = 'running'
  returning id`,
);

/** Notes that it is put on the queue; gives the number of the job, so that a lost one comes back under another name. */
export const noteNudge = controlQuery(
  'tenancy.note_nudge',
  z.object({ nudges: z.int() }),
  `
  update control.operations set nudges = nudges + 1, nudged_at = clock_timestamp()
   where id = :id and state in ('waiting', 'running')
  returning nudges`,
);

/** Operations that no job speaks for: put on the queue long enough ago and not begun, or left by a worker that died. */
export const lostOperations = controlQuery(
  'tenancy.lost_operations',
  z.object({ id: OperationId }),
  `
  select id
    from control.operations
   where (state = 'waiting' or (state = 'running' and lease_until < clock_timestamp()))
     and coalesce(nudged_at, '-infinity') < clock_timestamp() - make_interval(secs => :patienceMs::double precision / 1000)
   order by created_at
   limit :max`,
);

/** Exports whose files have been kept long enough. */
export const exportsToRemove = controlQuery(
  'tenancy.exports_to_remove',
  z.object({ id: OperationId, slug: z.string() }),
  `
  select o.id, t.slug
    from control.operations o
    join control.tenants t on t.id = o.tenant_id
   where o.kind = 'export' and o.state = 'done' and o.expired_at is null
     and o.finished_at < clock_timestamp() - make_interval(days => :keptDays)
   order by o.finished_at
   limit :max`,
);

export const noteExpired = controlQuery(
  'tenancy.note_expired',
  z.object({}),
  `update control.operations set expired_at = clock_timestamp() where id = :id and expired_at is null`,
);
