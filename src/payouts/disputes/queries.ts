import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { ApprovalId, DisputeId, IbId, UserId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { disputeKinds, disputeStates } from './types.ts';
import { notices } from './rules.ts';

const nothing = z.object({});

const disputeRow = z.object({
  key: z.bigint(),
  id: DisputeId,
  ibKey: z.int(),
  ibId: IbId,
  kind: z.enum(disputeKinds),
  dealKey: z.bigint().nullable(),
  component: z.string().nullable(),
  awardKey: z.bigint().nullable(),
  currency: Currency.nullable(),
  lineUnits: z.bigint(),
  text: z.string(),
  hasExplanation: z.boolean(),
  state: z.enum(disputeStates),
  ownerUserId: UserId.nullable(),
  openedBy: z.string(),
  openedAt: z.date(),
  changedAt: z.date(),
  closedAt: z.date().nullable(),
  reason: z.string().nullable(),
  outcomeUnits: z.bigint().nullable(),
  outcomeCurrency: Currency.nullable(),
  outcomeAwardKey: z.bigint().nullable(),
  approvalId: ApprovalId.nullable(),
  ageHours: z.int(),
});

const columns = `d.key, d.id, d.ib_key as "ibKey", d.ib_id as "ibId", d.kind, d.deal_key as "dealKey", d.component,
         d.award_key as "awardKey", d.currency, d.line_units as "lineUnits", d.text,
         d.explanation is not null as "hasExplanation", d.state, d.owner_user_id as "ownerUserId", d.opened_by as "openedBy",
         d.opened_at as "openedAt", d.changed_at as "changedAt", d.closed_at as "closedAt", d.reason,
         d.outcome_units as "outcomeUnits", d.outcome_currency as "outcomeCurrency", d.outcome_award_key as "outcomeAwardKey",
         d.approval_id as "approvalId",
         floor(extract(epoch from coalesce(d.closed_at, clock_timestamp()) - d.opened_at) / 3600)::integer as "ageHours"` as const;

/** Nothing comes back where the line has an undecided dispute already. */
export const insertDispute = query(
  'payouts.insert_dispute',
  z.object({ id: DisputeId }),
  `
  insert into payouts.disputes (id, ib_key, ib_id, kind, deal_key, component, award_key, currency, line_units, text, explanation, opened_by)
  values (:id, :ibKey, :ibId, :kind, :dealKey, :component, :awardKey, :currency, :lineUnits, :text, :explanation, :openedBy)
  on conflict do nothing
  returning id`,
);

/** How many of an IB's disputes are undecided, as far as that matters. */
export const undecidedOfIb = query(
  'payouts.undecided_disputes_of_ib',
  z.object({ count: z.int() }),
  `
  select count(*)::integer as count
    from (select from payouts.disputes where ib_key = :ibKey and state in ('open', 'answered') limit :max) d`,
);

export const disputeOf = query(
  'payouts.dispute_of',
  disputeRow,
  `select ${columns} from payouts.disputes d where d.id = :id and (:everything::boolean or d.ib_id = :reachIbId::uuid)`,
);

/** Waits for whoever changes it, and keeps others waiting until the end of the transaction. */
export const lockDispute = query(
  'payouts.lock_dispute',
  disputeRow,
  `select ${columns} from payouts.disputes d where d.id = :id and (:everything::boolean or d.ib_id = :reachIbId::uuid) for update`,
);

export const explanationOf = query(
  'payouts.dispute_explanation',
  z.object({ explanation: z.string().nullable() }),
  `select explanation from payouts.disputes where id = :id and (:everything::boolean or ib_id = :reachIbId::uuid)`,
);

export const pageOfDisputes = pagedQuery(
  'payouts.page_of_disputes',
  disputeRow,
  `
  select ${columns}
    from payouts.disputes d
   where (:everything::boolean or d.ib_id = :reachIbId::uuid)
     and (:state::text is null or d.state = :state)
     and (:ibId::uuid is null or d.ib_id = :ibId::uuid)
     and (:ownerUserId::uuid is null or d.owner_user_id = :ownerUserId::uuid)`,
  {
    sorts: { openedAt: { column: 'openedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: DisputeId, type: 'uuid' },
  },
);

/** No row where it is in another state than the one that it is to leave. */
export const moveDispute = query(
  'payouts.move_dispute',
  z.object({ id: DisputeId }),
  `
  update payouts.disputes
     set state = :to, changed_at = date_trunc('milliseconds', clock_timestamp()),
         closed_at = case when :isEnd::boolean then date_trunc('milliseconds', clock_timestamp()) end,
         reason = coalesce(:reason::text, reason)
   where key = :key and state = :from
  returning id`,
);

/** When the transaction began: nothing of it lies ahead of that. */
export const transactionBegan = query(
  'payouts.transaction_began',
  z.object({ at: z.date() }),
  `select date_trunc('milliseconds', now()) as at`,
);

export const noteOutcome = query(
  'payouts.note_dispute_outcome',
  nothing,
  `
  update payouts.disputes
     set outcome_units = :units, outcome_currency = :currency, outcome_award_key = :awardKey, approval_id = :approvalId
   where key = :key`,
);

export const putOwner = query(
  'payouts.put_dispute_owner',
  nothing,
  `update payouts.disputes set owner_user_id = :userId, changed_at = date_trunc('milliseconds', clock_timestamp()) where key = :key`,
);

/** The number is drawn under the lock of the dispute; nothing comes back where there are as many as there may be. */
export const insertDisputeMessage = query(
  'payouts.insert_dispute_message',
  z.object({ number: z.int() }),
  `
  insert into payouts.dispute_messages (dispute_key, number, side, author, text)
  select :key, count(*) + 1, :side, :author, :text from payouts.dispute_messages where dispute_key = :key
  having count(*) < :max::integer
  returning number`,
);

export const messagesOf = query(
  'payouts.dispute_messages',
  z.object({
    number: z.int(),
    side: z.enum(['ib', 'staff']),
    author: z.string(),
    text: z.string(),
    writtenAt: z.date(),
  }),
  `
  select number, side, author, text, written_at as "writtenAt"
    from payouts.dispute_messages where dispute_key = :key order by number`,
);

export const insertEntries = query(
  'payouts.insert_dispute_entries',
  nothing,
  `
  insert into payouts.dispute_entries (dispute_key, source, source_key, revision, component)
  select :key, :source, :sourceKey, revision, component
    from unnest(:revisions::smallint[], :components::smallint[]) as e (revision, component)`,
);

/**
 * Of statements those that pay a disputed entry: the first that tells of it or, where that one pays nothing, the first after
 * it that does.
 */
export const statementsInDispute = query(
  'payouts.statements_in_dispute',
  z.object({ statementKey: z.bigint() }),
  `
  select distinct payer.key as "statementKey"
    from payouts.disputed_entries d
    join commissions.entries e on e.source = d.source and e.source_key = d.source_key and e.revision = d.revision
     and e.component = d.component and e.kind = d.kind and e.beneficiary = d.beneficiary
   cross join lateral (
         select s.ends_at from payouts.statements s
          where s.kind = e.kind and s.party = e.beneficiary and s.currency = e.currency
            and s.ends_at > e.earned_at and s.cut_batch >= e.batch_key
          order by s.ends_at limit 1) stated
   cross join lateral (
         select m.key from payouts.statements m
          where m.kind = e.kind and m.party = e.beneficiary and m.currency = e.currency
            and m.ends_at >= stated.ends_at and m.payable_units > 0
          order by m.ends_at limit 1) payer
   where d.kind = 1 and d.beneficiary = any (:ibKeys::integer[]) and payer.key = any (:statementKeys::bigint[])`,
);

export const limits = query(
  'payouts.dispute_limits',
  z.object({ currency: Currency, units: z.bigint(), setAt: z.date(), setBy: z.string() }),
  `select currency, units, set_at as "setAt", set_by as "setBy" from payouts.dispute_limits order by currency`,
);

export const putLimit = query(
  'payouts.put_dispute_limit',
  nothing,
  `
  insert into payouts.dispute_limits as l (currency, units, set_by) values (:currency, :units, :setBy)
  on conflict (currency) do update
     set units = excluded.units, set_by = excluded.set_by, set_at = date_trunc('milliseconds', clock_timestamp())`,
);

/** Two of one kind that nobody was told of yet are one mail. */
export const insertDisputeNotice = query(
  'payouts.insert_dispute_notice',
  nothing,
  `
  insert into payouts.dispute_notices (dispute_key, what)
  select :key::bigint, :what::text
   where not exists (select from payouts.dispute_notices n where n.dispute_key = :key and n.what = :what and n.sent_at is null)`,
);

/** Takes notices that nobody has sent yet; whoever else sends passes them over. */
export const takeNotices = query(
  'payouts.take_dispute_notices',
  z.object({
    what: z.enum(notices),
    disputeId: DisputeId,
    ibId: IbId,
    ownerUserId: UserId.nullable(),
    reason: z.string().nullable(),
    outcomeUnits: z.bigint().nullable(),
    outcomeCurrency: Currency.nullable(),
  }),
  `
  with taken as (
    select key from payouts.dispute_notices where sent_at is null order by key limit :max for update skip locked
  ), sent as (
    update payouts.dispute_notices n set sent_at = clock_timestamp() from taken where n.key = taken.key
    returning n.key, n.dispute_key, n.what
  )
  select s.what, d.id as "disputeId", d.ib_id as "ibId", d.owner_user_id as "ownerUserId", d.reason,
         d.outcome_units as "outcomeUnits", d.outcome_currency as "outcomeCurrency"
    from sent s join payouts.disputes d on d.key = s.dispute_key
   order by s.key`,
);
