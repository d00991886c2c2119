import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { LINES_PER_BATCH } from '../deals/rules.ts';

/** A breach: whom it concerns, and what is wrong there. At most 100 of each rule. */
const finding = z.object({ subject: z.string(), detail: z.string() });

/** The further versions of a ticket are 1, 2, 3 …; version 0 is the addition, which may come last or not at all. */
export const dealVersionsBroken = query(
  'trading.verify_versions',
  finding,
  `
  select 'ticket ' || ticket || ' of server ' || server_key as subject,
         'has ' || count(*) || ' versions after the first, the last is ' || max(version) as detail
    from trading.deals where version > 0
   group by server_key, ticket having count(*) <> max(version)
   order by server_key, ticket limit 100`,
);

/** What is due is an addition that closes volume, or opens it where that may count, was found fit to be booked, and is not parked at the same time. */
export const dueAstray = query(
  'trading.verify_due',
  finding,
  `
  select 'deal ' || u.deal_key as subject,
         case when d.key is null then 'is due, and there is no such deal'
              when p.deal_key is not null then 'is due and parked at once'
              when d.version > 0 or (u.closed_volume = 0 and not c.opens) then 'is due, and is no addition that closes volume'
              else 'is due, although it was ' || d.handling || ' and nobody ran it again' end as detail
    from trading.due u
    left join trading.deals d on d.key = u.deal_key
    left join trading.parked p on p.deal_key = u.deal_key and p.resolved_at is null
   cross join trading.counting c
   where d.key is null or p.deal_key is not null or d.version > 0 or (u.closed_volume = 0 and not c.opens)
      or (d.handling <> 'due'
          and not exists (select from trading.amended m where m.deal_key = u.deal_key)
          and not exists (select from trading.parked h where h.deal_key = u.deal_key and h.resolution = 'due'))
   order by u.deal_key limit 100`,
);

/** A deal that was parked on delivery has a reason, and reasons belong to deals. */
export const parkedAstray = query(
  'trading.verify_parked',
  finding,
  `
  select 'deal ' || coalesce(d.key, p.deal_key) as subject,
         case when d.key is null then 'is parked, and there is no such deal' else 'was parked, and no reason is stored' end as detail
    from (select key from trading.deals where handling = 'parked') d
    full join (select distinct deal_key from trading.parked) p on p.deal_key = d.key
   where p.deal_key is null or (d.key is null and not exists (select from trading.deals e where e.key = p.deal_key))
   order by coalesce(d.key, p.deal_key) limit 100`,
);

/** A batch's answer stands: as many lines as it refused are kept, and no more deals came of it than it took. */
export const answersBroken = query(
  'trading.verify_answers',
  finding,
  `
  with stored as (
    select key / ${LINES_PER_BATCH} as batch_key, count(*) as deals from trading.deals group by key / ${LINES_PER_BATCH}
  ), refused as (
    select batch_key, count(*) as lines from trading.rejected_lines group by batch_key
  ), answered as (
    select key, (answer::json->>'accepted')::bigint + (answer::json->>'parked')::bigint as taken, (answer::json->>'rejected')::bigint as refused
      from trading.feed_batches
  )
  select 'feed batch ' || coalesce(a.key, s.batch_key, r.batch_key) as subject,
         case when a.key is null then 'has deals or refused lines, and was never answered'
              else 'took ' || a.taken || ' lines and refused ' || a.refused || '; ' || coalesce(s.deals, 0) || ' deals and '
                   || coalesce(r.lines, 0) || ' refused lines are stored' end as detail
    from answered a
    full join stored s on s.batch_key = a.key
    full join refused r on r.batch_key = coalesce(a.key, s.batch_key)
   where a.key is null or coalesce(s.deals, 0) > a.taken or coalesce(r.lines, 0) <> a.refused
   order by coalesce(a.key, s.batch_key, r.batch_key) limit 100`,
);

/** The ranges of seqs that were seen of a source neither overlap nor touch. */
export const seqsBroken = query(
  'trading.verify_seqs',
  finding,
  `
  select 'source ' || source_key as subject, 'has seen ' || first_seq || ' to ' || last_seq || ' beside a range that ends at ' || before as detail
    from (select source_key, first_seq, last_seq,
                 max(last_seq) over (partition by source_key order by first_seq rows between unbounded preceding and 1 preceding) as before
            from trading.feed_seqs) ranges
   where first_seq <= before + 1
   order by source_key, first_seq limit 100`,
);

/** Of a name one row holds at a time. */
export const mappingsOverlap = query(
  'trading.verify_mappings',
  finding,
  `
  select subject, 'holds twice at ' || valid_from as detail
    from (select subject, valid_from, max(valid_to) over (
            partition by subject order by valid_from, valid_to rows between unbounded preceding and 1 preceding) as before
            from (select 'symbol ' || raw_name || ' of server ' || server_key as subject, valid_from, valid_to from trading.symbols
                  union all
                  select 'group ' || name || ' of server ' || server_key, valid_from, valid_to from trading.account_groups) mapped) ordered
   where before > valid_from
   order by subject limit 100`,
);

/** For people: how much there is to check. */
export const countDeals = query(
  'trading.count_deals',
  z.object({ deals: z.bigint() }),
  `select count(*) as deals from trading.deals`,
);
