import { z } from 'zod';
import { query } from '../../platform/query.ts';

const nothing = z.object({});
/** Sums are numeric and travel as text. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

/** The last revision of each of these deals. */
export const liveBookings = query(
  'commissions.live_bookings',
  z.object({
    dealKey: z.bigint(),
    revision: z.int(),
    knownAt: z.date(),
    configurationVersion: z.bigint(),
    planVersionKey: z.int().nullable(),
    ibKey: z.int().nullable(),
    symbolKey: z.int(),
    groupKey: z.int(),
    closedAt: z.date(),
    openedAt: z.date().nullable(),
    factsKey: z.bigint().nullable(),
    rerunKey: z.int().nullable(),
    currency: z.string().nullable(),
    earningUnits: z.bigint(),
  }),
  `
  select distinct on (b.deal_key) b.deal_key as "dealKey", b.revision, t.known_at as "knownAt",
         t.configuration_version as "configurationVersion", b.plan_version_key as "planVersionKey", b.ib_key as "ibKey",
         b.symbol_key as "symbolKey", b.group_key as "groupKey", b.closed_at as "closedAt", b.opened_at as "openedAt",
         b.facts_key as "factsKey", b.rerun_key as "rerunKey", v.definition ->> 'currency' as currency, b.earning_units as "earningUnits"
    from commissions.bookings b
    join commissions.batches t on t.key = b.batch_key
    left join commissions.plan_versions v on v.key = b.plan_version_key
   where b.deal_key = any (:dealKeys::bigint[])
   order by b.deal_key, b.revision desc`,
);

/** What the revisions of these deals come to, by component and beneficiary. */
export const liveShares = query(
  'commissions.live_shares',
  z.object({
    dealKey: z.bigint(),
    component: z.int(),
    kind: z.int(),
    beneficiary: z.int(),
    depth: z.int(),
    units: sum,
  }),
  `
  select deal_key as "dealKey", component, kind, beneficiary, (array_agg(depth order by revision desc))[1] as depth, sum(units)::text as units
    from commissions.rebates where deal_key = any (:dealKeys::bigint[])
   group by deal_key, component, kind, beneficiary having sum(units) <> 0
   order by deal_key, component, kind, depth, beneficiary`,
);

/** Why the last revisions of these deals paid nothing. */
export const liveReasons = query(
  'commissions.live_reasons',
  z.object({ dealKey: z.bigint(), component: z.int(), reason: z.string() }),
  `
  select u.deal_key as "dealKey", u.component, u.reason
    from commissions.unpaid u
    join (select deal_key, max(revision) as revision from commissions.bookings
           where deal_key = any (:dealKeys::bigint[]) group by deal_key) l on l.deal_key = u.deal_key and l.revision = u.revision
   order by u.deal_key, u.component`,
);

export const insertRevisions = query(
  'commissions.insert_revisions',
  nothing,
  `
  insert into commissions.bookings
    (deal_key, revision, batch_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, earning_units,
     ib_units, client_units, house_units, facts_key, rerun_key)
  select b.deal_key, b.revision, :batchKey, b.plan_version_key, b.ib_key, b.symbol_key, b.group_key, b.closed_at, b.opened_at,
         b.earning_units, b.ib_units, b.client_units, b.house_units, b.facts_key, b.rerun_key
    from unnest(:dealKeys::bigint[], :revisions::smallint[], :planVersionKeys::integer[], :ibKeys::integer[], :symbolKeys::integer[],
                :groupKeys::integer[], :closedAts::timestamptz[], :openedAts::timestamptz[], :earningUnits::bigint[],
                :ibUnits::bigint[], :clientUnits::bigint[], :houseUnits::bigint[], :factsKeys::bigint[], :rerunKeys::integer[])
      as b (deal_key, revision, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, earning_units,
            ib_units, client_units, house_units, facts_key, rerun_key)`,
);

export const insertChanges = query(
  'commissions.insert_changes',
  nothing,
  `
  insert into commissions.rebates (deal_key, revision, component, kind, beneficiary, depth, units)
  select r.deal_key, r.revision, r.component, r.kind, r.beneficiary, r.depth, r.units
    from unnest(:dealKeys::bigint[], :revisions::smallint[], :components::smallint[], :kinds::smallint[],
                :beneficiaries::integer[], :depths::smallint[], :units::bigint[])
      as r (deal_key, revision, component, kind, beneficiary, depth, units)`,
);

export const insertReasons = query(
  'commissions.insert_reasons',
  nothing,
  `
  insert into commissions.unpaid (deal_key, revision, component, reason)
  select u.deal_key, u.revision, u.component, u.reason
    from unnest(:dealKeys::bigint[], :revisions::smallint[], :components::smallint[], :reasons::text[])
      as u (deal_key, revision, component, reason)`,
);

export const insertRevisedExecutions = query(
  'commissions.insert_revised_executions',
  nothing,
  `
  insert into commissions.executions (deal_key, revision, execution)
  select e.deal_key, e.revision, e.execution
    from unnest(:dealKeys::bigint[], :revisions::smallint[], :executions::text[]) as e (deal_key, revision, execution)`,
);

export const insertCorrection = query(
  'commissions.insert_correction',
  nothing,
  `
  insert into commissions.corrections (batch_key, cause, reason, rerun_key, approval_id)
  values (:batchKey, :cause, :reason, :rerunKey, :approvalId)`,
);

/** Whether a re-run is being carried out: then others that correct wait. */
export const rerunApplying = query(
  'commissions.rerun_applying',
  z.object({ key: z.int() }),
  `
  select key from commissions.reruns where state = 'applying'`,
);

export const termsOfReruns = query(
  'commissions.terms_of_reruns',
  z.object({ key: z.int(), terms: z.unknown() }),
  `
  select key, terms from commissions.reruns where key = any (:keys::integer[])`,
);
