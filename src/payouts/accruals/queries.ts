import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/** Sums are numeric and travel as text: those of many rows may pass 64 bits. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

/** The newest statement of a beneficiary in each currency: what it or one before tells of is stated. */
const LATEST = `
  latest as (
    select distinct on (currency) currency, key, ends_at, cut_batch
      from payouts.statements where kind = :kind and party = :party
     order by currency, ends_at desc
  )` as const;

const DISPUTED = `exists (select from payouts.disputed_entries d
                  where d.source = e.source and d.source_key = e.source_key and d.revision = e.revision
                    and d.component = e.component and d.kind = e.kind and d.beneficiary = e.beneficiary)` as const;

/** What no statement tells of yet, added up by all that decides over its state. */
export const openSums = query(
  'payouts.open_sums',
  z.object({
    currency: Currency,
    stage: z.enum(['pending', 'held', 'available']),
    isDisputed: z.boolean(),
    isReversed: z.boolean(),
    units: sum,
    above: sum,
  }),
  `
  with ${LATEST}, open as (
    select e.currency, e.units,
           case when e.earned_at >= :pendingFrom then 'pending' when e.earned_at >= :heldFrom then 'held' else 'available' end as stage,
           ${DISPUTED} as is_disputed,
           sum(e.units) over parts = 0 and count(*) over parts > 1 as is_reversed
      from commissions.entries e
      left join latest l on l.currency = e.currency
     where e.kind = :kind and e.beneficiary = :party
       and (l.key is null or not (e.batch_key <= l.cut_batch and e.earned_at < l.ends_at))
    window parts as (partition by e.currency, e.source, e.source_key, e.component)
  )
  select currency, stage, is_disputed as "isDisputed", is_reversed as "isReversed", sum(units)::text as units,
         coalesce(sum(units) filter (where units > 0), 0)::text as above
    from open group by currency, stage, is_disputed, is_reversed
   order by currency`,
);

/** What statements say, by currency: paid, to be paid, carried over from the last one. */
export const statedSums = query(
  'payouts.stated_sums',
  z.object({ currency: Currency, paid: sum, unpaid: sum, carried: sum }),
  `
  select s.currency,
         coalesce(sum(s.payable_units) filter (where p.statement_key is not null), 0)::text as paid,
         coalesce(sum(s.payable_units) filter (where p.statement_key is null), 0)::text as unpaid,
         coalesce(sum(s.carried_units) filter (where not exists (select from payouts.statements n where n.previous_key = s.key)), 0)::text as carried
    from payouts.statements s
    left join (select distinct statement_key from payouts.paid_statements) p on p.statement_key = s.key
   where s.kind = :kind and s.party = :party
   group by s.currency order by s.currency`,
);

/** Of an entry: the first statement that tells of it, and whether the first that pays from there on is paid. */
const STATED = `
  left join lateral (
    select s.key, s.id, s.ends_at from payouts.statements s
     where s.kind = e.kind and s.party = e.beneficiary and s.currency = e.currency and s.ends_at > e.earned_at and s.cut_batch >= e.batch_key
     order by s.ends_at limit 1) stated on true
  left join lateral (
    select exists (select from payouts.paid_statements p where p.statement_key = m.key) as is_paid
      from payouts.statements m
     where m.kind = e.kind and m.party = e.beneficiary and m.currency = e.currency and m.ends_at >= stated.ends_at and m.payable_units > 0
     order by m.ends_at limit 1) payer on true` as const;

/** Disputed entries of which a statement tells that is not paid. */
export const disputedInStatements = query(
  'payouts.disputed_in_statements',
  z.object({ currency: Currency, units: sum }),
  `
  select e.currency, sum(e.units)::text as units
    from payouts.disputed_entries d
    join commissions.entries e on e.source = d.source and e.source_key = d.source_key and e.revision = d.revision
     and e.component = d.component and e.kind = d.kind and e.beneficiary = d.beneficiary
    ${STATED}
   where d.kind = :kind and d.beneficiary = :party and stated.key is not null and not coalesce(payer.is_paid, false)
   group by e.currency order by e.currency`,
);

const entryRow = z.object({
  source: z.enum(['trade', 'award']),
  sourceKey: z.bigint(),
  revision: z.int(),
  component: z.int(),
  depth: z.int(),
  units: z.bigint(),
  currency: Currency,
  earnedAt: z.date(),
  planVersionKey: z.int().nullable(),
  statementId: z.string().nullable(),
  isPaid: z.boolean(),
  isDisputed: z.boolean(),
  isReversed: z.boolean(),
});

const ENTRY = `
  select e.source, e.source_key as "sourceKey", e.revision, e.component, e.depth, e.units, e.currency, e.earned_at as "earnedAt",
         e.plan_version_key as "planVersionKey", stated.id::text as "statementId", coalesce(payer.is_paid, false) as "isPaid",
         ${DISPUTED} as "isDisputed",
         exists (select from commissions.entries o
                  where o.source = e.source and o.source_key = e.source_key and o.component = e.component and o.kind = e.kind
                    and o.beneficiary = e.beneficiary and o.currency = e.currency and stated.key is null
                 having sum(o.units) = 0 and count(*) > 1) as "isReversed"` as const;
const OF_PARTY = `e.kind = :kind and e.beneficiary = :party
             and (:afterKey::bigint is null
                  or (e.source_key, e.revision, e.component) < (:afterKey, :afterRevision::smallint, :afterComponent::smallint))
             and (:afterKey::bigint is null or e.source_key <= :afterKey)
           order by e.source_key desc, e.revision desc, e.component desc limit :limit` as const;

/** A beneficiary's entries behind one of them, those of the newest first: trades, and then awards. */
export const tradeEntries = query(
  'payouts.trade_entries',
  entryRow,
  `${ENTRY}
    from (select * from commissions.entries e where e.source = 'trade' and ${OF_PARTY}) e
    ${STATED}
   order by e.source_key desc, e.revision desc, e.component desc`,
);
export const awardEntries = query(
  'payouts.award_entries',
  entryRow,
  `${ENTRY}
    from (select * from commissions.entries e where e.source = 'award' and ${OF_PARTY}) e
    ${STATED}
   order by e.source_key desc, e.revision desc, e.component desc`,
);
