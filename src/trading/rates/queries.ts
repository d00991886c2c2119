import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Adds quotations that are not stored yet; gives of those given how many are stored with the same figure, and with another one. */
export const insertRates = query(
  'trading.insert_rates',
  z.object({ added: z.int(), known: z.int(), different: z.int() }),
  `
  with given as (
    select base, quote, rate, source, at
      from unnest(:bases::text[], :quotes::text[], :rates::numeric[], :sources::text[], :ats::timestamptz[]) as g (base, quote, rate, source, at)
  ), before as (
    select r.rate = g.rate as same from given g join trading.rates r using (base, quote, at, source)
  ), pairs as (
    insert into trading.rate_pairs (base, quote) select distinct base, quote from given on conflict do nothing
  ), added as (
    insert into trading.rates (base, quote, rate, source, at) select base, quote, rate, source, at from given
    on conflict do nothing returning 1
  )
  select (select count(*)::integer from added) as added, (select count(*)::integer from before where same) as known,
         (select count(*)::integer from before where not same) as different`,
);

/** For each wish the latest quotation, at its instant or before, of every pair that has one of its two currencies. */
export const ratesFor = query(
  'trading.rates_for',
  z.object({
    place: z.bigint(),
    key: z.bigint(),
    base: z.string(),
    quote: z.string(),
    rate: z.string(),
    source: z.string(),
    at: z.date(),
  }),
  `
  select a.place, r.key, p.base, p.quote, r.rate::text as rate, r.source, r.at
    from unnest(:froms::text[], :tos::text[], :ats::timestamptz[]) with ordinality as a (from_currency, to_currency, at, place)
    join trading.rate_pairs p
      on p.base in (a.from_currency, a.to_currency) or p.quote in (a.from_currency, a.to_currency)
   cross join lateral (
           select key, rate, source, at from trading.rates r
            where r.base = p.base and r.quote = p.quote and r.at <= a.at
            order by r.at desc, r.key desc limit 1) r
   order by a.place, p.base, p.quote`,
);
