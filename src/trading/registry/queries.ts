import { z } from 'zod';
import { SourceId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

const bytes = z.instanceof(Buffer);

export const insertServer = query(
  'trading.insert_server',
  z.object({ key: z.int() }),
  `
  insert into trading.servers (name, platform, zone, shift_minutes) values (:name, :platform, :zone, :shiftMinutes)
  on conflict (name) do nothing returning key`,
);

export const updateClockRule = query(
  'trading.update_clock_rule',
  z.object({ key: z.int() }),
  `
  update trading.servers set zone = :zone, shift_minutes = :shiftMinutes where name = :name returning key`,
);

/** Held to the end of the transaction: changes of a server's mappings come one after another. */
export const lockServerNamed = query(
  'trading.lock_server_named',
  z.object({ key: z.int() }),
  `
  select key from trading.servers where name = :name for no key update`,
);

export const allServers = query(
  'trading.all_servers',
  z.object({ key: z.int(), name: z.string(), platform: z.literal('mt5'), zone: z.string(), shiftMinutes: z.int() }),
  `select key, name, platform, zone, shift_minutes as "shiftMinutes" from trading.servers order by key`,
);

export const insertSource = query(
  'trading.insert_source',
  z.object({ id: SourceId }),
  `
  insert into trading.sources (id, server_key, name, secret) values (:id, :serverKey, :name, :secret)
  on conflict do nothing returning id`,
);

export const allSources = query(
  'trading.all_sources',
  z.object({ id: SourceId, name: z.string(), server: z.string() }),
  `
  select o.id, o.name, s.name as server
    from trading.sources o join trading.servers s on s.key = o.server_key
   order by o.key`,
);

/** Keys rise in the order in which sources are registered. What of the secret before has ended is nothing. */
export const pageOfSources = pagedQuery(
  'trading.page_of_sources',
  z.object({
    key: z.int(),
    id: SourceId,
    name: z.string(),
    server: z.string(),
    createdAt: z.date(),
    previousUntil: z.date().nullable(),
  }),
  `
  select o.key, o.id, o.name, s.name as server, o.created_at as "createdAt",
         case when o.previous_until > clock_timestamp() then o.previous_until end as "previousUntil"
    from trading.sources o join trading.servers s on s.key = o.server_key
   where (:server::text is null or s.name = :server)`,
  { sorts: { created: { column: 'key', type: 'integer' } }, unique: { column: 'id', schema: SourceId, type: 'uuid' } },
);

/** The old secret ends by the database's clock: what an application's shows must not decide how long a key lives. */
export const rotateSecret = query(
  'trading.rotate_secret',
  z.object({ previousUntil: z.date(), before: z.date().nullable() }),
  `
  with was as (select id, previous_until from trading.sources where id = :id for update)
  update trading.sources o set secret = :secret, secret_previous = o.secret,
         previous_until = date_trunc('milliseconds', clock_timestamp()) + make_interval(secs => :previousValidMs::double precision / 1000)
    from was where o.id = was.id
  returning o.previous_until as "previousUntil", was.previous_until as before`,
);

/** What a signature is checked with. */
export const sourceSecrets = query(
  'trading.source_secrets',
  z.object({ secret: bytes, previous: bytes.nullable() }),
  `select secret, case when previous_until > clock_timestamp() then secret_previous end as previous from trading.sources where id = :id`,
);

/** Ends the rows that say something else than what is given. */
export const endSymbols = query(
  'trading.end_symbols',
  z.object({ rawName: z.string() }),
  `
  update trading.symbols s set valid_to = :validFrom
    from unnest(:rawNames::text[], :symbols::text[], :symbolGroups::text[], :digits::smallint[], :contractSizes::numeric[],
                :pipSizes::numeric[], :profitCurrencies::text[], :baseCurrencies::text[])
      as g (raw_name, symbol, symbol_group, digits, contract_size, pip_size, profit_currency, base_currency)
   where s.server_key = :serverKey and s.raw_name = g.raw_name and s.valid_to = 'infinity'
     and (s.symbol, s.symbol_group, s.digits, s.contract_size, s.pip_size, s.profit_currency, s.base_currency)
         is distinct from (g.symbol, g.symbol_group, g.digits, g.contract_size, g.pip_size, g.profit_currency, nullif(g.base_currency, ''))
  returning s.raw_name as "rawName"`,
);

/** Adds what has no row in force. The first row of a name holds since ever, so that deals which came before it are resolved. */
export const insertSymbols = query(
  'trading.insert_symbols',
  z.object({ rawName: z.string() }),
  `
  insert into trading.symbols (server_key, raw_name, symbol, symbol_group, digits, contract_size, pip_size, profit_currency, base_currency, valid_from)
  select :serverKey, g.raw_name, g.symbol, g.symbol_group, g.digits, g.contract_size, g.pip_size, g.profit_currency,
         nullif(g.base_currency, ''),
         case when exists (select from trading.symbols s where s.server_key = :serverKey and s.raw_name = g.raw_name)
              then :validFrom::timestamptz else '-infinity' end
    from unnest(:rawNames::text[], :symbols::text[], :symbolGroups::text[], :digits::smallint[], :contractSizes::numeric[],
                :pipSizes::numeric[], :profitCurrencies::text[], :baseCurrencies::text[]) with ordinality
      as g (raw_name, symbol, symbol_group, digits, contract_size, pip_size, profit_currency, base_currency, place)
   where not exists (
           select from trading.symbols s where s.server_key = :serverKey and s.raw_name = g.raw_name and s.valid_to = 'infinity')
   order by g.place
  returning raw_name as "rawName"`,
);

export const endGroups = query(
  'trading.end_groups',
  z.object({ name: z.string() }),
  `
  update trading.account_groups a set valid_to = :validFrom
    from unnest(:names::text[], :lotFactors::numeric[], :pays::boolean[]) as g (name, lot_factor, pays)
   where a.server_key = :serverKey and a.name = g.name and a.valid_to = 'infinity'
     and (a.lot_factor, a.pays) is distinct from (g.lot_factor, g.pays)
  returning a.name`,
);

export const insertGroups = query(
  'trading.insert_groups',
  z.object({ name: z.string() }),
  `
  insert into trading.account_groups (server_key, name, lot_factor, pays, valid_from)
  select :serverKey, g.name, g.lot_factor, g.pays,
         case when exists (select from trading.account_groups a where a.server_key = :serverKey and a.name = g.name)
              then :validFrom::timestamptz else '-infinity' end
    from unnest(:names::text[], :lotFactors::numeric[], :pays::boolean[]) with ordinality as g (name, lot_factor, pays, place)
   where not exists (
           select from trading.account_groups a where a.server_key = :serverKey and a.name = g.name and a.valid_to = 'infinity')
   order by g.place
  returning name`,
);

export const accountGroupKnown = query(
  'trading.account_group_known',
  z.object({ known: z.boolean() }),
  `
  select exists (select from trading.account_groups where name = :name) as known`,
);

/** What symbols mean now; the same ones under several names of a server once. */
export const symbolsNow = query(
  'trading.symbols_now',
  z.object({
    serverKey: z.int(),
    symbol: z.string(),
    symbolGroup: z.string(),
    contractSize: z.string(),
    pipSize: z.string(),
    digits: z.int(),
    profitCurrency: z.string(),
    baseCurrency: z
      .string()
      .nullable()
      .transform((currency) => currency ?? undefined),
  }),
  `
  select distinct on (server_key, symbol, symbol_group)
         server_key as "serverKey", symbol, symbol_group as "symbolGroup", contract_size::text as "contractSize",
         pip_size::text as "pipSize", digits, profit_currency as "profitCurrency", base_currency as "baseCurrency"
    from trading.symbols where valid_to = 'infinity'
   order by server_key, symbol, symbol_group, key limit :max`,
);

/** Account groups that are paid now. */
export const groupsNow = query(
  'trading.groups_now',
  z.object({ serverKey: z.int(), name: z.string(), lotFactor: z.string() }),
  `
  select server_key as "serverKey", name, lot_factor::text as "lotFactor"
    from trading.account_groups where valid_to = 'infinity' and pays order by server_key, name limit :max`,
);
