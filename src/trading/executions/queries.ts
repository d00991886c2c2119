import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Deals of one position that are read at most: a position that has more is not judged. */
export const LEGS_MAX = 1_000;

/** The close of a deal as the index by login has it. */
const CLOSE = 'coalesce(l.time_utc, to_timestamp(l.server_time_ms::double precision / 1000))';

/**
 * Closing deals word for word, by the version that is named or else as they are by now, with their symbol, the open that they are measured from (as `trading.opens_of` finds it) and
 * what was done to the position before them, in the order of the tickets: entries by the index of opens, closes by that of the
 * login's closes since the first entry.
 */
export const executionsOf = query(
  'trading.executions_of',
  z.object({
    dealKey: z.bigint(),
    server: z.string(),
    login: z.bigint().nullable(),
    raw: z.string(),
    openRaw: z.string().nullable(),
    before: z.array(z.string()).nullable(),
    digits: z.int(),
    contractSize: z.string(),
    pipSize: z.string(),
    profitCurrency: z.string(),
    baseCurrency: z.string().nullable(),
  }),
  `
  select t.deal_key as "dealKey", v.name as server, d.login, d.raw, o.raw as "openRaw", legs.before,
         s.digits, s.contract_size::text as "contractSize", s.pip_size::text as "pipSize", s.profit_currency as "profitCurrency",
         s.base_currency as "baseCurrency"
    from unnest(:dealKeys::bigint[], :symbolKeys::integer[], :factsKeys::bigint[]) as t (deal_key, symbol_key, facts_key)
    left join trading.amended m on m.deal_key = t.deal_key
    join trading.deals d on d.key = coalesce(t.facts_key, m.version_key, t.deal_key)
    join trading.servers v on v.key = d.server_key
    join trading.symbols s on s.key = t.symbol_key
    left join lateral (
           select l.raw from trading.entries_of(d.server_key, d.position_id) l
            where l.key <> d.key and (l.server_time_ms < d.server_time_ms or l.ticket < d.ticket)
            order by l.entry = 'in_out' desc,
                     case when l.entry = 'in_out' then -l.server_time_ms else l.server_time_ms end,
                     case when l.entry = 'in_out' then -l.ticket else l.ticket end
            limit 1) o on true
    left join lateral (
           select min(${CLOSE}) as first_at from trading.entries_of(d.server_key, d.position_id) l where l.ticket < d.ticket) f on true
    left join lateral (
           select array_agg(x.raw order by x.ticket) as before
             from (select l.ticket, l.raw from trading.entries_of(d.server_key, d.position_id) l where l.ticket < d.ticket
                    union
                   select l.ticket, l.raw from trading.deals l
                    where l.login = d.login and l.server_key = d.server_key and l.position_id = d.position_id
                      and l.version = 0 and l.closed_volume > 0 and l.ticket < d.ticket and ${CLOSE} >= f.first_at
                      and not exists (select from trading.amended g where g.deal_key = l.key)
                    union
                   select l.ticket, l.raw from trading.amended g join trading.deals l on l.key = g.version_key
                    where g.server_key = d.server_key and g.position_id = d.position_id and g.position_id > 0 and not g.deleted
                      and l.login = d.login and l.closed_volume > 0 and l.ticket < d.ticket
                    limit ${LEGS_MAX + 1}) x) legs on true
   order by d.key`,
);
