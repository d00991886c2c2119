import { z } from 'zod';
import { query } from '../../platform/query.ts';

export const countOpens = query(
  'trading.count_opens',
  z.object({}),
  `
  update trading.counting set opens = true where not opens`,
);

export const openedVolumes = query(
  'trading.opened_volumes',
  z.object({ dealKey: z.bigint(), openedVolume: z.bigint() }),
  `
  select t.deal_key as "dealKey", d.opened_volume as "openedVolume"
    from unnest(:dealKeys::bigint[]) as t (deal_key)
    left join trading.amended m on m.deal_key = t.deal_key
    join trading.deals d on d.key = coalesce(m.version_key, t.deal_key)`,
);

/** The rows of symbols that held at instants, by the place of what is asked. */
export const symbolsAsOf = query(
  'trading.symbols_as_of',
  z.object({ place: z.int(), symbolKey: z.int(), symbol: z.string(), symbolGroup: z.string() }),
  `
  select a.place::integer, s.key as "symbolKey", s.symbol, s.symbol_group as "symbolGroup"
    from unnest(:symbolKeys::integer[], :ats::timestamptz[]) with ordinality as a (symbol_key, at, place)
    join trading.symbols k on k.key = a.symbol_key
    join trading.symbols s on s.server_key = k.server_key and s.raw_name = k.raw_name and s.valid_from <= a.at and a.at < s.valid_to
   order by a.place`,
);
