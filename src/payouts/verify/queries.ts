import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/** A breach: whom it concerns, and what is wrong there. */
const finding = z.object({ subject: z.string(), detail: z.string() });
/** Sums are numeric and travel as text: those of many rows may pass 64 bits. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

/** Numbers are 1, 2, 3 … of each beneficiary. */
export const numbersBroken = query(
  'payouts.verify_numbers',
  finding,
  `
  select 'statements of ' || case kind when 1 then 'IB ' else 'client ' end || party as subject,
         count(*) || ' statements, the last is ' || max(number) as detail
    from payouts.statements group by kind, party having count(*) <> max(number) or min(number) <> 1
   order by kind, party limit 100`,
);

/** Each names the hash of the one before. */
export const statementChainBroken = query(
  'payouts.verify_chain',
  finding,
  `
  select 'statement ' || s.key as subject, 'names another hash than that of the one before' as detail
    from payouts.statements s
    join payouts.statements b on b.kind = s.kind and b.party = s.party and b.number = s.number - 1
   where s.previous_hash is distinct from b.hash or s.document::jsonb ->> 'previous' is distinct from b.hash
   order by s.key limit 100`,
);

/** What one carries over the next of its currency begins with, where the one before ended. */
export const carriedBroken = query(
  'payouts.verify_carried',
  finding,
  `
  select 'statement ' || s.key as subject,
         'begins with ' || s.opening_units || ' units, the one before carried over ' || coalesce(b.carried_units, 0) as detail
    from payouts.statements s
    left join payouts.statements b on b.key = s.previous_key
   where s.opening_units <> coalesce(b.carried_units, 0) or s.starts_at is distinct from b.ends_at
      or (b.key is not null and (b.kind, b.party, b.currency) <> (s.kind, s.party, s.currency))
      or (b.key is null and exists (select from payouts.statements o
                                     where o.kind = s.kind and o.party = s.party and o.currency = s.currency and o.ends_at < s.ends_at))
   order by s.key limit 100`,
);

/** What beneficiaries earned in all and what was paid to them, of a range of keys. */
export const owedOfParties = query(
  'payouts.owed_of_parties',
  z.object({ party: z.int(), currency: Currency, earned: sum, paid: sum }),
  `
  with earned as (
    select beneficiary as party, currency, sum(units) as units from commissions.entries
     where kind = :kind and beneficiary > :after and beneficiary <= :upTo group by beneficiary, currency
  ), paid as (
    select s.party, s.currency, sum(p.units) as units
      from payouts.paid_statements p join payouts.statements s on s.key = p.statement_key
     where s.kind = :kind and s.party > :after and s.party <= :upTo group by s.party, s.currency
  )
  select party, currency, coalesce(e.units, 0)::text as earned, coalesce(p.units, 0)::text as paid
    from earned e full join paid p using (party, currency) order by party, currency`,
);

/** What statements told of by their own words, and what by the cuts no statement tells of yet. */
export const toldOfParties = query(
  'payouts.told_of_parties',
  z.object({ party: z.int(), currency: Currency, told: sum, open: sum }),
  `
  with told as (
    select party, currency, sum(earning_units + adjustment_units) as units, max(ends_at) as ends_at from payouts.statements
     where kind = :kind and party > :after and party <= :upTo group by party, currency
  ), open as (
    select e.beneficiary as party, e.currency, sum(e.units) as units
      from commissions.entries e
      left join told t on t.party = e.beneficiary and t.currency = e.currency
      left join payouts.statements l on l.kind = e.kind and l.party = e.beneficiary and l.currency = e.currency and l.ends_at = t.ends_at
     where e.kind = :kind and e.beneficiary > :after and e.beneficiary <= :upTo
       and (l.key is null or not (e.batch_key <= l.cut_batch and e.earned_at < l.ends_at))
     group by e.beneficiary, e.currency
  )
  select party, currency, coalesce(t.units, 0)::text as told, coalesce(o.units, 0)::text as open
    from told t full join open o using (party, currency) order by party, currency`,
);

export const countStatements = query(
  'payouts.count_statements',
  z.object({ statements: z.bigint() }),
  `select count(*) as statements from payouts.statements`,
);
