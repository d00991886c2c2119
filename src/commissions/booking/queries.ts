import { z } from 'zod';
import { query } from '../../platform/query.ts';

const nothing = z.object({});

/** The key is drawn under a lock that `makeCut` waits for: behind a cut no smaller one comes. */
export const insertBatch = query(
  'commissions.insert_batch',
  z.object({ key: z.bigint() }),
  `
  with held as materialized (select pg_advisory_xact_lock_shared(hashtext('commissions.bookings')) is null)
  insert into commissions.batches (trades, known_at, configuration_version, kind)
  select :trades::integer, :knownAt::timestamptz, :configurationVersion::bigint, :kind::text from held
  returning key`,
);

export const insertBookings = query(
  'commissions.insert_bookings',
  nothing,
  `
  insert into commissions.bookings
    (deal_key, revision, batch_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, earning_units,
     ib_units, client_units, house_units, facts_key)
  select b.deal_key, 0, :batchKey, b.plan_version_key, b.ib_key, b.symbol_key, b.group_key, b.closed_at, b.opened_at, b.earning_units,
         b.ib_units, b.client_units, b.house_units, b.facts_key
    from unnest(:dealKeys::bigint[], :planVersionKeys::integer[], :ibKeys::integer[], :symbolKeys::integer[],
                :groupKeys::integer[], :closedAts::timestamptz[], :openedAts::timestamptz[], :earningUnits::bigint[],
                :ibUnits::bigint[], :clientUnits::bigint[], :houseUnits::bigint[], :factsKeys::bigint[])
      as b (deal_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, earning_units,
            ib_units, client_units, house_units, facts_key)`,
);

export const insertRebates = query(
  'commissions.insert_rebates',
  nothing,
  `
  insert into commissions.rebates (deal_key, revision, component, kind, beneficiary, depth, units)
  select r.deal_key, 0, r.component, r.kind, r.beneficiary, r.depth, r.units
    from unnest(:dealKeys::bigint[], :components::smallint[], :kinds::smallint[], :beneficiaries::integer[],
                :depths::smallint[], :units::bigint[])
      as r (deal_key, component, kind, beneficiary, depth, units)`,
);

export const insertUnpaid = query(
  'commissions.insert_unpaid',
  nothing,
  `
  insert into commissions.unpaid (deal_key, revision, component, reason)
  select u.deal_key, 0, u.component, u.reason
    from unnest(:dealKeys::bigint[], :components::smallint[], :reasons::text[]) as u (deal_key, component, reason)`,
);

export const insertExecutions = query(
  'commissions.insert_executions',
  nothing,
  `
  insert into commissions.executions (deal_key, revision, execution)
  select e.deal_key, 0, e.execution from unnest(:dealKeys::bigint[], :executions::text[]) as e (deal_key, execution)`,
);

/** Exact up to 100 000 rows, then as Postgres estimates. */
export const bookingCounts = query(
  'commissions.booking_counts',
  z.object({ booked: z.bigint(), rebates: z.bigint() }),
  `
  select case when b.reltuples > 100000 then b.reltuples::bigint else (select count(*) from commissions.bookings) end as booked,
         case when r.reltuples > 100000 then r.reltuples::bigint else (select count(*) from commissions.rebates) end as rebates
    from pg_class b, pg_class r
   where b.oid = 'commissions.bookings'::regclass and r.oid = 'commissions.rebates'::regclass`,
);
