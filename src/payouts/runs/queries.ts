import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { ApprovalId, PayoutItemId, PayoutRunId, StatementId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import {
  itemStates,
  type KeptConversion,
  type RunCriteria,
  runStates,
  UNPAID_CODES,
  type UnpaidCode,
} from './types.ts';

const nothing = z.object({});
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const unpaidCodes = Object.keys(UNPAID_CODES) as [UnpaidCode, ...UnpaidCode[]];
const sum = z.string().transform(BigInt);

const runRow = z.object({
  key: z.int(),
  id: PayoutRunId,
  state: z.enum(runStates),
  criteria: z.custom<RunCriteria>(isObject),
  rateAgeHoursMax: z.int(),
  draftedBy: z.string(),
  draftedAt: z.date(),
  submittedAt: z.date().nullable(),
  approvalId: ApprovalId.nullable(),
  approvedBy: z.array(z.string()).nullable(),
  ratedAt: z.date().nullable(),
  stoppedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  reason: z.string().nullable(),
});

const runColumns =
  `r.key, r.id, r.state, r.criteria, r.rate_age_hours_max as "rateAgeHoursMax", r.drafted_by as "draftedBy",
         r.drafted_at as "draftedAt", r.submitted_at as "submittedAt", r.approval_id as "approvalId", r.approved_by as "approvedBy",
         r.rated_at as "ratedAt", r.stopped_at as "stoppedAt", r.ended_at as "endedAt", r.reason` as const;

export const insertRun = query(
  'payouts.insert_run',
  z.object({ key: z.int() }),
  `
  insert into payouts.runs (id, criteria, rate_age_hours_max, drafted_by)
  values (:id, :criteria::jsonb, :rateAgeHoursMax, :draftedBy)
  returning key`,
);

export const runOfId = query('payouts.run_of_id', runRow, `select ${runColumns} from payouts.runs r where r.id = :id`);

/** Waits for whoever changes it, and keeps others waiting until the end of the transaction. */
export const lockRun = query(
  'payouts.lock_run',
  runRow,
  `select ${runColumns} from payouts.runs r where r.id = :id for update`,
);

export const pageOfRuns = pagedQuery(
  'payouts.page_of_runs',
  runRow,
  `select ${runColumns} from payouts.runs r where (:state::text is null or r.state = :state)`,
  {
    sorts: { draftedAt: { column: 'draftedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: PayoutRunId, type: 'uuid' },
  },
);

/** No row where it is in another state than the one that it is to leave. */
export const moveRun = query(
  'payouts.move_run',
  z.object({ key: z.int() }),
  `
  update payouts.runs
     set state = :to, reason = coalesce(:reason::text, reason),
         submitted_at = case when :to = 'submitted' then date_trunc('milliseconds', clock_timestamp()) else submitted_at end,
         approval_id = coalesce(:approvalId::uuid, approval_id), approved_by = coalesce(:approvers::text[], approved_by),
         rated_at = case when :to = 'posting' then date_trunc('milliseconds', clock_timestamp()) else rated_at end,
         ended_at = case when :to in ('paid', 'partly', 'cancelled') then date_trunc('milliseconds', clock_timestamp()) end
   where key = :key and state = :from
  returning key`,
);

export const stopRun = query(
  'payouts.stop_run',
  z.object({ key: z.int() }),
  `
  update payouts.runs set stopped_at = date_trunc('milliseconds', clock_timestamp()), reason = :reason
   where key = :key and state = 'posting' and stopped_at is null
  returning key`,
);

/** Statements that another run has meanwhile are passed over. Clients are paid in the currency of their statements. */
export const insertItems = query(
  'payouts.insert_run_items',
  z.object({ key: z.bigint() }),
  `
  insert into payouts.run_items (run_key, statement_key, kind, party, currency, payable_units, wallet_currency)
  select :runKey, s.key, s.kind, s.party, s.currency, s.payable_units, coalesce(w.currency, s.currency)
    from payouts.statements s
    left join payouts.wallet_choices w on s.kind = 1 and w.ib_key = s.party
   where s.key = any (:statementKeys::bigint[]) and s.payable_units > 0
   order by s.key
  on conflict do nothing
  returning key`,
);

/** Puts statements back that were removed from this very run, unless another run has them meanwhile. */
export const restoreItems = query(
  'payouts.restore_run_items',
  z.object({ key: z.bigint() }),
  `
  update payouts.run_items i
     set state = 'included', is_open = true, reason = null,
         wallet_currency = coalesce((select w.currency from payouts.wallet_choices w where i.kind = 1 and w.ib_key = i.party), i.currency)
   where i.run_key = :runKey and i.state = 'removed' and i.statement_key = any (:statementKeys::bigint[])
     and not exists (select from payouts.run_items o where o.statement_key = i.statement_key and o.is_open)
  returning i.key`,
);

/** The keys of statements by their ids; of those that are not there nothing. */
export const statementKeys = query(
  'payouts.run_statement_keys',
  z.object({ key: z.bigint(), id: StatementId }),
  `select key, id from payouts.statements where id = any (:ids::uuid[])`,
);

const itemRow = z.object({
  key: z.bigint(),
  id: PayoutItemId,
  runId: PayoutRunId,
  statementKey: z.bigint(),
  statementId: StatementId,
  kind: z.union([z.literal(1), z.literal(2)]),
  party: z.int(),
  currency: Currency,
  payableUnits: z.bigint(),
  walletCurrency: Currency,
  state: z.enum(itemStates),
  reason: z.string().nullable(),
  code: z.enum(unpaidCodes).nullable(),
  detail: z.string().nullable(),
  walletUnits: z.bigint().nullable(),
  conversion: z.custom<KeptConversion>(isObject).nullable(),
  settledAt: z.date().nullable(),
});
export type ItemRow = z.infer<typeof itemRow>;

const itemColumns =
  `i.key, i.id, r.id as "runId", i.statement_key as "statementKey", s.id as "statementId", i.kind::integer as kind, i.party,
         i.currency, i.payable_units as "payableUnits", i.wallet_currency as "walletCurrency", i.state, i.reason, i.code, i.detail,
         i.wallet_units as "walletUnits", i.conversion, i.settled_at as "settledAt"` as const;
const itemsJoined = `
    from payouts.run_items i
    join payouts.runs r on r.key = i.run_key
    join payouts.statements s on s.key = i.statement_key` as const;

export const itemOfRun = query(
  'payouts.run_item',
  itemRow,
  `select ${itemColumns} ${itemsJoined} where i.run_key = :runKey and i.id = :id`,
);

const byKey = {
  sorts: { key: { column: 'key', type: 'bigint' } },
  unique: { column: 'id', schema: PayoutItemId, type: 'uuid' },
} as const;

export const pageOfItems = pagedQuery(
  'payouts.page_of_run_items',
  itemRow,
  `
  select ${itemColumns} ${itemsJoined}
   where i.run_key = :runKey and (:state::text is null or i.state = :state)
     and (:kind::smallint is null or i.kind = :kind::smallint and i.party = :party::integer)`,
  byKey,
);

/** What was paid: to everybody, or to one IB or client. */
export const pageOfPaid = pagedQuery(
  'payouts.page_of_payouts',
  itemRow,
  `
  select ${itemColumns} ${itemsJoined}
   where i.state = 'paid' and (:everybody::boolean or i.kind = :kind::smallint and i.party = :party::integer)`,
  byKey,
);

/** No row where it is in another state than the one that it is to leave. */
export const moveItem = query(
  'payouts.move_run_item',
  z.object({ key: z.bigint() }),
  `
  update payouts.run_items set state = :to, is_open = :isOpen, reason = :reason
   where key = :key and state = :from
  returning key`,
);

export const runTotals = query(
  'payouts.run_totals',
  z.object({
    kind: z.union([z.literal(1), z.literal(2)]),
    currency: Currency,
    walletCurrency: Currency,
    state: z.enum(itemStates),
    items: z.int(),
    units: sum,
    walletUnits: sum,
  }),
  `
  select kind::integer as kind, currency, wallet_currency as "walletCurrency", state, count(*)::integer as items, sum(payable_units)::text as units,
         coalesce(sum(wallet_units), 0)::text as "walletUnits"
    from payouts.run_items
   where run_key = :runKey
   group by kind, currency, wallet_currency, state
   order by kind, currency, wallet_currency, state`,
);

/** The exact list of a run and its amounts, as one hash. */
export const listHash = query(
  'payouts.run_list_hash',
  z.object({ items: z.int(), hash: z.string() }),
  `
  select count(*)::integer as items,
         encode(sha256(convert_to(coalesce(string_agg(
           concat_ws(' ', statement_key, kind, party, currency, payable_units, wallet_currency, state), chr(10) order by statement_key), ''), 'UTF8')), 'hex') as hash
    from payouts.run_items
   where run_key = :runKey and state in ('included', 'held')`,
);

/** What a run that has ended did not pay may be paid by another one. */
export const letGo = query(
  'payouts.let_go_of_items',
  nothing,
  `update payouts.run_items set is_open = false where run_key = :runKey and is_open and state <> 'paid'`,
);

export const counts = query(
  'payouts.run_counts',
  z.object({ included: z.int(), paid: z.int(), unpaid: z.int() }),
  `
  select count(*) filter (where state = 'included')::integer as included, count(*) filter (where state = 'paid')::integer as paid,
         count(*) filter (where state = 'unpaid')::integer as unpaid
    from payouts.run_items where run_key = :runKey`,
);
