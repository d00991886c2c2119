import { z } from 'zod';
import { query } from '../../platform/query.ts';

/**
 * Trades whose live booking pays nothing for one of these reasons, the newest deals first: of each reason one range of its index.
 */
export const tradesUnpaidFor = query(
  'commissions.trades_unpaid_for',
  z.object({
    dealKey: z.bigint(),
    reason: z.string(),
    planVersionKey: z.int().nullable(),
    symbolKey: z.int(),
    groupKey: z.int(),
    closedAt: z.date(),
    bookedAt: z.date(),
  }),
  `
  select u.deal_key as "dealKey", u.reason, b.plan_version_key as "planVersionKey", b.symbol_key as "symbolKey",
         b.group_key as "groupKey", b.closed_at as "closedAt", t.booked_at as "bookedAt"
    from unnest(:reasons::text[]) as r (reason)
   cross join lateral (
           select x.deal_key, x.revision, x.reason from commissions.unpaid x
            where x.reason = r.reason and x.component = -1 and (:before::bigint is null or x.deal_key < :before)
              and not exists (select from commissions.bookings later where later.deal_key = x.deal_key and later.revision > x.revision)
            order by x.deal_key desc limit :limit) u
    join commissions.bookings b on b.deal_key = u.deal_key and b.revision = u.revision
    join commissions.batches t on t.key = b.batch_key
   order by u.deal_key desc limit :limit`,
);
