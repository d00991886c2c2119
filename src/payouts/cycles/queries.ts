import { z } from 'zod';
import { query } from '../../platform/query.ts';

const nothing = z.object({});

/**
 * Signatures whose cycles may still come: of a schedule that none followed before the last end for which a cycle was begun; and
 * those with a cycle that is not done.
 */
export const signatures = query(
  'payouts.signatures',
  z.object({ signature: z.string(), lastEnd: z.date().nullable(), isOpen: z.boolean() }),
  `
  with ends as (
    select signature, max(ends_at) as last_end, bool_or(done_at is null) as is_open from payouts.cycles group by signature
  ), used as (
    select s.signature from payouts.schedules s left join ends e using (signature)
     where s.signature is not null
       and not exists (select from payouts.schedules n
                        where n.kind = s.kind and n.party = s.party and n.valid_from > s.valid_from and n.valid_from <= e.last_end)
    union
    select :first::text
     where not exists (select from payouts.schedules n join ends e on e.signature = :first
                        where n.kind = 0 and n.valid_from <= e.last_end)
    union
    select signature from ends where is_open
  )
  select u.signature, e.last_end as "lastEnd", coalesce(e.is_open, false) as "isOpen"
    from used u left join ends e using (signature)
   order by u.signature`,
);

const cycleRow = z.object({
  key: z.int(),
  signature: z.string(),
  endsAt: z.date(),
  cutBatch: z.bigint(),
  cutAt: z.date(),
  readFrom: z.bigint(),
  openFrom: z.bigint(),
  readTo: z.bigint(),
  afterKind: z.int(),
  afterParty: z.int(),
});

/** One at a time works on a tenant's cycles: to be taken before any other lock. */
export const lockCycles = query(
  'payouts.lock_cycles',
  nothing,
  `select from (select pg_advisory_xact_lock(hashtext('payouts.cycles'))) as held`,
);

/** The earliest cycle of a signature that is not done. */
export const openCycle = query(
  'payouts.open_cycle',
  cycleRow,
  `
  select key, signature, ends_at as "endsAt", cut_batch as "cutBatch", cut_at as "cutAt", read_from as "readFrom",
         open_from as "openFrom", read_to as "readTo", after_kind as "afterKind", after_party as "afterParty"
    from payouts.cycles
   where signature = :signature and done_at is null
   order by ends_at limit 1`,
);

/**
 * Begins a cycle. It reads from where the one before left something open; from the very first batch where there is none, or
 * where schedules changed since, by which somebody may have come in who was not in it.
 */
export const insertCycle = query(
  'payouts.insert_cycle',
  nothing,
  `
  with before as (
    select ends_at, open_from from payouts.cycles where signature = :signature and ends_at < :endsAt order by ends_at desc limit 1
  ), start as (
    select coalesce((select b.open_from from before b
                      where not exists (select from payouts.schedules s where s.valid_from > b.ends_at and s.valid_from <= :endsAt)), 0) as batch
  )
  insert into payouts.cycles (signature, ends_at, cut_batch, cut_at, read_from, open_from, read_to)
  select :signature, :endsAt, :cutBatch, :cutAt, batch, :cutBatch::bigint + 1, batch - 1 from start`,
);

/** The last end for which a cycle of a signature was begun. */
export const lastEnd = query(
  'payouts.last_end',
  z.object({ endsAt: z.date().nullable() }),
  `select max(ends_at) as "endsAt" from payouts.cycles where signature = :signature`,
);

/** How far to read at a time: batches up to a number of trades, and never more than a number of batches. */
export const batchesToRead = query(
  'payouts.next_batches',
  z.object({ upTo: z.bigint().nullable() }),
  `
  select max(key) as "upTo"
    from (select key, sum(trades) over (order by key) - trades as before
            from (select key, trades from commissions.batches where key > :after and key <= :cutBatch order by key limit :batchesMax) b) counted
   where before < :tradesMax`,
);

/** Notes who has entries in a range of batches, and between which keys; what belongs to later periods keeps the range open. */
export const readBatches = query(
  'payouts.read_batches',
  nothing,
  `
  with entries as materialized (
    select kind, beneficiary, source, source_key, batch_key, earned_at < :endsAt as is_in
      from commissions.entries
     where batch_key > :after and batch_key <= :upTo and kind in (1, 2)
  ), noted as (
    insert into payouts.cycle_parties as p (cycle_key, kind, party, entries, first_deal, last_deal, first_award, last_award)
    select :cycleKey, kind, beneficiary, count(*),
           min(source_key) filter (where source = 'trade'), max(source_key) filter (where source = 'trade'),
           min(source_key) filter (where source = 'award'), max(source_key) filter (where source = 'award')
      from entries where is_in
     group by kind, beneficiary
    on conflict (cycle_key, kind, party) do update
      set entries = p.entries + excluded.entries,
          first_deal = least(p.first_deal, excluded.first_deal), last_deal = greatest(p.last_deal, excluded.last_deal),
          first_award = least(p.first_award, excluded.first_award), last_award = greatest(p.last_award, excluded.last_award)
  )
  update payouts.cycles c
     set read_to = :upTo, open_from = least(c.open_from, (select min(batch_key) from entries where not is_in))
   where c.key = :cycleKey`,
);

const candidate = z.object({
  kind: z.int(),
  party: z.int(),
  entries: z.bigint(),
  firstDeal: z.bigint().nullable(),
  lastDeal: z.bigint().nullable(),
  firstAward: z.bigint().nullable(),
  lastAward: z.bigint().nullable(),
  isMember: z.boolean(),
});

/**
 * The next of those who have entries, and, where asked, of those from whom something is carried over; whether the cycle is theirs
 * is what their schedule says as of its end.
 */
export const nextCandidates = query(
  'payouts.next_candidates',
  candidate,
  `
  with candidates as (
    (select p.kind, p.party, p.entries, p.first_deal, p.last_deal, p.first_award, p.last_award
       from payouts.cycle_parties p
      where p.cycle_key = :cycleKey and (p.kind, p.party) > (:afterKind::smallint, :afterParty::integer)
      order by p.kind, p.party limit :limit)
    union all
    (select distinct s.kind, s.party, 0::bigint, null::bigint, null::bigint, null::bigint, null::bigint
       from payouts.statements s
      where :withCarried::boolean and s.carries and (s.kind, s.party) > (:afterKind::smallint, :afterParty::integer)
        and not exists (select from payouts.statements n where n.previous_key = s.key)
        and not exists (select from payouts.cycle_parties p where p.cycle_key = :cycleKey and p.kind = s.kind and p.party = s.party)
      order by s.kind, s.party limit :limit)
    order by 1, 2 limit :limit
  )
  select c.kind, c.party, c.entries, c.first_deal as "firstDeal", c.last_deal as "lastDeal", c.first_award as "firstAward",
         c.last_award as "lastAward",
         coalesce(own.signature,
                  (select d.signature from payouts.schedules d where d.kind = 0 and d.valid_from <= :endsAt order by d.valid_from desc limit 1),
                  :first::text) = :signature as "isMember"
    from candidates c
    left join lateral (select s.signature from payouts.schedules s
                        where s.kind = c.kind and s.party = c.party and s.valid_from <= :endsAt
                        order by s.valid_from desc limit 1) own on true
   order by c.kind, c.party`,
);

/** Everybody up to here has his statement. */
export const moveCycle = query(
  'payouts.move_cycle',
  nothing,
  `update payouts.cycles set after_kind = :afterKind, after_party = :afterParty where key = :cycleKey`,
);

/** The cycle is done, and what it noted is of no more use. */
export const endCycle = query(
  'payouts.end_cycle',
  nothing,
  `
  with noted as (delete from payouts.cycle_parties where cycle_key = :cycleKey)
  update payouts.cycles set done_at = clock_timestamp() where key = :cycleKey`,
);
