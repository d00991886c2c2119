import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { KeptStanding } from '../counters/contract.ts';
import { KeptExecution } from '../inputs/contract.ts';

/** First bookings with the inputs that they name. */
export const bookingsOfRange = query(
  'commissions.bookings_of_range',
  z.object({
    dealKey: z.bigint(),
    batchKey: z.bigint(),
    knownAt: z.date(),
    configurationVersion: z.bigint(),
    planVersionKey: z.int().nullable(),
    ibKey: z.int().nullable(),
    symbolKey: z.int(),
    groupKey: z.int(),
    closedAt: z.date(),
    openedAt: z.date().nullable(),
    execution: KeptExecution.nullable(),
    standing: KeptStanding.nullable(),
    earningUnits: z.bigint(),
  }),
  `
  select b.deal_key as "dealKey", b.batch_key as "batchKey", t.known_at as "knownAt", t.configuration_version as "configurationVersion",
         b.plan_version_key as "planVersionKey", b.ib_key as "ibKey", b.symbol_key as "symbolKey", b.group_key as "groupKey",
         b.closed_at as "closedAt", b.opened_at as "openedAt", e.execution::jsonb as execution,
         s.standing::jsonb as standing, b.earning_units as "earningUnits"
    from commissions.bookings b
    join commissions.batches t on t.key = b.batch_key
    left join commissions.executions e on e.deal_key = b.deal_key and e.revision = b.revision
    left join commissions.standings s on s.deal_key = b.deal_key and s.revision = b.revision
   where b.deal_key > :after and b.deal_key <= :upTo and b.revision = 0
   order by b.deal_key`,
);

export const rebatesOfRange = query(
  'commissions.rebates_of_range',
  z.object({
    dealKey: z.bigint(),
    component: z.int(),
    kind: z.int(),
    beneficiary: z.int(),
    depth: z.int(),
    units: z.bigint(),
  }),
  `
  select deal_key as "dealKey", component, kind, beneficiary, depth, units
    from commissions.rebates where deal_key > :after and deal_key <= :upTo and revision = 0
   order by deal_key, component, kind, depth, beneficiary`,
);

export const unpaidOfRange = query(
  'commissions.unpaid_of_range',
  z.object({ dealKey: z.bigint(), component: z.int(), reason: z.string() }),
  `
  select deal_key as "dealKey", component, reason
    from commissions.unpaid where deal_key > :after and deal_key <= :upTo and revision = 0
   order by deal_key, component`,
);

/** The end of the next page of booked deals, and how many bookings are on it. */
export const pageOfBookings = query(
  'commissions.page_of_bookings',
  z.object({ upTo: z.bigint().nullable(), bookings: z.int() }),
  `
  select max(deal_key) as "upTo", count(*)::integer as bookings
    from (select deal_key from commissions.bookings where deal_key > :after order by deal_key limit :limit) p`,
);

export const planOfVersion = query(
  'commissions.plan_of_version',
  z.object({ name: z.string(), version: z.int() }),
  `
  select p.name, v.number as version
    from commissions.plan_versions v join commissions.plans p on p.key = v.plan_key
   where v.key = :versionKey`,
);
