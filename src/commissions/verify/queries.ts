import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { TRUE_UP_COMPONENT } from '../contract.ts';

/** A breach: whom it concerns, and what is wrong there. */
const finding = z.object({ subject: z.string(), detail: z.string() });
/** Sums are numeric and travel as text: those of many rows may pass 64 bits. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

export const bookedDeals = query(
  'commissions.booked_deals',
  z.object({ dealKey: z.bigint() }),
  `
  select distinct deal_key as "dealKey" from commissions.bookings
   where deal_key > :after and deal_key <= :upTo
   order by deal_key limit :limit`,
);

/** What each component shares in all, its true-up included, over all revisions of the booking, and in how many rebates. */
export const sharesOfComponents = query(
  'commissions.shares_of_components',
  z.object({ dealKey: z.bigint(), component: z.int(), units: sum, rebates: z.int() }),
  `
  select deal_key as "dealKey", component % ${TRUE_UP_COMPONENT} as component, sum(units)::text as units, count(*)::integer as rebates
    from commissions.rebates where deal_key > :after and deal_key <= :upTo
   group by 1, 2 order by 1, 2`,
);

/**
 * All revisions of a deal together are what its latest one says that it earned, and that IBs, client and house got of it; rows
 * from before say only the first.
 */
export const notConserved = query(
  'commissions.verify_conserved',
  finding,
  `
  with live as (
    select distinct on (deal_key) deal_key, revision, earning_units, array[ib_units, client_units, house_units] as said
      from commissions.bookings where deal_key > :after and deal_key <= :upTo
     order by deal_key, revision desc
  ), shared as (
    select deal_key, sum(units) as units,
           array[coalesce(sum(units) filter (where kind = 1), 0), coalesce(sum(units) filter (where kind = 2), 0),
                 coalesce(sum(units) filter (where kind = 3), 0)]::bigint[] as parts
      from commissions.rebates where deal_key > :after and deal_key <= :upTo group by deal_key
  )
  select 'deal ' || l.deal_key as subject,
         case when l.earning_units <> coalesce(s.units, 0)
              then 'earned ' || l.earning_units || ' units, its rebates add up to ' || coalesce(s.units, 0)
              else 'says that IBs, client and house got ' || array_to_string(l.said, ', ') || ', its rebates give them '
                   || coalesce(array_to_string(s.parts, ', '), 'nothing') end as detail
    from live l left join shared s using (deal_key)
   where l.earning_units <> coalesce(s.units, 0)
      or (l.said[1] is not null and l.said <> coalesce(s.parts, array[0, 0, 0]::bigint[]))
   order by l.deal_key limit :limit`,
);

/** A booking that earned nothing says why, and only such a one does. */
export const reasonsMissing = query(
  'commissions.verify_reasons',
  finding,
  `
  select 'deal ' || b.deal_key || ' revision ' || b.revision as subject,
         case when u.reason is null then 'earned nothing, and no reason is stored'
              else 'earned ' || b.earning_units || ' units, and says that it is not paid: ' || u.reason end as detail
    from commissions.bookings b
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   where b.deal_key > :after and b.deal_key <= :upTo and (b.earning_units = 0) <> (u.reason is not null)
   order by b.deal_key, b.revision limit :limit`,
);

/** A first booking has rebates above 0 only; a correction never takes more than there was. */
export const rebatesBelowZero = query(
  'commissions.verify_rebates_above_zero',
  finding,
  `
  select 'deal ' || deal_key as subject,
         'component ' || component % ${TRUE_UP_COMPONENT} || ', kind ' || kind || ', beneficiary ' || beneficiary || ': ' || sum(units) || ' units in all' as detail
    from commissions.rebates where deal_key > :after and deal_key <= :upTo
   group by deal_key, component % ${TRUE_UP_COMPONENT}, kind, beneficiary
  having sum(units) < 0 or bool_or(revision = 0 and units <= 0)
   order by deal_key limit :limit`,
);

/** Counters stand at what the last revisions of trades say that they counted; deposits are no trade's. */
export const countersAstray = query(
  'commissions.verify_counters',
  finding,
  `
  with counted as (
    select s.plan_key, c ->> 'component' as component, c ->> 'measure' as measure, (c ->> 'owner')::integer as owner,
           c ->> 'subject' as subject, date '1970-01-01' + (c ->> 'day')::integer as day, sum((c ->> 'units')::numeric) as units
      from commissions.standings s
     cross join lateral jsonb_array_elements(s.standing::jsonb -> 'counts') as c
     where not exists (select from commissions.bookings b where b.deal_key = s.deal_key and b.revision > s.revision)
     group by 1, 2, 3, 4, 5, 6
  ), stands as (
    select * from commissions.counters where measure not in ('deposits', 'deposits_of') and units <> 0
  )
  select concat_ws(' ', 'plan', plan_key, component, measure, 'of', owner, subject, 'on', day) as subject,
         'stands at ' || coalesce(s.units, 0) || ', its trades counted ' || coalesce(c.units, 0) as detail
    from stands s
    full join counted c using (plan_key, component, measure, owner, subject, day)
   where coalesce(s.units, 0) <> coalesce(c.units, 0)
   order by 1 limit :limit`,
);

/** Revisions are 0, 1, 2 … */
export const revisionsBroken = query(
  'commissions.verify_revisions',
  finding,
  `
  select 'deal ' || deal_key as subject, count(*) || ' revisions, the last is ' || max(revision) as detail
    from commissions.bookings where deal_key > :after and deal_key <= :upTo
   group by deal_key having count(*) <> max(revision) + 1 or min(revision) <> 0
   order by deal_key limit :limit`,
);

/** Rebates and reasons belong to a booking, and bookings to a batch. */
export const rowsAstray = query(
  'commissions.verify_rows_have_booking',
  finding,
  `
  select 'deal ' || deal_key || ' revision ' || revision as subject, detail
    from (select deal_key, revision, 'a rebate without a booking' as detail from commissions.rebates
           where deal_key > :after and deal_key <= :upTo
          union
          select deal_key, revision, 'a reason without a booking' from commissions.unpaid
           where deal_key > :after and deal_key <= :upTo
          except
          (select deal_key, revision, 'a rebate without a booking' from commissions.bookings
            where deal_key > :after and deal_key <= :upTo
           union all
           select deal_key, revision, 'a reason without a booking' from commissions.bookings
            where deal_key > :after and deal_key <= :upTo)) astray
   order by deal_key, revision limit :limit`,
);

/** Batches by their keys, with the number of trades each says it booked. */
export const pageOfBatches = query(
  'commissions.page_of_batches',
  z.object({ key: z.bigint() }),
  `
  select key from commissions.batches where key > :after order by key limit :limit`,
);

/** A batch has the bookings that it says; bookings of a batch that does not exist are found from their own side. */
export const batchesIncomplete = query(
  'commissions.verify_batches',
  finding,
  `
  with counted as (
    select batch_key, count(*) as trades from commissions.bookings
     where batch_key > :after and batch_key <= :upTo group by batch_key
  ), said as (
    select key, trades from commissions.batches where key > :after and key <= :upTo
  )
  select 'booking_batch/' || coalesce(s.key, c.batch_key) as subject,
         'says ' || coalesce(s.trades::text, 'nothing') || ', has ' || coalesce(c.trades, 0) || ' bookings' as detail
    from said s full join counted c on c.batch_key = s.key
   where s.trades is distinct from coalesce(c.trades, 0)
   order by coalesce(s.key, c.batch_key) limit :limit`,
);

/** What the sub-ledger says that a batch owes to each beneficiary, by trades and awards; the house's part moves no money. */
export const owedByBatches = query(
  'commissions.owed_by_batches',
  z.object({ batchKey: z.bigint(), kind: z.int(), beneficiary: z.int(), currency: z.string().nullable(), units: sum }),
  `
  select batch_key as "batchKey", kind, beneficiary, currency, sum(units)::text as units
    from (select b.batch_key, r.kind, r.beneficiary, v.definition->>'currency' as currency, r.units
            from commissions.bookings b
            join commissions.rebates r on r.deal_key = b.deal_key and r.revision = b.revision
            left join commissions.plan_versions v on v.key = b.plan_version_key
           where b.batch_key > :after and b.batch_key <= :upTo and r.kind <> 3
          union all
          select a.batch_key, w.kind, w.beneficiary, a.currency, w.units
            from commissions.awards a
            join commissions.award_rebates w on w.award_key = a.key
           where a.batch_key > :after and a.batch_key <= :upTo and w.kind <> 3) owed
   group by batch_key, kind, beneficiary, currency
   order by batch_key, kind, beneficiary`,
);

export const batchesNamed = query(
  'commissions.batches_named',
  z.object({ key: z.bigint() }),
  `
  select key from commissions.batches where key = any (:keys::bigint[])`,
);
