import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** The newest booking of each of these deals, with why the trade as a whole paid nothing. */
export const bookingsOfDeals = query(
  'commissions.bookings_of_deals',
  z.object({
    dealKey: z.bigint(),
    planVersionKey: z.int().nullable(),
    closedAt: z.date(),
    openedAt: z.date().nullable(),
    bookedAt: z.date(),
    earningUnits: z.bigint(),
    reason: z.string().nullable(),
  }),
  `
  select distinct on (b.deal_key) b.deal_key as "dealKey", b.plan_version_key as "planVersionKey", b.closed_at as "closedAt",
         b.opened_at as "openedAt", t.booked_at as "bookedAt", b.earning_units as "earningUnits", u.reason
    from commissions.bookings b
    join commissions.batches t on t.key = b.batch_key
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   where b.deal_key = any (:dealKeys::bigint[])
   order by b.deal_key, b.revision desc`,
);

/** Whether an IB earned from a deal. */
export const ibEarnedFrom = query(
  'commissions.ib_earned_from',
  z.object({ earned: z.boolean() }),
  `
  select exists (select from commissions.rebates where beneficiary = :ibKey and deal_key = :dealKey and kind = 1) as earned`,
);
