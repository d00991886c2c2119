import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Milliseconds since 1970 of a timestamptz column; the infinite ones come as the first and last year that are written so. */
const dated = { key: z.int(), name: z.string(), fromMs: z.number(), toMs: z.number() };

export const serversOfKeys = query(
  'trading.servers_of_keys',
  z.object({ key: z.int(), name: z.string(), zone: z.string(), shiftMinutes: z.int(), countsOpens: z.boolean() }),
  `select key, name, zone, shift_minutes as "shiftMinutes", (select opens from trading.counting) as "countsOpens"
     from trading.servers where key = any (:serverKeys::smallint[])`,
);

export const symbolsNamed = query(
  'trading.symbols_named',
  z.object(dated),
  `
  select key, raw_name as name,
         (extract(epoch from greatest(valid_from, '0001-01-01Z'::timestamptz)) * 1000)::float8 as "fromMs",
         (extract(epoch from least(valid_to, '9999-01-01Z'::timestamptz)) * 1000)::float8 as "toMs"
    from trading.symbols
   where server_key = :serverKey and raw_name = any (:names::text[])`,
);

export const groupsNamed = query(
  'trading.groups_named',
  z.object({ ...dated, pays: z.boolean() }),
  `
  select key, name, pays,
         (extract(epoch from greatest(valid_from, '0001-01-01Z'::timestamptz)) * 1000)::float8 as "fromMs",
         (extract(epoch from least(valid_to, '9999-01-01Z'::timestamptz)) * 1000)::float8 as "toMs"
    from trading.account_groups
   where server_key = :serverKey and name = any (:names::text[])`,
);

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

export const insertDeals = query(
  'trading.insert_deals',
  z.object({}),
  `
  insert into trading.deals
    (key, ticket, login, position_id, opened_volume, closed_volume, server_time_ms, time_utc, action, reason, version,
     server_key, has_ms, ambiguous, kind, entry, handling, symbol, content_hash, raw)
  select key, ticket, login, position_id, opened_volume, closed_volume, server_time_ms,
         'epoch'::timestamptz + time_ms * interval '1 millisecond', action, reason, version, :serverKey, has_ms, ambiguous,
         kind, entry, handling, symbol, content_hash, raw
    from unnest(:keys::bigint[], :tickets::bigint[], :logins::bigint[], :positions::bigint[], :openedVolumes::bigint[],
                :closedVolumes::bigint[], :serverTimes::bigint[], :times::bigint[], :actions::bigint[], :reasons::bigint[],
                :versions::integer[], :hasMs::boolean[], :ambiguous::boolean[], :kinds::text[], :entries::text[],
                :handlings::text[], :symbols::text[], :hashes::bytea[], string_to_array(:raws::text, E'\\n'))
      as x (key, ticket, login, position_id, opened_volume, closed_volume, server_time_ms, time_ms, action, reason, version,
            has_ms, ambiguous, kind, entry, handling, symbol, content_hash, raw)`,
);

export const insertDue = query(
  'trading.insert_due',
  z.object({}),
  `
  insert into trading.due
    (deal_key, ticket, position_id, closed_volume, closed_at, received_at, reason, account_key, client_key, symbol_key,
     group_key, server_key, has_ms, facts_key)
  select key, ticket, position_id, closed_volume, 'epoch'::timestamptz + time_ms * interval '1 millisecond',
         coalesce(:receivedAt::timestamptz, clock_timestamp()), reason, account_key, client_key, symbol_key, group_key, server_key, has_ms,
         nullif(facts_key, key)
    from unnest(:keys::bigint[], :tickets::bigint[], :positions::bigint[], :closedVolumes::bigint[], :times::bigint[],
                :reasons::bigint[], :accountKeys::integer[], :clientKeys::integer[], :symbolKeys::integer[],
                :groupKeys::integer[], :serverKeys::smallint[], :hasMs::boolean[], :factsKeys::bigint[])
      as x (key, ticket, position_id, closed_volume, time_ms, reason, account_key, client_key, symbol_key, group_key,
            server_key, has_ms, facts_key)`,
);

/** A deal that is parked already stays as it is. */
export const insertParked = query(
  'trading.insert_parked',
  z.object({}),
  `
  insert into trading.parked (deal_key, code, detail)
  select deal_key, code, detail from unnest(:dealKeys::bigint[], :codes::text[], :details::text[]) as x (deal_key, code, detail)
  on conflict (deal_key) where resolved_at is null do nothing`,
);
