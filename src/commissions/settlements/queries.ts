import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { periodUnits } from '../periods/types.ts';

const nothing = z.object({});

const dueRow = z.object({
  clientKey: z.int(),
  unit: z.enum([...periodUnits, 'ever']),
  from: z.date(),
  to: z.date(),
});

/**
 * What is due up to an instant and, if a range is said, ends in it; where it is to be looked at again also what was settled in the
 * range before.
 */
const DUE = `
  with due as (
    select client_key, unit, period_from, period_to from commissions.period_due
     where period_to <= :upTo and (unit = 'ever' or :from::timestamptz is null or (period_to > :from and period_to <= :to))
     union
    select client_key, case period_to - period_from when interval '1 day' then 'day' when interval '7 days' then 'week' else 'month' end,
           period_from, period_to
      from commissions.period_results where :again and period_to > :from and period_to <= :to
  )`;

export const dueClients = query(
  'commissions.clients_of_due_periods',
  z.object({ clientKey: z.int() }),
  `${DUE}
  select distinct client_key as "clientKey" from due where client_key > :after order by client_key limit :limit`,
);

export const duePeriods = query(
  'commissions.due_periods',
  dueRow,
  `${DUE}
  select client_key as "clientKey", unit, period_from as "from", period_to as "to" from due
   where client_key = any (:clientKeys::integer[]) order by client_key, period_from, unit`,
);

export const deleteDue = query(
  'commissions.delete_period_due',
  nothing,
  `
  delete from commissions.period_due d
   using unnest(:clientKeys::integer[], :units::text[], :froms::timestamptz[]) as x (client_key, unit, at_from)
   where d.client_key = x.client_key and d.unit = x.unit and d.period_from = x.at_from`,
);

export const noteWaits = query(
  'commissions.note_period_waits',
  nothing,
  `
  insert into commissions.period_due as d (client_key, unit, period_from, period_to, code, detail, waits_since)
  select client_key, unit, at_from, at_to, code, detail, clock_timestamp()
    from unnest(:clientKeys::integer[], :units::text[], :froms::timestamptz[], :tos::timestamptz[], :codes::text[], :details::text[])
           as x (client_key, unit, at_from, at_to, code, detail)
  on conflict (client_key, unit, period_from) do update
    set code = excluded.code, detail = excluded.detail,
        waits_since = case when d.code = excluded.code then d.waits_since else excluded.waits_since end`,
);

/** A chargeback that took an award of a period back names it so (src/commissions/chargebacks). */
export const latestResults = query(
  'commissions.latest_period_results',
  z.object({
    clientKey: z.int(),
    planKey: z.int(),
    component: z.string(),
    from: z.date(),
    to: z.date(),
    sequence: z.int(),
    planVersionKey: z.int(),
    earningUnits: z.bigint(),
    carriedUnits: z.bigint(),
    isClawedBack: z.boolean(),
  }),
  `
  select distinct on (client_key, plan_key, component, period_from)
         client_key as "clientKey", plan_key as "planKey", component, period_from as "from", period_to as "to", sequence,
         plan_version_key as "planVersionKey", earning_units as "earningUnits", carried_units as "carriedUnits",
         bool_or(exists (select from commissions.awards c where c.once = 'clawback/' || r.award_key))
           over (partition by client_key, plan_key, component, period_from) as "isClawedBack"
    from commissions.period_results r where client_key = any (:clientKeys::integer[])
   order by client_key, plan_key, component, period_from, sequence desc`,
);

/** What IBs and clients were awarded for periods in all. */
export const awardedParts = query(
  'commissions.awarded_parts_of_periods',
  z.object({
    clientKey: z.int(),
    planKey: z.int(),
    component: z.string(),
    from: z.date(),
    kind: z.int(),
    beneficiary: z.int(),
    depth: z.int(),
    units: z.bigint(),
  }),
  `
  select r.client_key as "clientKey", r.plan_key as "planKey", r.component, r.period_from as "from", w.kind, w.beneficiary,
         min(w.depth)::integer as depth, sum(w.units)::bigint as units
    from commissions.period_results r
    join commissions.award_rebates w on w.award_key = r.award_key and w.kind <> 3
   where r.client_key = any (:clientKeys::integer[]) and r.period_to > :since
   group by r.client_key, r.plan_key, r.component, r.period_from, w.kind, w.beneficiary
  having sum(w.units) <> 0
   order by 1, 2, 3, 4, depth, w.kind, w.beneficiary`,
);

export const insertResults = query(
  'commissions.insert_period_results',
  nothing,
  `
  insert into commissions.period_results
    (client_key, plan_key, component, period_from, period_to, sequence, kind, plan_version_key, ib_key, earning_units, carried_units,
     reason, award_key, inputs, configuration_version, known_at)
  select client_key, plan_key, component, period_from, period_to, sequence, kind, plan_version_key, ib_key, earning_units, carried_units,
         reason, award_key, inputs, :configurationVersion, :knownAt
    from unnest(:clientKeys::integer[], :planKeys::integer[], :components::text[], :froms::timestamptz[], :tos::timestamptz[],
                :sequences::integer[], :kinds::text[], :planVersionKeys::integer[], :ibKeys::integer[], :earningUnits::bigint[],
                :carriedUnits::bigint[], :reasons::text[], :awardKeys::bigint[], :inputs::text[])
      as r (client_key, plan_key, component, period_from, period_to, sequence, kind, plan_version_key, ib_key, earning_units,
            carried_units, reason, award_key, inputs)`,
);

/** What clients were awarded by models that pay once for ever, under any plan, in the words in which it was computed. */
export const onceForEver = query(
  'commissions.awards_once_for_ever',
  z.object({ clientKey: z.int(), planVersionKey: z.int(), inputs: z.string() }),
  `
  select client_key as "clientKey", plan_version_key as "planVersionKey", inputs from commissions.awards
   where client_key = any (:clientKeys::integer[]) and plan_version_key is not null and starts_with(inputs, '{"over":"client"')
   order by key`,
);
