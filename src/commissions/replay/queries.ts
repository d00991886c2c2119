import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { KeptStanding } from '../counters/contract.ts';
import { KeptExecution } from '../inputs/contract.ts';

/** All revisions of bookings with the inputs that they name. */
export const bookingsOfRange = query(
  'commissions.bookings_of_range',
  z.object({
    dealKey: z.bigint(),
    revision: z.int(),
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
    factsKey: z.bigint().nullable(),
    rerunKey: z.int().nullable(),
    wholeReason: z.string().nullable(),
  }),
  `
  select b.deal_key as "dealKey", b.revision, b.batch_key as "batchKey", t.known_at as "knownAt", t.configuration_version as "configurationVersion",
         b.plan_version_key as "planVersionKey", b.ib_key as "ibKey", b.symbol_key as "symbolKey", b.group_key as "groupKey",
         b.closed_at as "closedAt", b.opened_at as "openedAt", e.execution::jsonb as execution,
         s.standing::jsonb as standing, b.earning_units as "earningUnits", b.facts_key as "factsKey", b.rerun_key as "rerunKey",
         u.reason as "wholeReason"
    from commissions.bookings b
    join commissions.batches t on t.key = b.batch_key
    left join commissions.executions e on e.deal_key = b.deal_key and e.revision = b.revision
    left join commissions.standings s on s.deal_key = b.deal_key and s.revision = b.revision
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   where b.deal_key > :after and b.deal_key <= :upTo
   order by b.deal_key, b.revision`,
);

export const rebatesOfRange = query(
  'commissions.rebates_of_range',
  z.object({
    dealKey: z.bigint(),
    revision: z.int(),
    component: z.int(),
    kind: z.int(),
    beneficiary: z.int(),
    depth: z.int(),
    units: z.bigint(),
  }),
  `
  select deal_key as "dealKey", revision, component, kind, beneficiary, depth, units
    from commissions.rebates where deal_key > :after and deal_key <= :upTo
   order by deal_key, revision, component, kind, depth, beneficiary`,
);

export const unpaidOfRange = query(
  'commissions.unpaid_of_range',
  z.object({ dealKey: z.bigint(), revision: z.int(), component: z.int(), reason: z.string() }),
  `
  select deal_key as "dealKey", revision, component, reason
    from commissions.unpaid where deal_key > :after and deal_key <= :upTo
   order by deal_key, revision, component`,
);

/** The end of the next page of booked deals, with all revisions of each, and how many bookings those are. */
export const pageOfBookings = query(
  'commissions.page_of_bookings',
  z.object({ upTo: z.bigint().nullable(), bookings: z.int() }),
  `
  select p."upTo", (select count(*)::integer from commissions.bookings where deal_key > :after and deal_key <= p."upTo") as bookings
    from (select max(deal_key) as "upTo"
            from (select deal_key from commissions.bookings where deal_key > :after order by deal_key limit :limit) l) p`,
);

/** What revisions of a deal change, and why they were written. */
export const revisionsOfDeal = query(
  'commissions.revisions_of_deal',
  z.object({
    revision: z.int(),
    batchKey: z.bigint(),
    kind: z.enum(['trades', 'correction', 'true_up', 'award']),
    bookedAt: z.date(),
    cause: z.enum(['amendment', 'late_entry', 'rerun', 'chargeback']).nullable(),
    reason: z.string().nullable(),
    planVersionKey: z.int().nullable(),
    earningUnits: z.bigint(),
  }),
  `
  select b.revision, b.batch_key as "batchKey", t.kind, t.booked_at as "bookedAt", c.cause, c.reason,
         b.plan_version_key as "planVersionKey", b.earning_units as "earningUnits"
    from commissions.bookings b
    join commissions.batches t on t.key = b.batch_key
    left join commissions.corrections c on c.batch_key = b.batch_key
   where b.deal_key = :dealKey order by b.revision`,
);

export const planOfVersion = query(
  'commissions.plan_of_version',
  z.object({ name: z.string(), version: z.int() }),
  `
  select p.name, v.number as version
    from commissions.plan_versions v join commissions.plans p on p.key = v.plan_key
   where v.key = :versionKey`,
);
