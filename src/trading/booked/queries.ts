import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Deals by key, with the symbol and the group that their booking names. */
export const factsOfDeals = query(
  'trading.facts_of_deals',
  z.object({
    dealKey: z.bigint(),
    factsKey: z.bigint(),
    ticket: z.bigint(),
    serverKey: z.int(),
    server: z.string(),
    login: z.bigint().nullable(),
    symbolKey: z.int(),
    groupKey: z.int(),
    symbol: z.string(),
    symbolGroup: z.string(),
    accountGroup: z.string(),
    lotFactor: z.string(),
    closedVolume: z.bigint(),
    openedVolume: z.bigint(),
    closedAt: z.date(),
    hasMs: z.boolean(),
    reason: z
      .bigint()
      .nullable()
      .transform((reason) => (reason === null ? undefined : Number(reason))),
    positionId: z.bigint(),
  }),
  `
  select b.deal_key as "dealKey", d.key as "factsKey", d.ticket, d.server_key as "serverKey", v.name as server, d.login, s.key as "symbolKey", a.key as "groupKey",
         s.symbol, s.symbol_group as "symbolGroup", a.name as "accountGroup", a.lot_factor as "lotFactor",
         d.closed_volume as "closedVolume", d.opened_volume as "openedVolume", b.closed_at as "closedAt", d.has_ms as "hasMs", d.reason, d.position_id as "positionId"
    from unnest(:dealKeys::bigint[], :symbolKeys::integer[], :groupKeys::integer[], :closedAts::timestamptz[], :factsKeys::bigint[])
           as b (deal_key, symbol_key, group_key, closed_at, facts_key)
    join trading.deals d on d.key = coalesce(b.facts_key, b.deal_key)
    join trading.servers v on v.key = d.server_key
    join trading.symbols s on s.key = b.symbol_key
    join trading.account_groups a on a.key = b.group_key
   order by b.deal_key`,
);

/** Deals as they are by now, word for word. */
export const dealsAsTold = query(
  'trading.deals_as_told',
  z.object({ dealKey: z.bigint(), serverKey: z.int(), raw: z.string(), factsKey: z.bigint() }),
  `
  select d.key as "dealKey", d.server_key as "serverKey", coalesce(v.raw, d.raw) as raw, coalesce(v.key, d.key) as "factsKey"
    from trading.deals d
    left join trading.amended m on m.deal_key = d.key
    left join trading.deals v on v.key = m.version_key
   where d.key = any (:dealKeys::bigint[]) and d.version = 0
   order by d.key`,
);
