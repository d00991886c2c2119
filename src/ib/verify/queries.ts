import { z } from 'zod';
import { query } from '../../platform/query.ts';

const finding = z.object({ subject: z.string(), detail: z.string() });

/** Every rule gives at most as many findings. */
const LIMIT = 'limit 100';

/**
 * The closure's rows must be what follows from the edges, at every instant: the edges are composed anew with their
 * validities, and for each descendant, ancestor and depth the two sets of instants are compared. The walk goes one step
 * deeper than the closure does, so that it ends even where the edges have a cycle and still shows that one is missing.
 */
export const closureAgainstEdges = query(
  'ib.verify_closure_against_edges',
  finding,
  `with recursive walk (descendant, ancestor, depth, valid_from, valid_to) as (
     select i.key, i.key, 0, i.valid_from, 'infinity'::timestamptz from ib.ibs i
     union all
     select w.descendant, e.parent_key, w.depth + 1, greatest(w.valid_from, e.valid_from), least(w.valid_to, e.valid_to)
       from walk w
       join ib.edges e on e.child_key = w.ancestor and e.parent_key is not null and e.superseded_at = 'infinity'
            and e.valid_from < w.valid_to and w.valid_from < e.valid_to
      where w.depth <= (select coalesce(max(depth), 0) from ib.closure where superseded_at = 'infinity')
   ), truth as (
     select descendant, ancestor, depth, range_agg(tstzrange(valid_from, valid_to)) as span from walk group by 1, 2, 3
   ), stored as (
     select descendant_key as descendant, ancestor_key as ancestor, depth::integer, range_agg(tstzrange(valid_from, valid_to)) as span
       from ib.closure where superseded_at = 'infinity' group by 1, 2, 3
   )
   select 'IB ' || descendant || ' under ' || ancestor || ' at depth ' || depth as subject,
          'the edges say ' || coalesce(t.span::text, 'never') || ', the closure ' || coalesce(s.span::text, 'never') as detail
     from truth t full join stored s using (descendant, ancestor, depth)
    where t.span is distinct from s.span ${LIMIT}`,
);

/** Nobody is ever above itself. Instants and nodes repeat along a cycle, so the walk ends. */
export const cycles = query(
  'ib.verify_cycles',
  finding,
  `with recursive walk (origin, node, valid_from, valid_to) as (
     select child_key, parent_key, valid_from, valid_to from ib.edges
      where parent_key is not null and superseded_at = 'infinity'
     union
     select w.origin, e.parent_key, greatest(w.valid_from, e.valid_from), least(w.valid_to, e.valid_to)
       from walk w
       join ib.edges e on e.child_key = w.node and e.parent_key is not null and e.superseded_at = 'infinity'
            and e.valid_from < w.valid_to and w.valid_from < e.valid_to
      where w.node <> w.origin
   )
   select distinct 'IB ' || origin as subject, 'is above itself from ' || valid_from as detail from walk
    where node = origin ${LIMIT}`,
);

/** The edges of an IB follow each other from its beginning for ever, one at a time. */
export const edgesWithGaps = query(
  'ib.verify_edges',
  finding,
  `select 'IB ' || i.key as subject, 'has edges over ' || coalesce(range_agg(tstzrange(e.valid_from, e.valid_to))::text, 'nothing') as detail
     from ib.ibs i
     left join ib.edges e on e.child_key = i.key and e.superseded_at = 'infinity'
    group by i.key, i.valid_from
   having range_agg(tstzrange(e.valid_from, e.valid_to)) is distinct from tstzmultirange(tstzrange(i.valid_from, 'infinity'))
   ${LIMIT}`,
);

/** Every present row ends after it begins, and no two of the same subject hold at one time. */
export const overlaps = query(
  'ib.verify_overlaps',
  finding,
  `select *
     from (select format('%s %s', noun, subject) as subject, format('holds twice at %s', valid_from) as detail
             from (select noun, subject, valid_from, max(valid_to) over (
                     partition by noun, subject order by valid_from, valid_to rows between unbounded preceding and 1 preceding) as before
                     from (select 'edge of IB' as noun, child_key::text as subject, valid_from, valid_to
                             from ib.edges where superseded_at = 'infinity'
                           union all
                           select 'closure of IB', descendant_key || ' at depth ' || depth, valid_from, valid_to
                             from ib.closure where superseded_at = 'infinity'
                           union all
                           select 'status of IB', ib_key::text, valid_from, valid_to
                             from ib.statuses where superseded_at = 'infinity') present) ordered
            where before > valid_from
           union all
           select format('%s %s', noun, subject), format('ends at %s before it begins', valid_to)
             from (select 'edge of IB' as noun, child_key as subject, valid_from, valid_to from ib.edges where superseded_at = 'infinity'
                   union all
                   select 'closure of IB', descendant_key, valid_from, valid_to from ib.closure where superseded_at = 'infinity'
                   union all
                   select 'status of IB', ib_key, valid_from, valid_to from ib.statuses where superseded_at = 'infinity'
                   union all
                   select 'link of client', client_key, valid_from, valid_to from ib.client_links where superseded_at = 'infinity') present
            where valid_to <= valid_from) found
   ${LIMIT}`,
);

export const selfRows = query(
  'ib.verify_self_rows',
  finding,
  `select 'IB ' || i.key as subject, 'has no row to itself from ' || i.valid_from as detail
     from ib.ibs i
    where not exists (select from ib.closure c where c.descendant_key = i.key and c.ancestor_key = i.key and c.depth = 0
                         and c.superseded_at = 'infinity' and c.valid_from = i.valid_from and c.valid_to = 'infinity')
   ${LIMIT}`,
);

/** A client belongs to at most one IB at a time, and to none before the IB is there. */
export const clientLinks = query(
  'ib.verify_client_links',
  finding,
  `select *
     from (select 'client ' || client_key as subject, 'belongs to two IBs at ' || valid_from as detail
             from (select client_key, valid_from, max(valid_to) over (
                     partition by client_key order by valid_from, valid_to rows between unbounded preceding and 1 preceding) as before
                     from ib.client_links where superseded_at = 'infinity') ordered
            where before > valid_from
           union all
           select 'client ' || l.client_key, 'belongs to IB ' || i.key || ' before it was there'
             from ib.client_links l join ib.ibs i on i.key = l.ib_key
            where l.superseded_at = 'infinity' and l.valid_from < i.valid_from) found
   ${LIMIT}`,
);
