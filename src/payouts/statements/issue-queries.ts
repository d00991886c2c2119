import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/** Sums are numeric and travel as text: those of many rows may pass 64 bits. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

const nothing = z.object({});

/**
 * What beneficiaries' entries come to in a cycle, by currency: those of batches up to its cut that were earned before its end, less
 * those of which the statement before told by the same rule. With a hash over the lines, in an order that is total. Who has
 * none is among them where enough is carried over. Where the statement before is of a cycle that drew its line later there is none
 * now: lines and ends only rise from one to the next, or what lies between the lines would be told of twice. The next cycle reads
 * once more what this one read.
 */
export const figuresOf = query(
  'payouts.figures_of',
  z.object({
    kind: z.int(),
    party: z.int(),
    currency: Currency,
    previousKey: z.bigint().nullable(),
    startsAt: z.date().nullable(),
    openingUnits: z.bigint(),
    earningUnits: sum,
    adjustmentUnits: sum,
    lines: z.int(),
    linesHash: z.string(),
    firstDeal: z.bigint().nullable(),
    lastDeal: z.bigint().nullable(),
    firstAward: z.bigint().nullable(),
    lastAward: z.bigint().nullable(),
  }),
  `
  with parties as materialized (
    select * from unnest(:kinds::smallint[], :parties::integer[], :firstDeals::bigint[], :lastDeals::bigint[],
                         :firstAwards::bigint[], :lastAwards::bigint[])
      as p (kind, party, first_deal, last_deal, first_award, last_award)
  ), latest as (
    select distinct on (s.kind, s.party, s.currency) s.key, s.kind, s.party, s.currency, s.ends_at, s.cut_batch, s.carried_units, s.carries
      from parties p join payouts.statements s on s.kind = p.kind and s.party = p.party
     order by s.kind, s.party, s.currency, s.ends_at desc
  ), kept_open as (
    update payouts.cycles c set open_from = least(c.open_from, c.read_from)
     where c.key = :cycleKey and exists (select from latest l where l.ends_at < :endsAt and l.cut_batch > :cutBatch)
  ), candidates as (
    -- One range of an index for each of them: "offset 0" keeps it from becoming a join with everybody's entries.
    select e.* from parties p cross join lateral (
      select kind, beneficiary as party, source, source_key, revision, component, depth, units, earned_at, currency, batch_key
        from commissions.entries e
       where e.source = 'trade' and e.kind = p.kind and e.beneficiary = p.party and e.source_key between p.first_deal and p.last_deal
         and e.batch_key <= :cutBatch and e.earned_at < :endsAt offset 0) e
    union all
    select e.* from parties p cross join lateral (
      select kind, beneficiary, source, source_key, revision, component, depth, units, earned_at, currency, batch_key
        from commissions.entries e
       where e.source = 'award' and e.kind = p.kind and e.beneficiary = p.party and e.source_key between p.first_award and p.last_award
         and e.batch_key <= :cutBatch and e.earned_at < :endsAt offset 0) e
  ), mine as (
    select c.*, l.ends_at as starts_at
      from candidates c left join latest l using (kind, party, currency)
     where l.key is null
        or (l.ends_at < :endsAt and l.cut_batch <= :cutBatch and not (c.batch_key <= l.cut_batch and c.earned_at < l.ends_at))
  ), sums as (
    select kind, party, currency, count(*)::integer as lines,
           coalesce(sum(units) filter (where starts_at is null or earned_at >= starts_at), 0) as earning_units,
           coalesce(sum(units) filter (where earned_at < starts_at), 0) as adjustment_units,
           encode(sha256(convert_to(string_agg(
             concat_ws('|', source, source_key, revision, component, depth, (extract(epoch from earned_at) * 1000)::bigint, units),
             E'\\n' order by source collate "C", source_key, revision, component), 'UTF8')), 'hex') as lines_hash,
           min(source_key) filter (where source = 'trade') as first_deal, max(source_key) filter (where source = 'trade') as last_deal,
           min(source_key) filter (where source = 'award') as first_award, max(source_key) filter (where source = 'award') as last_award
      from mine group by kind, party, currency
  )
  select kind, party, currency, l.key as "previousKey", l.ends_at as "startsAt", coalesce(l.carried_units, 0) as "openingUnits",
         coalesce(s.earning_units, 0)::text as "earningUnits", coalesce(s.adjustment_units, 0)::text as "adjustmentUnits",
         coalesce(s.lines, 0) as lines, coalesce(s.lines_hash, encode(sha256(''::bytea), 'hex')) as "linesHash",
         s.first_deal as "firstDeal", s.last_deal as "lastDeal", s.first_award as "firstAward", s.last_award as "lastAward"
    from sums s full join (select * from latest where ends_at < :endsAt and cut_batch <= :cutBatch) l using (kind, party, currency)
   where s.lines is not null or (l.carries and :withCarried::boolean)
   order by kind, party, currency`,
);

/** The newest statement of each of these beneficiaries, in whatever currency. */
export const chainEnds = query(
  'payouts.chain_ends',
  z.object({ kind: z.int(), party: z.int(), number: z.int(), hash: z.string() }),
  `
  select p.kind, p.party, s.number, s.hash
    from unnest(:kinds::smallint[], :parties::integer[]) as p (kind, party)
    join lateral (select number, hash from payouts.statements s where s.kind = p.kind and s.party = p.party order by number desc limit 1) s on true`,
);

export const insertStatements = query(
  'payouts.insert_statements',
  nothing,
  `
  with inserted as (
    insert into payouts.statements
      (id, kind, party, number, currency, cycle_key, previous_key, starts_at, ends_at, cut_batch, issued_at, opening_units, earning_units,
       adjustment_units, payable_units, carried_units, carries, netted_units, lines, first_deal, last_deal, first_award, last_award,
       document, hash, previous_hash, kid, signature)
    select s.id, s.kind, s.party, s.number, s.currency, :cycleKey, s.previous_key, s.starts_at, :endsAt, :cutBatch, :issuedAt,
           s.opening, s.earning, s.adjustment, s.payable, s.carried, s.carries, s.netted, s.lines, s.first_deal, s.last_deal,
           s.first_award, s.last_award, s.document, s.hash, s.previous_hash, :kid, s.signature
      from unnest(:ids::uuid[], :kinds::smallint[], :parties::integer[], :numbers::integer[], :currencies::text[], :previousKeys::bigint[],
                  :startsAts::timestamptz[], :openings::bigint[], :earnings::bigint[], :adjustments::bigint[], :payables::bigint[],
                  :carrieds::bigint[], :carries::boolean[], :netteds::bigint[], :lines::integer[], :firstDeals::bigint[], :lastDeals::bigint[],
                  :firstAwards::bigint[], :lastAwards::bigint[], :documents::text[], :hashes::text[], :previousHashes::text[], :signatures::text[])
        as s (id, kind, party, number, currency, previous_key, starts_at, opening, earning, adjustment, payable, carried, carries, netted,
              lines, first_deal, last_deal, first_award, last_award, document, hash, previous_hash, signature)
     order by s.kind, s.party, s.number
    returning key
  )
  insert into payouts.statement_notices (statement_key) select key from inserted where :isTold::boolean`,
);
