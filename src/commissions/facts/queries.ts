import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/** The live bookings of deals. */
export const liveBookings = query(
  'commissions.live_bookings_of_deals',
  z.object({
    dealKey: z.bigint(),
    symbolKey: z.int(),
    groupKey: z.int(),
    closedAt: z.date(),
    factsKey: z.bigint().nullable(),
    reason: z.string().nullable(),
  }),
  `
  select b.deal_key as "dealKey", b.symbol_key as "symbolKey", b.group_key as "groupKey", b.closed_at as "closedAt",
         b.facts_key as "factsKey", u.reason
    from (select distinct on (deal_key) * from commissions.bookings
           where deal_key = any (:dealKeys::bigint[]) order by deal_key, revision desc) b
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   order by b.deal_key`,
);

/** What was paid for deals to IBs and clients, over all revisions. */
export const paidForDeals = query(
  'commissions.paid_for_deals',
  z.object({ dealKey: z.bigint(), currency: Currency, units: z.bigint() }),
  `
  select r.deal_key as "dealKey", v.definition ->> 'currency' as currency, sum(r.units)::bigint as units
    from commissions.rebates r
    join commissions.bookings b on b.deal_key = r.deal_key and b.revision = r.revision
    join commissions.plan_versions v on v.key = b.plan_version_key
   where r.deal_key = any (:dealKeys::bigint[]) and r.kind <> 3
   group by r.deal_key, v.definition ->> 'currency'
  having sum(r.units) <> 0
   order by r.deal_key`,
);

/** Deals that are, or were, booked in ranges of time and were delivered for an instant outside of them; a page behind a place and a key. */
export const closesMovedInto = query(
  'commissions.closes_moved_into',
  z.object({ place: z.int(), dealKey: z.bigint() }),
  `
  select distinct a.place, m.deal_key as "dealKey"
    from unnest(:places::integer[], :clientKeys::integer[], :froms::timestamptz[], :tos::timestamptz[])
           as a (place, client_key, at_from, at_to)
    join commissions.moved_closes m on m.client_key = a.client_key and m.closed_at >= a.at_from and m.closed_at < a.at_to
   where (m.delivered_at < a.at_from or m.delivered_at >= a.at_to) and (a.place, m.deal_key) > (:afterPlace, :afterKey)
   order by 1, 2 limit :limit`,
);

/** Costs of clients in ranges of time. */
export const costsOfPeriods = query(
  'commissions.costs_of_periods',
  z.object({
    place: z.int(),
    kind: z.enum(['psp_fee', 'chargeback']),
    currency: Currency,
    units: z.bigint(),
    at: z.date(),
  }),
  `
  select a.place, c.kind, c.currency, c.units, c.at
    from unnest(:places::integer[], :clientKeys::integer[], :froms::timestamptz[], :tos::timestamptz[])
           as a (place, client_key, at_from, at_to)
    join commissions.client_costs c on c.client_key = a.client_key and c.at >= a.at_from and c.at < a.at_to
   order by a.place, c.at, c.key`,
);
