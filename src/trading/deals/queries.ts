import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Milliseconds since 1970 of a timestamptz column; the infinite ones come as the first and last year that are written so. */
const dated = { key: z.int(), name: z.string(), fromMs: z.number(), toMs: z.number() };

export const serversOfKeys = query(
  'trading.servers_of_keys',
  z.object({ key: z.int(), name: z.string(), zone: z.string(), shiftMinutes: z.int() }),
  `select key, name, zone, shift_minutes as "shiftMinutes" from trading.servers where key = any (:serverKeys::smallint[])`,
);

export const symbolsNamed = query('trading.symbols_named', z.object(dated), `
  select key, raw_name as name,
         (extract(epoch from greatest(valid_from, '0001-01-01Z'::timestamptz)) * 1000)::float8 as "fromMs",
         (extract(epoch from least(valid_to, '9999-01-01Z'::timestamptz)) * 1000)::float8 as "toMs"
    from trading.symbols
   where server_key = :serverKey and raw_name = any (:names::text[])`);

export const groupsNamed = query('trading.groups_named', z.object({ ...dated, pays: z.boolean() }), `
  select key, name, pays,
         (extract(epoch from greatest(valid_from, '0001-01-01Z'::timestamptz)) * 1000)::float8 as "fromMs",
         (extract(epoch from least(valid_to, '9999-01-01Z'::timestamptz)) * 1000)::float8 as "toMs"
    from trading.account_groups
   where server_key = :serverKey and name = any (:names::text[])`);

/** The versions that are stored of these tickets. */
export const versionsOf = query(
  'trading.versions_of',
  z.object({ ticket: z.bigint(), version: z.int(), kind: z.enum(['add', 'update', 'delete']), content: z.string() }),
  `
  select ticket, version, kind, encode(content_hash, 'hex') as content
    from trading.deals
   where server_key = :serverKey and ticket = any (:tickets::bigint[])
   order by ticket, version`,
);

/**
 * Stores deals with what became of each: the deal, and its row among the due or the parked. Keys rise in the order given.
 * Deals, due and parked in one statement, so that a batch costs one round trip and the rows need not be joined again.
 */
export const insertDeals = query('trading.insert_deals', z.object({ key: z.bigint(), place: z.int() }), `
  with x as materialized (
    select nextval('trading.deals_key_seq') as key, g.*
      from unnest(:tickets::bigint[], :logins::bigint[], :orders::bigint[], :positions::bigint[], :openedVolumes::bigint[],
                  :closedVolumes::bigint[], :serverTimes::bigint[], :times::bigint[], :actions::bigint[], :reasons::bigint[],
                  :flags::bigint[], :versions::integer[], :hasMs::boolean[], :ambiguous::boolean[], :kinds::text[],
                  :entries::text[], :handlings::text[], :symbols::text[], :contractSizes::numeric[], :prices::numeric[],
                  :pricesOpen::numeric[], :profits::numeric[], :commissions::numeric[], :fees::numeric[], :storages::numeric[],
                  :ratesProfit::numeric[], :bids::numeric[], :asks::numeric[], :hashes::bytea[],
                  string_to_array(:raws::text, E'\\n'), :accountKeys::integer[], :clientKeys::integer[], :symbolKeys::integer[],
                  :groupKeys::integer[], :codes::text[], :details::text[]) with ordinality
        as g (ticket, login, order_ticket, position_id, opened_volume, closed_volume, server_time_ms, time_ms, action, reason,
              modification_flags, version, has_ms, ambiguous, kind, entry, handling, symbol, contract_size, price, price_open,
              profit, commission, fee, storage, rate_profit, market_bid, market_ask, content_hash, raw, account_key, client_key,
              symbol_key, group_key, code, detail, place)
  ), stored as (
    insert into trading.deals
      (key, ticket, login, order_ticket, position_id, opened_volume, closed_volume, server_time_ms, time_utc, batch_key,
       received_at, action, reason, modification_flags, version, server_key, has_ms, ambiguous, kind, entry, handling, symbol,
       contract_size, price, price_open, profit, commission, fee, storage, rate_profit, market_bid, market_ask, content_hash, raw)
    select key, ticket, login, order_ticket, position_id, opened_volume, closed_volume, server_time_ms,
           'epoch'::timestamptz + time_ms * interval '1 millisecond', :batchKey, :receivedAt, action, reason, modification_flags,
           version, :serverKey, has_ms, ambiguous, kind, entry, handling, symbol, contract_size, price, price_open, profit,
           commission, fee, storage, rate_profit, market_bid, market_ask, content_hash, raw
      from x
  ), due as (
    insert into trading.due
      (deal_key, ticket, position_id, closed_volume, closed_at, received_at, reason, account_key, client_key, symbol_key,
       group_key, server_key, has_ms)
    select key, ticket, position_id, closed_volume, 'epoch'::timestamptz + time_ms * interval '1 millisecond', :receivedAt,
           reason, account_key, client_key, symbol_key, group_key, :serverKey, has_ms
      from x where handling = 'due'
  ), parked as (
    insert into trading.parked (deal_key, code, detail)
    select key, code, detail from x where handling = 'parked'
  )
  select key, place::integer from x order by place`);
