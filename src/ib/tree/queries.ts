import { z } from 'zod';
import { IbId } from '../../kernel/ids.ts';
import { query, validUntil } from '../../platform/query.ts';

const none = z.object({});

/** Keys rise in the order given. */
export const insertIbs = query(
  'ib.insert_ibs',
  z.object({ key: z.int(), place: z.int() }),
  `with given as (
     select id, name, valid_from, place::integer
       from unnest(:ids::uuid[], :names::text[], :validFroms::timestamptz[]) with ordinality as g (id, name, valid_from, place)
   ), made as (
     insert into ib.ibs (id, name, valid_from, recorded_at)
     select id, name, valid_from, :recordedAt::timestamptz from given order by place
     on conflict (id) do nothing
     returning key, id
   )
   select made.key, given.place from made join given using (id)`,
);

export const insertFirstEdges = query(
  'ib.insert_first_edges',
  none,
  `insert into ib.edges (child_key, parent_key, valid_from, recorded_at, reason)
   select child_key, parent_key, valid_from, :recordedAt::timestamptz, 'created'
     from unnest(:childKeys::integer[], :parentKeys::integer[], :validFroms::timestamptz[]) as g (child_key, parent_key, valid_from)`,
);

/** The self rows of new IBs, and for those with a parent what is above it, one deeper, from the child's beginning on. */
export const insertFirstClosure = query(
  'ib.insert_first_closure',
  none,
  `insert into ib.closure (descendant_key, ancestor_key, depth, valid_from, valid_to, recorded_at)
   select g.child_key, g.child_key, 0, g.valid_from, 'infinity'::timestamptz, :recordedAt::timestamptz
     from unnest(:childKeys::integer[], :parentKeys::integer[], :validFroms::timestamptz[]) as g (child_key, parent_key, valid_from)
   union all
   select g.child_key, above.ancestor_key, above.depth + 1, greatest(g.valid_from, above.valid_from), above.valid_to, :recordedAt::timestamptz
     from unnest(:childKeys::integer[], :parentKeys::integer[], :validFroms::timestamptz[]) as g (child_key, parent_key, valid_from)
     join ib.closure above on above.descendant_key = g.parent_key and above.superseded_at = 'infinity'
          and above.valid_to > g.valid_from`,
);

/** The parent that holds at an instant, from when until when. */
export const edgeAt = query(
  'ib.edge_at',
  z.object({ parentKey: z.int().nullable(), parentId: IbId.nullable(), validFrom: z.date(), validTo: validUntil }),
  `select e.parent_key as "parentKey", p.id as "parentId", e.valid_from as "validFrom", e.valid_to as "validTo"
     from ib.edges e
     left join ib.ibs p on p.key = e.parent_key
    where e.child_key = :childKey::integer and e.superseded_at = 'infinity'
      and e.valid_from <= :at::timestamptz and :at::timestamptz < e.valid_to`,
);

/** Whether one IB is below another at any time of an interval; `validTo` null is for ever. */
export const isEverBelow = query(
  'ib.is_ever_below',
  z.object({ validFrom: z.date() }),
  `select greatest(valid_from, :validFrom::timestamptz) as "validFrom"
     from ib.closure
    where descendant_key = :lowerKey::integer and ancestor_key = :upperKey::integer and superseded_at = 'infinity'
      and valid_to > :validFrom::timestamptz and valid_from < coalesce(:validTo::timestamptz, 'infinity')
    order by valid_from
    limit 1`,
);

/** Ends the edge that holds at the instant and opens the new one, which holds until the old one would have ended. */
export const replaceEdge = query(
  'ib.replace_edge',
  none,
  `with ended as (
     update ib.edges set superseded_at = :recordedAt::timestamptz
      where child_key = :childKey::integer and superseded_at = 'infinity' and valid_from <= :at::timestamptz and :at::timestamptz < valid_to
     returning parent_key, valid_from, valid_to, reason
   )
   insert into ib.edges (child_key, parent_key, valid_from, valid_to, recorded_at, reason)
   select :childKey::integer, parent_key, valid_from, :at::timestamptz, :recordedAt::timestamptz, reason from ended where valid_from < :at::timestamptz
   union all
   select :childKey::integer, :parentKey::integer, :at::timestamptz, valid_to, :recordedAt::timestamptz, :reason::text from ended`,
);

/**
 * Takes an IB and all below it out from under all above it while an edge of it holds, or from a later instant within:
 * rows are superseded, and what they held before the instant is written anew. Which rows lead through the IB follows
 * from the tree itself: whoever is below it at an instant is below all that is above it. No row outlasts an edge of the
 * path it stands for, because rows are made of the common part of their edges, so nothing remains behind the interval.
 */
export const detach = query(
  'ib.detach',
  none,
  `with ended as (
     update ib.closure c set superseded_at = :recordedAt::timestamptz
       from ib.closure below, ib.closure above
      where below.ancestor_key = :ibKey::integer and below.superseded_at = 'infinity'
        and below.valid_to > :validFrom::timestamptz and below.valid_from < coalesce(:validTo::timestamptz, 'infinity')
        and above.descendant_key = :ibKey::integer and above.superseded_at = 'infinity' and above.depth > 0
        and above.valid_to > :validFrom::timestamptz and above.valid_from < coalesce(:validTo::timestamptz, 'infinity')
        and c.descendant_key = below.descendant_key and c.depth = below.depth + above.depth and c.superseded_at = 'infinity'
        and c.ancestor_key = above.ancestor_key
        and c.valid_to > greatest(below.valid_from, above.valid_from, :validFrom::timestamptz)
        and c.valid_from < least(below.valid_to, above.valid_to, :validTo::timestamptz)
     returning c.descendant_key, c.ancestor_key, c.depth, c.valid_from
   )
   insert into ib.closure (descendant_key, ancestor_key, depth, valid_from, valid_to, recorded_at)
   select descendant_key, ancestor_key, depth, valid_from, :validFrom::timestamptz, :recordedAt::timestamptz
     from ended
    where valid_from < :validFrom::timestamptz`,
);

/** Puts an IB and all below it under a parent and all above that within an interval. */
export const attach = query(
  'ib.attach',
  none,
  `insert into ib.closure (descendant_key, ancestor_key, depth, valid_from, valid_to, recorded_at)
   select below.descendant_key, above.ancestor_key, below.depth + above.depth + 1,
          greatest(below.valid_from, above.valid_from, :validFrom::timestamptz), least(below.valid_to, above.valid_to, span_end), :recordedAt::timestamptz
     from (values (coalesce(:validTo::timestamptz, 'infinity'))) as wanted (span_end)
     join ib.closure below on below.ancestor_key = :ibKey::integer and below.superseded_at = 'infinity'
          and below.valid_to > :validFrom::timestamptz and below.valid_from < span_end
     join ib.closure above on above.descendant_key = :parentKey::integer and above.superseded_at = 'infinity'
          and above.valid_to > greatest(:validFrom::timestamptz, below.valid_from) and above.valid_from < least(span_end, below.valid_to)`,
);

const relative = z.object({ key: z.int(), id: IbId, name: z.string(), depth: z.int() });

/** The IB and all above it at an instant, nearest first: one range of closure_upline. */
export const uplineOf = query(
  'ib.upline_of',
  relative,
  `select i.key, i.id, i.name, c.depth
     from ib.closure c
     join ib.ibs i on i.key = c.ancestor_key
    where c.descendant_key = (select key from ib.ibs where id = :ibId)
      and c.superseded_at = 'infinity' and c.valid_from <= :at::timestamptz and :at::timestamptz < c.valid_to
    order by c.depth`,
);

/** The IB and all below it at an instant, nearest first: one range of closure_downline. */
export const downlineOf = query(
  'ib.downline_of',
  relative,
  `select i.key, i.id, i.name, c.depth
     from ib.closure c
     join ib.ibs i on i.key = c.descendant_key
    where c.ancestor_key = (select key from ib.ibs where id = :ibId)
      and c.superseded_at = 'infinity' and c.valid_from <= :at::timestamptz and :at::timestamptz < c.valid_to
    order by c.depth`,
);

/** The upline at an instant as it was known at another one. */
export const uplineKnownAt = query(
  'ib.upline_known_at',
  relative,
  `select i.key, i.id, i.name, c.depth
     from ib.closure c
     join ib.ibs i on i.key = c.ancestor_key
    where c.descendant_key = (select key from ib.ibs where id = :ibId)
      and (c.superseded_at = 'infinity' or c.superseded_at < 'infinity')
      and c.recorded_at <= :knownAt::timestamptz and :knownAt::timestamptz < c.superseded_at and c.valid_from <= :at::timestamptz and :at::timestamptz < c.valid_to
    order by c.depth`,
);

/** The downline at an instant as it was known at another one. */
export const downlineKnownAt = query(
  'ib.downline_known_at',
  relative,
  `select i.key, i.id, i.name, c.depth
     from ib.closure c
     join ib.ibs i on i.key = c.descendant_key
    where c.ancestor_key = (select key from ib.ibs where id = :ibId)
      and (c.superseded_at = 'infinity' or c.superseded_at < 'infinity')
      and c.recorded_at <= :knownAt::timestamptz and :knownAt::timestamptz < c.superseded_at and c.valid_from <= :at::timestamptz and :at::timestamptz < c.valid_to
    order by c.depth`,
);

/** IBs as they are at an instant, in the order of their keys; all that are part of the tree then, or those asked for. */
export const ibsAsOf = query(
  'ib.ibs_as_of',
  z.object({
    key: z.int(),
    id: IbId,
    name: z.string(),
    parentKey: z.int().nullable(),
    status: z.enum(['active', 'suspended', 'terminated']),
  }),
  `select i.key, i.id, i.name, e.parent_key as "parentKey", coalesce(s.status, 'active') as status
     from ib.ibs i
     join ib.edges e on e.child_key = i.key and e.superseded_at = 'infinity' and e.valid_from <= :at::timestamptz and :at::timestamptz < e.valid_to
     left join ib.statuses s on s.ib_key = i.key and s.superseded_at = 'infinity' and s.valid_from <= :at::timestamptz and :at::timestamptz < s.valid_to
    where :keys::integer[] is null or i.key = any (:keys::integer[])
    order by i.key`,
);
