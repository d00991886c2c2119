import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** What a deal waits for, as it is now; the code is null of one that does not wait. */
export const parkedDeal = query(
  'trading.parked_deal',
  z.object({
    code: z.string().nullable(),
    serverKey: z.int(),
    positionId: z.bigint(),
    closedAt: z.date().nullable(),
  }),
  `
  select p.code, d.server_key as "serverKey", d.position_id as "positionId", d.time_utc as "closedAt"
    from trading.deals k
    left join trading.amended m on m.deal_key = k.key
    join trading.deals d on d.key = coalesce(m.version_key, k.key)
    left join trading.parked p on p.deal_key = k.key and p.resolved_at is null
   where k.key = :dealKey`,
);

export const insertOpen = query(
  'trading.insert_open_by_hand',
  z.object({ setAt: z.date() }),
  `
  insert into trading.opens_by_hand (server_key, position_id, deal_key, opened_at, price, open_reason, reason, actor)
  values (:serverKey, :positionId, :dealKey, :openedAt, :price::text, :openReason::integer, :reason, :actor)
  returning set_at as "setAt"`,
);

/** Other deals of the position that wait for its open. */
export const waitingOfPosition = query(
  'trading.waiting_of_position',
  z.object({ dealKey: z.bigint() }),
  `
  select p.deal_key as "dealKey"
    from trading.parked p join trading.deals d on d.key = p.deal_key
   where p.resolved_at is null and p.code = any (:codes::text[])
     and d.server_key = :serverKey and d.position_id = :positionId and d.position_id > 0
   limit 1000`,
);

/** What was said last of the opens of these deals: of the deal itself, or of its position. */
export const opensByHand = query(
  'trading.opens_by_hand',
  z.object({
    dealKey: z.bigint(),
    openedAt: z.date(),
    price: z.string().nullable(),
    openReason: z.int().nullable(),
    reason: z.string(),
    actor: z.string(),
    setAt: z.date(),
  }),
  `
  select t.key as "dealKey", h.opened_at as "openedAt", h.price, h.open_reason as "openReason", h.reason, h.actor, h.set_at as "setAt"
    from trading.deals t
   cross join lateral (
           select * from (
             select o.* from trading.opens_by_hand o where o.deal_key = t.key
             union
             select o.* from trading.opens_by_hand o
              where o.server_key = t.server_key and o.position_id = t.position_id and o.position_id > 0) said
            where :openedAt::timestamptz is null or said.opened_at = :openedAt
            order by said.key desc limit 1) h
   where t.key = any (:dealKeys::bigint[])`,
);
