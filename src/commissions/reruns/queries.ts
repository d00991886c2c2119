import { z } from 'zod';
import { RerunId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { rerunStates } from './types.ts';

const nothing = z.object({});

const rerunRow = z.object({
  key: z.int(),
  id: RerunId,
  state: z.enum(rerunStates),
  selection: z.unknown(),
  terms: z.unknown(),
  reason: z.string(),
  askedBy: z.string(),
  askedAt: z.date(),
  knownAt: z.date().nullable(),
  configurationVersion: z.bigint().nullable(),
  digest: z.string().nullable(),
  totals: z.unknown(),
  preparedAt: z.date().nullable(),
  approvalId: z.string().nullable(),
  appliedUpTo: z.bigint(),
  appliedAt: z.date().nullable(),
  taskId: z.string().nullable(),
  errorCode: z.string().nullable(),
});

const COLUMNS = `
  r.key, r.id, r.state, r.selection, r.terms, r.reason, r.asked_by as "askedBy", r.asked_at as "askedAt", r.known_at as "knownAt",
  r.configuration_version as "configurationVersion", r.digest, r.totals, r.prepared_at as "preparedAt",
  r.approval_id as "approvalId", r.applied_up_to as "appliedUpTo", r.applied_at as "appliedAt", r.task_id as "taskId",
  r.error_code as "errorCode"`;

export const insertRerun = query(
  'commissions.insert_rerun',
  z.object({ key: z.int() }),
  `
  insert into commissions.reruns (id, selection, terms, reason, asked_by)
  values (:id, :selection::jsonb, :terms::jsonb, :reason, :askedBy) returning key`,
);

export const rerunOfId = query(
  'commissions.rerun_of_id',
  rerunRow,
  `
  select ${COLUMNS} from commissions.reruns r where r.id = :id`,
);

/** Held until the end of the transaction. */
export const lockRerun = query(
  'commissions.lock_rerun',
  rerunRow,
  `
  select ${COLUMNS} from commissions.reruns r where r.id = :id for update`,
);

export const pageOfReruns = pagedQuery(
  'commissions.page_of_reruns',
  rerunRow,
  `
  select ${COLUMNS} from commissions.reruns r where (:state::text is null or r.state = :state)`,
  {
    sorts: { askedAt: { column: 'askedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: RerunId, type: 'uuid' },
  },
);

export const noteTask = query(
  'commissions.note_rerun_task',
  nothing,
  `
  update commissions.reruns set task_id = :taskId where id = :id`,
);

export const noteKnowledge = query(
  'commissions.note_rerun_knowledge',
  nothing,
  `
  update commissions.reruns set known_at = :knownAt, configuration_version = :configurationVersion
   where id = :id and known_at is null`,
);

export const insertTrades = query(
  'commissions.insert_rerun_trades',
  nothing,
  `
  insert into commissions.rerun_trades (rerun_key, deal_key, revision, change)
  select :rerunKey::integer, t.deal_key, t.revision, t.change
    from unnest(:dealKeys::bigint[], :revisions::smallint[], :changes::text[]) as t (deal_key, revision, change)`,
);

export const notePrepared = query(
  'commissions.note_rerun_prepared',
  nothing,
  `
  update commissions.reruns set state = 'prepared', digest = :digest, totals = :totals::jsonb,
         prepared_at = date_trunc('milliseconds', clock_timestamp())
   where id = :id and state = 'preparing'`,
);

export const noteState = query(
  'commissions.note_rerun_state',
  z.object({ key: z.int() }),
  `
  update commissions.reruns
     set state = :state, error_code = :errorCode,
         approval_id = coalesce(:approvalId::uuid, approval_id),
         applied_at = case when :state = 'applied' then date_trunc('milliseconds', clock_timestamp()) end
   where id = :id and state = :before returning key`,
);

export const noteApplied = query(
  'commissions.note_rerun_applied',
  nothing,
  `
  update commissions.reruns set applied_up_to = :upTo::bigint where id = :id`,
);

/** The next trades that a re-run would change, in the order of their keys. */
export const tradesAfter = query(
  'commissions.rerun_trades_after',
  z.object({ dealKey: z.bigint(), revision: z.int(), change: z.string() }),
  `
  select deal_key as "dealKey", revision, change from commissions.rerun_trades
   where rerun_key = :rerunKey::integer and deal_key > :after::bigint order by deal_key limit :limit`,
);

/** How many trades it would change, and how many of them are not what they were any more. */
export const tradesChangedSince = query(
  'commissions.rerun_trades_changed_since',
  z.object({ trades: z.int(), changed: z.int() }),
  `
  select count(*)::integer as trades,
         count(*) filter (where exists (select from commissions.bookings b
                                         where b.deal_key = t.deal_key and b.revision > t.revision))::integer as changed
    from commissions.rerun_trades t where t.rerun_key = :rerunKey::integer`,
);

/** What each beneficiary gets more or less, the largest first. */
export const partyTotals = query(
  'commissions.rerun_party_totals',
  z.object({ kind: z.int(), beneficiary: z.int(), currency: z.string(), units: z.string().transform(BigInt) }),
  `
  select (c ->> 'kind')::integer as kind, (c ->> 'beneficiary')::integer as beneficiary, r ->> 'currency' as currency,
         sum((c ->> 'units')::numeric)::text as units
    from commissions.rerun_trades t
   cross join lateral jsonb_array_elements(t.change::jsonb -> 'revisions') r
   cross join lateral jsonb_array_elements(r -> 'changes') c
   where t.rerun_key = :rerunKey::integer and r ->> 'currency' is not null
   group by 1, 2, 3 having sum((c ->> 'units')::numeric) <> 0
   order by abs(sum((c ->> 'units')::numeric)) desc, 1, 2, 3 offset :offset limit :limit`,
);

/** What the changed trades earn before and after, by currency. */
export const earningTotals = query(
  'commissions.rerun_earning_totals',
  z.object({ currency: z.string(), before: z.string().transform(BigInt), after: z.string().transform(BigInt) }),
  `
  select currency, sum(before)::text as before, sum(after)::text as after
    from (select t.change::jsonb -> 'before' ->> 'currency' as currency, (t.change::jsonb -> 'before' ->> 'units')::numeric as before, 0 as after
            from commissions.rerun_trades t where t.rerun_key = :rerunKey::integer
          union all
          select t.change::jsonb -> 'revisions' -> -1 ->> 'currency', 0, (t.change::jsonb -> 'revisions' -> -1 ->> 'earningUnits')::numeric
            from commissions.rerun_trades t where t.rerun_key = :rerunKey::integer) sums
   where currency is not null group by currency order by currency`,
);

/** Re-runs whose work has ended otherwise than by being done: with what became of it. */
export const rerunsLeft = query(
  'commissions.reruns_left',
  z.object({
    id: RerunId,
    state: z.enum(['preparing', 'applying']),
    taskState: z.enum(['failed', 'cancelled']),
    code: z.string().nullable(),
  }),
  `
  select r.id, r.state, t.state as "taskState", t.problem ->> 'code' as code
    from commissions.reruns r join platform.tasks t on t.id = r.task_id
   where r.state in ('preparing', 'applying') and t.state in ('failed', 'cancelled') limit 100`,
);

export const versionOfPlan = query(
  'commissions.published_version_of_plan',
  z.object({ key: z.int() }),
  `
  select v.key from commissions.plan_versions v join commissions.plans p on p.key = v.plan_key
   where p.id = :planId and v.number = :number and v.published_at is not null`,
);

/** Booked deals among these. */
export const bookedAmong = query(
  'commissions.booked_among',
  z.object({ dealKey: z.bigint() }),
  `
  select deal_key as "dealKey" from commissions.bookings
   where revision = 0 and deal_key = any (:dealKeys::bigint[]) order by deal_key`,
);
