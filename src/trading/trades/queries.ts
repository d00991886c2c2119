import { z } from 'zod';
import { query } from '../../platform/query.ts';

const tradeRow = z.object({
  dealKey: z.bigint(),
  closedAt: z.date(),
  ticket: z.bigint(),
  server: z.string(),
  login: z.bigint().nullable(),
  positionId: z.bigint(),
  symbol: z.string(),
  closedVolume: z.bigint(),
  openedVolume: z.bigint(),
  state: z.enum(['due', 'parked', 'never', 'handed_on']),
  code: z.string().nullable(),
});

/** The close of a deal as both indexes of the migration have it. */
const CLOSE = 'coalesce(d.time_utc, to_timestamp(d.server_time_ms::double precision / 1000))';

/** Where a deal is: found by its key in what waits. */
const WHEREABOUTS = `
  left join trading.amended m on m.deal_key = x.key
  left join trading.deals f on f.key = m.version_key and not m.deleted
  left join trading.due w on w.deal_key = x.key
  left join trading.parked p on p.deal_key = x.key and p.resolved_at is null
  left join lateral (select resolution from trading.parked h where h.deal_key = x.key order by h.key desc limit 1) r on true
 cross join lateral (
    select case when w.deal_key is not null then 'due' when p.deal_key is not null then 'parked'
                when m.settled is not null then 'never' when m.deal_key is not null then 'handed_on'
                when r.resolution in ('kept', 'technical', 'group_unpaid') or x.handling in ('kept', 'technical', 'group_unpaid') then 'never'
                else 'handed_on' end as state,
           case when w.deal_key is not null then null when p.deal_key is not null then p.code when m.deal_key is not null then m.settled
                when r.resolution in ('kept', 'technical', 'group_unpaid') then r.resolution
                when x.handling in ('kept', 'technical', 'group_unpaid') then x.handling end as code) is_now`;

const COLUMNS = `
  x.key as "dealKey", x.closed_at as "closedAt", x.ticket, s.name as server, coalesce(f.login, x.login) as login,
  coalesce(f.position_id, x.position_id) as "positionId", coalesce(f.symbol, x.symbol) as symbol,
  coalesce(f.closed_volume, x.closed_volume) as "closedVolume", coalesce(f.opened_volume, x.opened_volume) as "openedVolume", is_now.state, is_now.code`;

const CLOSING = 'd.version = 0 and d.closed_volume > 0';

/** Deals that only open volume, where that may count: few or none elsewhere. What was looked at again and kept is no such one. */
const OPENING = `(select opens from trading.counting) and d.version = 0 and d.closed_volume = 0 and d.opened_volume > 0 and d.handling in ('due', 'parked')
     and not exists (select from trading.parked h where h.deal_key = d.key and h.resolution in ('kept', 'technical', 'group_unpaid'))`;

/** One deal by its key. */
const ofKey = <const Which extends string>(name: 'trading.trade_of_key' | 'trading.execution_of_key', which: Which) =>
  query(
    name,
    tradeRow.extend({ raw: z.string() }),
    `
  select ${COLUMNS}, coalesce(f.raw, x.raw) as raw
    from (select d.*, ${CLOSE} as closed_at from trading.deals d where ${which} and d.key = :dealKey) x
    join trading.servers s on s.key = x.server_key
  ${WHEREABOUTS}`,
  );

/** The next trades behind a point, in one order; what a list is narrowed to beyond the time is for the caller to compare. */
const rangeOf = <const Compare extends '<' | '>', const Direction extends 'desc' | 'asc'>(
  compare: Compare,
  direction: Direction,
) =>
  `(:from::timestamptz is null or ${CLOSE} >= :from)
     and (:to::timestamptz is null or ${CLOSE} < :to)
     and (:afterAt::timestamptz is null or (${CLOSE}, d.key) ${compare} (:afterAt, :afterKey::bigint))
   order by ${CLOSE} ${direction}, d.key ${direction} limit :limit` as const;

/** Of all accounts: one range of the index by close, and one of the index of opens that may count. */
const ofAll = <const Compare extends '<' | '>', const Direction extends 'desc' | 'asc'>(
  compare: Compare,
  direction: Direction,
) =>
  query(
    `trading.trades_by_close_${direction}`,
    tradeRow,
    `
  select ${COLUMNS}
    from (select * from (
             (select d.*, ${CLOSE} as closed_at from trading.deals d where ${CLOSING} and ${rangeOf(compare, direction)})
             union all
             (select d.*, ${CLOSE} as closed_at from trading.deals d where ${OPENING} and ${rangeOf(compare, direction)})) e
           order by e.closed_at ${direction}, e.key ${direction} limit :limit) x
    join trading.servers s on s.key = x.server_key
  ${WHEREABOUTS}
   order by x.closed_at ${direction}, x.key ${direction}`,
  );

/** Of a few accounts: the same ranges of the indexes by login each, the best of which are kept. */
const ofLogins = <const Compare extends '<' | '>', const Direction extends 'desc' | 'asc'>(
  compare: Compare,
  direction: Direction,
) =>
  query(
    `trading.trades_of_logins_by_close_${direction}`,
    tradeRow,
    `
  select ${COLUMNS}
    from (select t.*
            from unnest(:servers::text[], :logins::bigint[]) as a (server, login)
            join trading.servers v on v.name = a.server
           cross join lateral (
             (select d.*, ${CLOSE} as closed_at from trading.deals d
               where d.login = a.login and d.server_key = v.key and ${CLOSING} and ${rangeOf(compare, direction)})
             union all
             (select d.*, ${CLOSE} as closed_at from trading.deals d
               where d.login = a.login and d.server_key = v.key and ${OPENING} and ${rangeOf(compare, direction)})) t
           order by t.closed_at ${direction}, t.key ${direction} limit :limit) x
    join trading.servers s on s.key = x.server_key
  ${WHEREABOUTS}
   order by x.closed_at ${direction}, x.key ${direction}`,
  );

/** Of a ticket: one row of the unique key of each server. */
const ofTicket = <const Compare extends '<' | '>', const Direction extends 'desc' | 'asc'>(
  compare: Compare,
  direction: Direction,
) =>
  query(
    `trading.trades_of_ticket_by_close_${direction}`,
    tradeRow,
    `
  select ${COLUMNS}
    from (select d.*, ${CLOSE} as closed_at
            from trading.servers v
            join trading.deals d on d.server_key = v.key and d.ticket = :ticket and d.version = 0
           where ((${CLOSING}) or (${OPENING})) and ${rangeOf(compare, direction)}) x
    join trading.servers s on s.key = x.server_key
  ${WHEREABOUTS}
   order by x.closed_at ${direction}, x.key ${direction}`,
  );

export const tradesByClose = { '-closedAt': ofAll('<', 'desc'), closedAt: ofAll('>', 'asc') };
export const tradesOfLogins = { '-closedAt': ofLogins('<', 'desc'), closedAt: ofLogins('>', 'asc') };
export const tradesOfTicket = { '-closedAt': ofTicket('<', 'desc'), closedAt: ofTicket('>', 'asc') };

/** The executions of a ticket, one of each server at most: tickets are a server's own. */
export const executionsOfTicket = query(
  'trading.executions_of_ticket',
  z.object({ dealKey: z.bigint(), server: z.string() }),
  `
  select d.key as "dealKey", v.name as server
    from trading.servers v
    join trading.deals d on d.server_key = v.key and d.ticket = :ticket and d.version = 0
   where :server::text is null or v.name = :server
   order by v.name limit :limit`,
);

/** What an amendment has made a trade is one, whatever it was when it came. */
const AMENDED = `d.version = 0 and exists (select from trading.amended a where a.deal_key = d.key and a.settled is null)`;

export const tradeOfKey = ofKey('trading.trade_of_key', `(${CLOSING} or ${OPENING} or ${AMENDED})`);

/** The same of any execution: of one that opens volume too. */
export const executionOfKey = ofKey('trading.execution_of_key', 'd.version = 0');

/**
 * Closing deals of accounts in ranges of time, each a range of the index by login; of those at the first instant only the ones
 * behind a key. In milliseconds, for a page ends where the program says that it does.
 */
export const closesOfLogins = query(
  'trading.closes_of_logins',
  z.object({ account: z.bigint(), place: z.int(), dealKey: z.bigint(), closedAt: z.date() }),
  `
  select a.account, a.place, t.key as "dealKey", t.closed_at as "closedAt"
    from unnest(:places::integer[], :servers::text[], :logins::bigint[], :froms::timestamptz[], :tos::timestamptz[], :afterKeys::bigint[])
         with ordinality as a (place, server, login, at_from, at_to, after_key, account)
    join trading.servers v on v.name = a.server
   cross join lateral (
     select d.key, ${CLOSE} as closed_at from trading.deals d
      where d.login = a.login and d.server_key = v.key and ${CLOSING} and ${CLOSE} >= a.at_from and ${CLOSE} < a.at_to
        and (${CLOSE}, d.key) > (a.at_from, a.after_key)
      order by ${CLOSE}, d.key limit :limit) t
   order by a.account, t.closed_at, t.key`,
);

/** Ranges of time of accounts in which they closed volume, or their money moved. */
export const activeRanges = query(
  'trading.active_ranges',
  z.object({ place: z.int() }),
  `
  select distinct a.place
    from unnest(:places::integer[], :servers::text[], :logins::bigint[], :froms::timestamptz[], :tos::timestamptz[])
           as a (place, server, login, at_from, at_to)
    join trading.servers v on v.name = a.server
   where exists (select from trading.deals d
                  where d.login = a.login and d.server_key = v.key and ${CLOSING} and ${CLOSE} >= a.at_from and ${CLOSE} < a.at_to)
      or exists (select from trading.deals d
                  where d.login = a.login and d.server_key = v.key and d.version = 0 and d.action >= 2
                    and ${CLOSE} >= a.at_from and ${CLOSE} < a.at_to)`,
);

/** For when deals were delivered, whatever was said of them afterwards. */
export const closesDelivered = query(
  'trading.closes_delivered',
  z.object({ dealKey: z.bigint(), closedAt: z.date() }),
  `
  select d.key as "dealKey", ${CLOSE} as "closedAt" from trading.deals d where d.key = any (:dealKeys::bigint[])`,
);

/** How many deals closed volume in a range of time: a range of the index by close. */
export const countClosed = query(
  'trading.count_closed',
  z.object({ trades: z.int() }),
  `select count(*)::integer as trades from trading.deals d where ${CLOSING} and ${CLOSE} >= :from and ${CLOSE} < :to`,
);

/** Deals that closed or opened volume in a range of time, in the order of their keys. Reads the whole table, a page at a time. */
export const tradesByKey = query(
  'trading.trades_by_key',
  tradeRow,
  `
  select ${COLUMNS}
    from (select d.*, ${CLOSE} as closed_at from trading.deals d
           where d.version = 0 and (d.closed_volume > 0 or d.opened_volume > 0) and d.key > :afterKey
             and ${CLOSE} >= :from and ${CLOSE} < :to
           order by d.key limit :limit) x
    join trading.servers s on s.key = x.server_key
  ${WHEREABOUTS}
   order by x.key`,
);
