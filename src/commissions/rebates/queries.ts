import { z } from 'zod';
import { query } from '../../platform/query.ts';

const rebateRow = z.object({
  dealKey: z.bigint(),
  revision: z.int(),
  component: z.int(),
  kind: z.int(),
  beneficiary: z.int(),
  depth: z.int(),
  units: z.bigint(),
  planVersionKey: z.int(),
  closedAt: z.date(),
  bookedAt: z.date(),
  cause: z.enum(['amendment', 'late_entry', 'rerun', 'chargeback']).nullable(),
  reason: z.string().nullable(),
  isTrueUp: z.boolean(),
});

const COLUMNS = `
  r.deal_key as "dealKey", r.revision, r.component, r.kind, r.beneficiary, r.depth, r.units,
  b.plan_version_key as "planVersionKey", b.closed_at as "closedAt", t.booked_at as "bookedAt",
  c.cause, c.reason, t.kind = 'true_up' as "isTrueUp"`;

const KEY = 'deal_key, revision, component, kind, beneficiary';
const KEY_DOWN = 'deal_key desc, revision desc, component desc, kind desc, beneficiary desc';
const AFTER = `(:afterDeal::bigint is null or (${KEY})
              < (:afterDeal, :afterRevision::smallint, :afterComponent::smallint, :afterKind::smallint, :afterBeneficiary::integer))`;

const BOOKED = `
  join commissions.bookings b on b.deal_key = r.deal_key and b.revision = r.revision
  join commissions.batches t on t.key = b.batch_key
  left join commissions.corrections c on c.batch_key = b.batch_key
 order by r.deal_key desc, r.revision desc, r.component desc, r.kind desc, r.beneficiary desc`;

/** Everybody's rebates behind one of them, by the primary key. */
export const rebatesOfAll = query(
  'commissions.rebates_of_all',
  rebateRow,
  `
  select ${COLUMNS}
    from (select * from commissions.rebates where ${AFTER} order by ${KEY_DOWN} limit :limit) r
  ${BOOKED}`,
);

/** Those of one beneficiary, by the index of beneficiaries. */
export const rebatesOfBeneficiary = query(
  'commissions.rebates_of_beneficiary',
  rebateRow,
  `
  select ${COLUMNS}
    from (select * from commissions.rebates
           where beneficiary = :beneficiary and kind = :kind and (:dealKey::bigint is null or deal_key = :dealKey) and ${AFTER}
             and (:afterDeal::bigint is null or deal_key <= :afterDeal)
           order by ${KEY_DOWN} limit :limit) r
  ${BOOKED}`,
);

/** Those of one deal. */
export const rebatesOfDeal = query(
  'commissions.rebates_of_deal',
  rebateRow,
  `
  select ${COLUMNS}
    from (select * from commissions.rebates where deal_key = :dealKey and ${AFTER} order by ${KEY_DOWN} limit :limit) r
  ${BOOKED}`,
);
