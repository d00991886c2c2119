import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Whose rows of a table were written or superseded since. */
const touched = (table: string, key: string): string => `
  select ${key} from ${table} where recorded_at > :since::timestamptz
   union
  select ${key} from ${table} where superseded_at < 'infinity' and superseded_at > :since::timestamptz`;

/** The first instant of the past at which a parent, or an IB, is another by what is known now than by what was known then. */
const firstDifference = (table: string, key: string, value: string): string => `
  select i.${key}, min(i.at) as at
    from (select t.${key}, v.at
            from touched_${key} t
            join ${table} r on r.${key} = t.${key}
           cross join lateral (values (r.valid_from), (r.valid_to)) v (at)
           where v.at < clock_timestamp()) i
   where (select ${value} from ${table} r
           where r.${key} = i.${key} and r.superseded_at = 'infinity' and r.valid_from <= i.at and i.at < r.valid_to)
         is distinct from
         (select ${value} from ${table} r
           where r.${key} = i.${key} and r.recorded_at <= :since::timestamptz and :since::timestamptz < r.superseded_at
             and r.valid_from <= i.at and i.at < r.valid_to)
   group by i.${key}`;

/**
 * Clients whose own link, or whose upline, is another in the past than was known at an instant, and the first instant from which
 * on that may be; in the order of their keys.
 */
export const clientsRetold = query(
  'ib.clients_retold',
  z.object({ clientKey: z.int(), from: z.date() }),
  `
  with touched_child_key as (${touched('ib.edges', 'child_key')}),
       touched_client_key as (${touched('ib.client_links', 'client_key')}),
       moved as (${firstDifference('ib.edges', 'child_key', 'parent_key')}),
       linked as (${firstDifference('ib.client_links', 'client_key', 'ib_key')})
  select client_key as "clientKey", min(at) as "from"
    from (select client_key, at from linked
           union all
          select l.client_key, m.at
            from moved m
            join ib.closure c on c.ancestor_key = m.child_key and c.superseded_at = 'infinity' and c.valid_to > m.at
            join ib.client_links l on l.ib_key = c.descendant_key and l.superseded_at = 'infinity' and l.valid_to > m.at) retold
   where client_key > :after
   group by client_key order by client_key limit :limit`,
);
