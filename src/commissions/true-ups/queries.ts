import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { KeptExecution } from '../inputs/contract.ts';

const FIRST = `date '1970-01-01'`;
/** Months of tiers whose trades are not all at what was reached, but for those that are trued up when they are over. */
export const monthsDue = query(
  'commissions.tier_months_due',
  z.object({ planKey: z.int(), component: z.string(), owner: z.int(), month: z.int(), rounds: z.int() }),
  `
  select plan_key as "planKey", component, owner, month - ${FIRST} as month, rounds
    from commissions.tier_months
   where (tier <> trued_tier or (at = 'month_end' and tier > 0 and units is distinct from trued_units))
     and (at = 'reached' or month < date_trunc('month', now() at time zone 'UTC')::date)
   order by month, plan_key, component, owner
   limit :max`,
);

/** The next trades of a month, of one direct IB or (0) of all, whose last revision looks at the counters of the plan. */
export const tradesOfMonth = query(
  'commissions.trades_of_tier_month',
  z.object({ ibKey: z.int(), dealKey: z.bigint() }),
  `
  select s.ib_key as "ibKey", s.deal_key as "dealKey"
    from commissions.standings s
   where s.plan_key = :planKey and s.month = ${FIRST} + :month::integer and (:owner::integer = 0 or s.ib_key = :owner)
     and (s.ib_key, s.deal_key) > (:afterIb::integer, :afterDeal::bigint)
     and not exists (select from commissions.bookings b where b.deal_key = s.deal_key and b.revision > s.revision)
   order by s.ib_key, s.deal_key
   limit :limit`,
);

/** How the trades of revisions were carried out, as far as they kept it. */
export const executionsKept = query(
  'commissions.executions_kept',
  z.object({ dealKey: z.bigint(), execution: KeptExecution }),
  `
  select e.deal_key as "dealKey", e.execution::jsonb as execution
    from unnest(:dealKeys::bigint[], :revisions::smallint[]) as r (deal_key, revision)
    join commissions.executions e on e.deal_key = r.deal_key and e.revision = r.revision`,
);

/** What a month comes to now. */
export const noteMonth = query(
  'commissions.note_tier_month',
  z.object({}),
  `
  update commissions.tier_months set units = :units::numeric, tier = :tier
   where plan_key = :planKey and component = :component and owner = :owner and month = ${FIRST} + :month::integer`,
);

/**
 * Notes to what all trades of a month were brought, unless something was taken back since the round was asked for. Where nothing was
 * counted while it went on that is the tier that holds, whichever version's trades the round began with.
 */
export const closeMonth = query(
  'commissions.close_tier_month',
  z.object({}),
  `
  update commissions.tier_months
     set trued_units = :units::numeric, trued_tier = case when units = :units::numeric then tier else :tier end, rounds = rounds + 1
   where plan_key = :planKey and component = :component and owner = :owner and month = ${FIRST} + :month::integer
     and rounds = :rounds`,
);
