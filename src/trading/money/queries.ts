import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** The instant of a money operation as the index of the migration has it. */
const AT = 'coalesce(d.time_utc, to_timestamp(d.server_time_ms::double precision / 1000))';

/**
 * Money operations of accounts in a range of time, each as the server told it last: an update stands in place of what it
 * changes, of what was deleted there is nothing but its key. A conflicting addition changes nothing until somebody decides. The
 * next `limit` of each account behind an instant and a key.
 */
export const moneyOfLogins = query(
  'trading.money_of_logins',
  z.object({
    place: z.bigint(),
    dealKey: z.bigint(),
    ticket: z.bigint(),
    at: z.date(),
    raw: z.string().nullable(),
  }),
  `
  select a.place, m.key as "dealKey", m.ticket, m.at, case when n.kind = 'delete' then null else coalesce(n.raw, m.raw) end as raw
    from unnest(:servers::text[], :logins::bigint[], :froms::timestamptz[], :afterKeys::bigint[])
         with ordinality as a (server, login, at_from, after_key, place)
    join trading.servers v on v.name = a.server
   cross join lateral (
     select d.key, d.ticket, d.server_key, ${AT} as at, d.raw from trading.deals d
      where d.login = a.login and d.server_key = v.key and d.version = 0 and d.action >= 2
        and ${AT} >= a.at_from and (${AT}, d.key) > (a.at_from, a.after_key) and (:to::timestamptz is null or ${AT} < :to)
      order by ${AT}, d.key limit :limit) m
    left join lateral (
     select c.kind, c.raw from trading.deals c
      where c.server_key = m.server_key and c.ticket = m.ticket and c.version > 0 and c.kind in ('update', 'delete')
      order by c.key = (select x.version_key from trading.amended x where x.deal_key = m.key) desc nulls last, c.version desc limit 1) n on true
   order by a.place, m.at, m.key`,
);

const ARRIVED = `
  select d.key as "dealKey", v.name as server, o.login, coalesce(o.time_utc, to_timestamp(o.server_time_ms::double precision / 1000)) as at`;
const FROM_ADDITION = `
    join trading.deals o on o.server_key = d.server_key and o.ticket = d.ticket and o.version = 0 and o.action >= 2 and o.login is not null
    join trading.servers v on v.key = d.server_key
   order by d.key`;
const arrivedRow = z.object({ dealKey: z.bigint(), server: z.string(), login: z.bigint(), at: z.date() });

/** The next deals that may be money operations or news of them, in the order in which they came: deletions of trades are among them. */
export const mayBeMoney = query(
  'trading.may_be_money',
  z.object({ dealKey: z.bigint() }),
  `
  select key as "dealKey" from trading.deals
   where key > :after and (action >= 2 or kind = 'delete')
   order by key limit :limit`,
);

/** Of deals that are named those that are money operations, or news of one. */
export const moneyNamed = query(
  'trading.money_named',
  arrivedRow,
  `${ARRIVED}
    from (select key, ticket, server_key from trading.deals where key = any (:dealKeys::bigint[])) d
  ${FROM_ADDITION}`,
);

/** The last deal that came in with a batch that nobody can be writing any more. */
export const settledDeal = query(
  'trading.settled_deal',
  z.object({ dealKey: z.bigint().nullable() }),
  `
  select (select (key + 1) * 1024 - 1 from trading.feed_batches
           where received_at < clock_timestamp() - interval '1 hour' order by key desc limit 1) as "dealKey"`,
);
