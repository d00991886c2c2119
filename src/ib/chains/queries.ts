import { z } from 'zod';
import { query, validUntil } from '../../platform/query.ts';

const chainRow = z.object({
  knownAt: z.date().nullable(),
  place: z.int().nullable(),
  linkKey: z.int().nullable(),
  chain: z.string().nullable(),
});

/**
 * For each client and instant its link and the chain above, nearest first, as text: keys, those of IBs that were not
 * active with the first letter of their status behind. `offset 0` computes each instant once, `limit 1` keeps the planner at one probe of the links and one
 * range of closure_upline per pair, whatever its statistics say; who was ever not active is looked up in one hash. Text,
 * because a thousand short arrays cost the driver more than the query costs the database. A single snapshot gives all of
 * it and the instant of the knowledge it holds; the instant comes in a row of its own.
 */
export const chainsOf = query(
  'ib.chains_of',
  chainRow,
  `select recorded_at as "knownAt", null::integer as place, null::integer as "linkKey", null as chain from ib.structure
    union all
   select null, g.place::integer, k.key, (
         select string_agg(
                  case when c.ancestor_key in (select ib_key from ib.statuses where superseded_at = 'infinity')
                       then c.ancestor_key || coalesce((
                              select left(status, 1) from ib.statuses
                               where ib_key = c.ancestor_key and superseded_at = 'infinity'
                                 and valid_from <= g.at and g.at < valid_to), '')
                       else c.ancestor_key::text
                  end, ' ' order by c.depth)
           from ib.closure c
          where c.descendant_key = k.ib_key and c.superseded_at = 'infinity' and c.valid_from <= g.at and g.at < c.valid_to
       ) as chain
         from (select client_key, to_timestamp(at_ms::double precision / 1000) as at, place
                 from unnest(:clientKeys::integer[], :atMs::bigint[]) with ordinality as u (client_key, at_ms, place)
               offset 0) g
        cross join lateral (
          select key, ib_key from ib.client_links
           where client_key = g.client_key and superseded_at = 'infinity' and valid_from <= g.at and g.at < valid_to
           limit 1
        ) k`,
);

/**
 * The same as it was known at an earlier instant. What was superseded since has indexes of its own, which is why each
 * table is asked twice; at most one of the two answers.
 */
export const chainsKnownAt = query(
  'ib.chains_known_at',
  chainRow,
  `select recorded_at as "knownAt", null::integer as place, null::integer as "linkKey", null as chain from ib.structure
    union all
   select null, g.place::integer, k.key, (
         select string_agg(c.ancestor_key || coalesce(left(o.status, 1), ''), ' ' order by c.depth)
           from (select ancestor_key, depth from ib.closure
                  where descendant_key = k.ib_key and superseded_at = 'infinity' and valid_from <= g.at and g.at < valid_to
                    and recorded_at <= :knownAt::timestamptz
                 union all
                 select ancestor_key, depth from ib.closure
                  where descendant_key = k.ib_key and superseded_at < 'infinity' and valid_from <= g.at and g.at < valid_to
                    and recorded_at <= :knownAt::timestamptz and :knownAt::timestamptz < superseded_at) c
           left join ib.statuses o on o.ib_key = c.ancestor_key and o.valid_from <= g.at and g.at < o.valid_to
                and o.recorded_at <= :knownAt::timestamptz and :knownAt::timestamptz < o.superseded_at
       ) as chain
         from (select client_key, to_timestamp(at_ms::double precision / 1000) as at, place
                 from unnest(:clientKeys::integer[], :atMs::bigint[]) with ordinality as u (client_key, at_ms, place)
               offset 0) g
        cross join lateral (
          select key, ib_key from ib.client_links
           where client_key = g.client_key and superseded_at = 'infinity' and valid_from <= g.at and g.at < valid_to
             and recorded_at <= :knownAt::timestamptz
          union all
          select key, ib_key from ib.client_links
           where client_key = g.client_key and superseded_at < 'infinity' and valid_from <= g.at and g.at < valid_to
             and recorded_at <= :knownAt::timestamptz and :knownAt::timestamptz < superseded_at
           limit 1
        ) k`,
);

/** All that was, is and will be above IBs, as it is known now. */
export const uplinesOf = query(
  'ib.uplines_of',
  z.object({ ibKey: z.int(), ancestorKey: z.int(), depth: z.int(), validFrom: z.date(), validTo: validUntil }),
  `select descendant_key as "ibKey", ancestor_key as "ancestorKey", depth, valid_from as "validFrom", valid_to as "validTo"
     from ib.closure where descendant_key = any (:ibKeys::integer[]) and superseded_at = 'infinity'
    order by descendant_key, depth`,
);

/** When IBs were not active, as it is known now. */
export const statusesOf = query(
  'ib.statuses_of',
  z.object({ ibKey: z.int(), status: z.enum(['suspended', 'terminated']), validFrom: z.date(), validTo: validUntil }),
  `select ib_key as "ibKey", status, valid_from as "validFrom", valid_to as "validTo"
     from ib.statuses where ib_key = any (:ibKeys::integer[]) and superseded_at = 'infinity'`,
);
