import { z } from 'zod';
import { ApprovalId, UserId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

const State = z.enum(['pending', 'approved', 'rejected', 'cancelled', 'expired', 'failed']);

/** An approval as it is kept, in the state that it has by the database's clock. */
const ApprovalRow = z.object({
  id: ApprovalId,
  kind: z.string(),
  subject: z.string(),
  summary: z.string(),
  payload: z.record(z.string(), z.unknown()),
  fingerprint: z.string(),
  hash: z.string(),
  reason: z.string(),
  requestedBy: z.string(),
  requestedPerson: z.string(),
  requestedAt: z.date(),
  voicesNeeded: z.int(),
  expiresAt: z.date(),
  state: State,
  closedAt: z.date().nullable(),
  result: z.record(z.string(), z.unknown()).nullable(),
});
export type ApprovalRow = z.infer<typeof ApprovalRow>;

/** Nobody needs to write down that an approval has run out of time. */
const columns = `id, kind, subject, summary, payload, fingerprint, hash, reason, requested_by as "requestedBy",
  requested_person as "requestedPerson", requested_at as "requestedAt", voices_needed as "voicesNeeded",
  expires_at as "expiresAt", closed_at as "closedAt", result,
  case when state = 'pending' and expires_at <= clock_timestamp() then 'expired' else state end as state`;

export const insertApproval = query(
  'identity.insert_approval',
  ApprovalRow.pick({ requestedAt: true, expiresAt: true }),
  `
  insert into identity.approvals
    (id, kind, subject, summary, payload, fingerprint, hash, reason, requested_by, requested_person, voices_needed, expires_at)
  values (:id, :kind, :subject, :summary, :payload::jsonb, :fingerprint, :hash, :reason, :requestedBy, :requestedPerson,
          :voicesNeeded, date_trunc('milliseconds', clock_timestamp()) + interval '7 days')
  on conflict (hash) where state = 'pending' do nothing
  returning requested_at as "requestedAt", expires_at as "expiresAt"`,
);

/** Writes down what has run out of time, oldest first. */
export const expireDue = query(
  'identity.expire_approvals',
  ApprovalRow.pick({ id: true, kind: true, subject: true, hash: true }),
  `
  update identity.approvals approval
     set state = 'expired', closed_at = approval.expires_at
    from (select id from identity.approvals
           where state = 'pending' and expires_at <= clock_timestamp()
           order by expires_at limit 100 for update skip locked) due
   where approval.id = due.id
  returning approval.id, approval.kind, approval.subject, approval.hash`,
);

/** Waits for whoever decides over it, and keeps others waiting till the end of the transaction. */
export const lockApproval = query(
  'identity.lock_approval',
  ApprovalRow,
  `
  select ${columns}
    from identity.approvals
   where id = :id
     for update`,
);

export const closeApproval = query(
  'identity.close_approval',
  z.object({ closedAt: z.date() }),
  `
  update identity.approvals
     set state = :state, result = :result::jsonb, closed_at = date_trunc('milliseconds', clock_timestamp())
   where id = :id and state = 'pending'
  returning closed_at as "closedAt"`,
);

/** `everything`, or what this person asked for. */
export const readApprovalOf = query(
  'identity.read_approval',
  ApprovalRow,
  `
  select ${columns}
    from identity.approvals
   where id = :id and (:everything::boolean or requested_person = :person)`,
);

export const pageOfApprovals = pagedQuery(
  'identity.page_of_approvals',
  ApprovalRow,
  `
  select * from (
    select ${columns}
      from identity.approvals
     where (:everything::boolean or requested_person = :person)
       and (:kind::text is null or kind = :kind)
       and (:mine::boolean is null or (requested_person = :person) = :mine)) approval
   where :state::text is null or state = :state`,
  {
    sorts: { requestedAt: { column: 'requestedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: ApprovalId, type: 'uuid' },
  },
);

const VoiceRow = z.object({
  approvalId: ApprovalId,
  userId: UserId,
  voice: z.enum(['approve', 'reject']),
  note: z.string().nullable(),
  givenAt: z.date(),
});
export type VoiceRow = z.infer<typeof VoiceRow>;

/** Nothing comes back where this person has spoken before. */
export const insertVoice = query(
  'identity.insert_approval_voice',
  z.object({ userId: UserId }),
  `
  insert into identity.approval_voices (approval_id, user_id, person, voice, note)
  values (:approvalId, :userId, :person, :voice, :note)
  on conflict do nothing
  returning user_id as "userId"`,
);

export const voicesOf = query(
  'identity.voices_of_approvals',
  VoiceRow,
  `
  select approval_id as "approvalId", user_id as "userId", voice, note, given_at as "givenAt"
    from identity.approval_voices
   where approval_id = any(:approvalIds::uuid[])
   order by given_at, user_id`,
);

/** Who made a key: what it asks for, that person asks for. */
export const makerOfKey = query(
  'identity.maker_of_key',
  z.object({ createdBy: z.string() }),
  `select created_by as "createdBy" from identity.api_keys where id = :keyId`,
);

/** What waits for a second person of some kinds; of a kind with a member, where the payload names an instant before another. */
export const waitingApprovalsBefore = query(
  'identity.waiting_approvals_before',
  z.object({ count: z.int() }),
  `
  select count(*)::integer as count
    from (select from identity.approvals a
            join unnest(:kinds::text[], :members::text[]) as wanted (kind, member) on wanted.kind = a.kind
           where a.state = 'pending' and a.expires_at > clock_timestamp()
             and (wanted.member is null or (a.payload ->> wanted.member)::timestamptz < :before)
           limit :max) waiting`,
);
