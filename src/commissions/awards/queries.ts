import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { periodUnits } from '../periods/types.ts';

const nothing = z.object({});

/** The keys ascend in the order of the places. */
export const insertAwards = query(
  'commissions.insert_awards',
  z.object({ key: z.bigint() }),
  `
  insert into commissions.awards (batch_key, kind, plan_version_key, component, client_key, ib_key, currency, earned_at, units, inputs, once)
  select :batchKey, kind, plan_version_key, component, client_key, ib_key, currency, earned_at, units, inputs, once
    from unnest(:places::integer[], :kinds::text[], :planVersionKeys::integer[], :components::smallint[], :clientKeys::integer[],
                :ibKeys::integer[], :currencies::text[], :earnedAts::timestamptz[], :units::bigint[], :inputs::text[], :onces::text[])
      as g (place, kind, plan_version_key, component, client_key, ib_key, currency, earned_at, units, inputs, once)
   order by place
  returning key`,
);

export const insertAwardRebates = query(
  'commissions.insert_award_rebates',
  nothing,
  `
  insert into commissions.award_rebates (award_key, kind, beneficiary, depth, units)
  select r.award_key, r.kind, r.beneficiary, r.depth, r.units
    from unnest(:awardKeys::bigint[], :kinds::smallint[], :beneficiaries::integer[], :depths::smallint[], :units::bigint[])
      as r (award_key, kind, beneficiary, depth, units)`,
);

export const awardsOfOnce = query(
  'commissions.awards_of_once',
  z.object({ key: z.bigint(), once: z.string() }),
  `
  select key, once from commissions.awards where once = any (:onces::text[])`,
);

export const currenciesOfVersions = query(
  'commissions.currencies_of_versions',
  z.object({ key: z.int(), currency: z.string() }),
  `
  select key, definition ->> 'currency' as currency from commissions.plan_versions
   where key = any (:versionKeys::integer[]) and published_at is not null`,
);

const awardRow = z.object({
  key: z.bigint(),
  batchKey: z.bigint(),
  kind: z.string(),
  planVersionKey: z.int().nullable(),
  component: z.int(),
  clientKey: z.int().nullable(),
  ibKey: z.int().nullable(),
  currency: Currency,
  earnedAt: z.date(),
  units: z.bigint(),
  awardedAt: z.date(),
});
const COLUMNS = `
  a.key, a.batch_key as "batchKey", a.kind, a.plan_version_key as "planVersionKey", a.component, a.client_key as "clientKey",
  a.ib_key as "ibKey", a.currency, a.earned_at as "earnedAt", a.units, date_trunc('milliseconds', b.booked_at) as "awardedAt"`;
const OF_BATCH = 'join commissions.batches b on b.key = a.batch_key';

/** Everybody's awards behind one of them, newest first, by the primary key. */
export const awardsOfAll = query(
  'commissions.awards_of_all',
  awardRow,
  `
  select ${COLUMNS}
    from (select * from commissions.awards where :after::bigint is null or key < :after order by key desc limit :limit) a
    ${OF_BATCH} order by a.key desc`,
);

/** Those about one client. */
export const awardsOfClient = query(
  'commissions.awards_about_client',
  awardRow,
  `
  select ${COLUMNS}
    from (select * from commissions.awards
           where client_key = :clientKey and (:after::bigint is null or key < :after) order by key desc limit :limit) a
    ${OF_BATCH} order by a.key desc`,
);

/** Those of which somebody has a part. */
export const awardsOfBeneficiary = query(
  'commissions.awards_of_beneficiary',
  awardRow,
  `
  select ${COLUMNS}
    from (select award_key from commissions.award_rebates
           where beneficiary = :beneficiary and kind = :kind and (:after::bigint is null or award_key < :after)
           order by award_key desc limit :limit) w
    join commissions.awards a on a.key = w.award_key
    ${OF_BATCH} order by a.key desc`,
);

export const awardOfKey = query(
  'commissions.award_of_key',
  awardRow.extend({ inputs: z.string(), knownAt: z.date(), configurationVersion: z.bigint() }),
  `
  select ${COLUMNS}, a.inputs, b.known_at as "knownAt", b.configuration_version as "configurationVersion"
    from commissions.awards a ${OF_BATCH} where a.key = :key`,
);

/** The parts of awards, the direct IB first, the house last. */
export const partsOfAwards = query(
  'commissions.parts_of_awards',
  z.object({ awardKey: z.bigint(), kind: z.int(), beneficiary: z.int(), depth: z.int(), units: z.bigint() }),
  `
  select award_key as "awardKey", kind, beneficiary, depth, units from commissions.award_rebates
   where award_key = any (:awardKeys::bigint[]) order by award_key, kind = 3, depth, kind desc, beneficiary`,
);

export const waitsOfClient = query(
  'commissions.period_waits_of_client',
  z.object({
    unit: z.enum([...periodUnits, 'ever']),
    from: z.date(),
    to: z.date(),
    code: z.string().nullable(),
    detail: z.string().nullable(),
    since: z.date().nullable(),
  }),
  `
  select unit, period_from as "from", period_to as "to", code, detail, date_trunc('milliseconds', waits_since) as since
    from commissions.period_due where client_key = :clientKey order by period_from, unit limit 100`,
);

export const resultsOfClient = query(
  'commissions.period_results_of_client',
  z.object({
    component: z.string(),
    planVersionKey: z.int(),
    from: z.date(),
    to: z.date(),
    earningUnits: z.bigint(),
    carriedUnits: z.bigint(),
    reason: z.string().nullable(),
  }),
  `
  select component, plan_version_key as "planVersionKey", period_from as "from", period_to as "to", earning_units as "earningUnits",
         carried_units as "carriedUnits", reason
    from (select distinct on (plan_key, component, period_from) * from commissions.period_results
           where client_key = :clientKey order by plan_key, component, period_from, sequence desc) r
   order by period_from desc, component limit 100`,
);

export const pageOfWaits = pagedQuery(
  'commissions.page_of_period_waits',
  z.object({
    name: z.string(),
    clientKey: z.int(),
    unit: z.enum([...periodUnits, 'ever']),
    from: z.date(),
    to: z.date(),
    code: z.string(),
    detail: z.string(),
    since: z.date(),
  }),
  `
  select client_key || ' ' || unit || ' ' || extract(epoch from period_from)::bigint as name, client_key as "clientKey", unit,
         period_from as "from", period_to as "to", code, detail, date_trunc('milliseconds', waits_since) as since
    from commissions.period_due where code is not null`,
  {
    sorts: { clientKey: { column: 'clientKey', type: 'integer' } },
    unique: { column: 'name', schema: z.string().max(60), type: 'text' },
  },
);

/** Awards that a plan computed, in the order of their keys. */
export const computedAwards = query(
  'commissions.computed_awards',
  z.object({ key: z.bigint() }),
  `
  select key from commissions.awards where plan_version_key is not null and starts_with(inputs, '{"over":') and key > :after
   order by key limit :limit`,
);

/** A breach: whom it concerns, and what is wrong there. */
const finding = z.object({ subject: z.string(), detail: z.string() });

/** The parts of an award, with that of the house, add up to it. */
export const awardsNotConserved = query(
  'commissions.verify_awards_conserved',
  finding,
  `
  select 'award ' || a.key as subject, 'has ' || a.units || ' units, its parts add up to ' || coalesce(w.units, 0) as detail
    from commissions.awards a
    left join (select award_key, sum(units) as units from commissions.award_rebates group by award_key) w on w.award_key = a.key
   where a.units <> coalesce(w.units, 0) order by a.key limit :limit`,
);

/** Parts belong to an award, and awards to a batch of awards. */
export const awardsAstray = query(
  'commissions.verify_awards_have_batch',
  finding,
  `
  select 'award ' || key as subject, detail
    from (select w.award_key as key, 'a part without an award' as detail
            from commissions.award_rebates w where not exists (select from commissions.awards a where a.key = w.award_key)
          union
          select a.key, 'is of no batch of awards' from commissions.awards a
           where not exists (select from commissions.batches b where b.key = a.batch_key and b.kind = 'award')) astray
   order by key limit :limit`,
);

/** What a period came to last is what was awarded for it in all. */
export const periodsAstray = query(
  'commissions.verify_periods_add_up',
  finding,
  `
  select 'period of client ' || r.client_key || ' from ' || r.period_from as subject,
         'came to ' || r.earning_units || ' units, its awards add up to ' || r.awarded as detail
    from (select distinct on (r.client_key, r.plan_key, r.component, r.period_from) r.*,
                 coalesce(sum(a.units) over (partition by r.client_key, r.plan_key, r.component, r.period_from), 0) as awarded
            from commissions.period_results r left join commissions.awards a on a.key = r.award_key
           order by r.client_key, r.plan_key, r.component, r.period_from, r.sequence desc) r
   where r.earning_units <> r.awarded order by r.client_key, r.period_from limit :limit`,
);
