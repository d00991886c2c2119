import { z } from 'zod';
import { DiscrepancyId, UserId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';

/** For whom a plan was ever said to hold. */
export const everyAssignment = query(
  'commissions.every_assignment',
  z.object({ ibKey: z.int(), planKey: z.int(), from: z.date(), change: z.bigint() }),
  `
  select ib_key as "ibKey", plan_key as "planKey", valid_from as "from", configuration_version as change from commissions.assignments`,
);

export const everyVersion = query(
  'commissions.every_version',
  z.object({ key: z.int(), planKey: z.int(), from: z.date(), change: z.bigint(), definition: PlanDefinition }),
  `
  select key, plan_key as "planKey", valid_from as "from", configuration_version as change, definition
    from commissions.plan_versions where published_at is not null`,
);

export const everyOverride = query(
  'commissions.every_override',
  z.object({
    planKey: z.int(),
    ibKey: z.int(),
    clientKey: z.int(),
    accountGroup: z.string(),
    from: z.date(),
    change: z.bigint(),
    terms: AgreementTerms,
  }),
  `
  select plan_key as "planKey", ib_key as "ibKey", client_key as "clientKey", account_group as "accountGroup", valid_from as "from",
         configuration_version as change, terms
    from commissions.overrides
   where client_key > 0 and client_key = any (:clientKeys::integer[])
      or kind = 'group' and (ib_key = 0 or ib_key = any (:ibKeys::integer[]))`,
);

export const everyAgreement = query(
  'commissions.every_agreement',
  z.object({ ibKey: z.int(), planKey: z.int(), from: z.date(), change: z.bigint(), terms: AgreementTerms }),
  `
  select ib_key as "ibKey", plan_key as "planKey", valid_from as "from", configuration_version as change, terms
    from commissions.agreements where ib_key = any (:ibKeys::integer[])`,
);

/** The first statement of a sample: all that follows sees one moment, whatever is booked or corrected meanwhile. */
export const seeOneMomentOfBookings = query(
  'commissions.see_one_moment',
  z.object({}),
  'set transaction isolation level repeatable read, read only',
);

/** The newest batch, and up to which one the newest bookings have been proven. */
export const proofPosition = query(
  'commissions.proof_position',
  z.object({ reached: z.bigint(), newest: z.bigint() }),
  `
  select batch_key as reached, coalesce((select max(key) from commissions.batches), 0) as newest from commissions.proof_position`,
);

export const moveProofPosition = query(
  'commissions.move_proof_position',
  z.object({}),
  `
  update commissions.proof_position set batch_key = :batchKey where batch_key < :batchKey`,
);

/** Some bookings of the newest batches, and places anywhere among all of them: where the runs of a sample begin. */
export const samplePoints = query(
  'commissions.sample_points',
  z.object({ dealKey: z.bigint() }),
  `
  (select deal_key as "dealKey" from commissions.bookings
    where batch_key > :afterBatch and batch_key = any (array(
          select key from commissions.batches where key > :afterBatch order by key desc limit :batches))
    order by random() limit :newest)
  union all
  select (s.least + floor(random() * (s.most - s.least + 1)))::bigint
    from (select min(deal_key) as least, max(deal_key) as most from commissions.bookings) s, generate_series(1, :anywhere::integer)
   where s.least is not null`,
);

/** From each place the next few booked deals, as ranges of keys. */
export const runsFrom = query(
  'commissions.runs_from',
  z.object({ after: z.bigint(), upTo: z.bigint() }),
  `
  select distinct r.least - 1 as after, r.most as "upTo"
    from unnest(:dealKeys::bigint[]) as p (deal_key)
   cross join lateral (
           select min(f.deal_key) as least, max(f.deal_key) as most
             from (select deal_key from commissions.bookings where deal_key >= p.deal_key order by deal_key limit :length) f) r
   where r.least is not null`,
);

/** Behind which keys some awards are looked at: the newest ten, and ten anywhere. */
export const sampleAwards = query(
  'commissions.sample_awards',
  z.object({ after: z.bigint() }),
  `
  select distinct greatest(p.after, 0) as after
    from (select max(key) as most from commissions.awards) s,
         lateral (values (s.most - 10), (floor(random() * s.most)::bigint)) as p (after)
   where s.most is not null`,
);

/** What differs, once; what was said before is not said again. */
export const insertDiscrepancies = query(
  'commissions.insert_discrepancies',
  z.object({ id: DiscrepancyId, dealKey: z.bigint().nullable(), awardKey: z.bigint().nullable(), detail: z.string() }),
  `
  insert into commissions.discrepancies (id, deal_key, award_key, detail)
  select d.id, d.deal_key, d.award_key, d.detail
    from unnest(:ids::uuid[], :dealKeys::bigint[], :awardKeys::bigint[], :details::text[]) as d (id, deal_key, award_key, detail)
  on conflict (coalesce(deal_key, -award_key), md5(detail)) do nothing
  returning id, deal_key as "dealKey", award_key as "awardKey", detail`,
);

/** How many nobody has acknowledged; counted up to 1 000. */
export const openDiscrepancies = query(
  'commissions.open_discrepancies',
  z.object({ count: z.int() }),
  `
  select count(*)::integer as count
    from (select from commissions.discrepancies where acknowledged_at is null limit 1000) counted`,
);

const discrepancy = z.object({
  id: DiscrepancyId,
  dealKey: z.bigint().nullable(),
  awardKey: z.bigint().nullable(),
  detail: z.string(),
  foundAt: z.date(),
  acknowledgedAt: z.date().nullable(),
  acknowledgedBy: UserId.nullable(),
  note: z.string().nullable(),
});

export const pageOfDiscrepancies = pagedQuery(
  'commissions.page_of_discrepancies',
  discrepancy,
  `
  select id, deal_key as "dealKey", award_key as "awardKey", detail, found_at as "foundAt", acknowledged_at as "acknowledgedAt",
         acknowledged_by as "acknowledgedBy", note
    from commissions.discrepancies
   where (:isOpen::boolean is null or (acknowledged_at is null) = :isOpen)`,
  {
    sorts: { foundAt: { column: 'foundAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: DiscrepancyId, type: 'uuid' },
  },
);

export const discrepancyOfId = query(
  'commissions.discrepancy_of_id',
  discrepancy,
  `
  select id, deal_key as "dealKey", award_key as "awardKey", detail, found_at as "foundAt", acknowledged_at as "acknowledgedAt",
         acknowledged_by as "acknowledgedBy", note
    from commissions.discrepancies where id = :id`,
);

export const acknowledge = query(
  'commissions.acknowledge_discrepancy',
  discrepancy,
  `
  update commissions.discrepancies
     set acknowledged_at = date_trunc('milliseconds', now()), acknowledged_by = :userId, note = :note
   where id = :id and acknowledged_at is null
  returning id, deal_key as "dealKey", award_key as "awardKey", detail, found_at as "foundAt", acknowledged_at as "acknowledgedAt",
            acknowledged_by as "acknowledgedBy", note`,
);
