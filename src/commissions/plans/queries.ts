import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { PlanId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query, validUntil } from '../../platform/query.ts';
import { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';

const nothing = z.object({});

export const insertPlan = query(
  'commissions.insert_plan',
  z.object({ key: z.int() }),
  `
  insert into commissions.plans (id, name) values (:planId, :name) on conflict (name) do nothing returning key`,
);

export const planKeyOf = query(
  'commissions.plan_key_of',
  z.object({ key: z.int() }),
  `
  select key from commissions.plans where id = :planId`,
);

export const listPlans = query(
  'commissions.list_plans',
  z.object({
    id: PlanId,
    name: z.string(),
    number: z.int().nullable(),
    validFrom: z.date().nullable(),
    publishedAt: z.date().nullable(),
  }),
  `
  select p.id, p.name, v.number, v.valid_from as "validFrom", v.published_at as "publishedAt"
    from commissions.plans p left join commissions.plan_versions v on v.plan_key = p.key
   order by p.name, v.number`,
);

export const pageOfPlans = pagedQuery(
  'commissions.page_of_plans',
  z.object({
    id: PlanId,
    name: z.string(),
    createdAt: z.date(),
    versions: z.int(),
    versionInForce: z.int().nullable(),
  }),
  `
  select p.id, p.name, p.created_at as "createdAt",
         (select count(*)::integer from commissions.plan_versions v where v.plan_key = p.key) as versions,
         (select v.number from commissions.plan_versions v
           where v.plan_key = p.key and v.valid_from <= now() order by v.valid_from desc limit 1) as "versionInForce"
    from commissions.plans p
   where (:q::text is null or position(lower(:q) in lower(p.name)) > 0)`,
  { sorts: { name: { column: 'name', type: 'text' } }, unique: { column: 'id', schema: PlanId, type: 'uuid' } },
);

export const planOfId = query(
  'commissions.plan_of_id',
  z.object({ key: z.int(), id: PlanId, name: z.string(), createdAt: z.date() }),
  `
  select key, id, name, created_at as "createdAt" from commissions.plans where id = :id`,
);

const versionHead = z.object({
  number: z.int(),
  createdAt: z.date(),
  validFrom: z.date().nullable(),
  publishedAt: z.date().nullable(),
});

export const newestVersions = query(
  'commissions.newest_versions',
  versionHead,
  `
  select number, created_at as "createdAt", valid_from as "validFrom", published_at as "publishedAt"
    from commissions.plan_versions where plan_key = :planKey order by number desc limit 1000`,
);

export const versionOfNumber = query(
  'commissions.version_of_number',
  versionHead.extend({ key: z.int(), definition: PlanDefinition }),
  `
  select key, number, created_at as "createdAt", valid_from as "validFrom", published_at as "publishedAt", definition
    from commissions.plan_versions where plan_key = :planKey and number = :number`,
);

export const versionInForce = query(
  'commissions.version_in_force',
  versionHead.extend({ definition: PlanDefinition }),
  `
  select number, created_at as "createdAt", valid_from as "validFrom", published_at as "publishedAt", definition
    from commissions.plan_versions where plan_key = :planKey and valid_from <= now() order by valid_from desc limit 1`,
);

/** What is to be published, word for word as it is stored. Whoever asks waits until no other changes plans, as a publication does. */
export const definitionUnderLock = query(
  'commissions.definition_under_lock',
  z.object({ definition: z.string(), publishedAt: z.date().nullable() }),
  `
  with held as (select version from commissions.configuration for update)
  select v.definition::text as definition, v.published_at as "publishedAt"
    from held, commissions.plan_versions v join commissions.plans p on p.key = v.plan_key
   where p.id = :planId and v.number = :number`,
);

export const insertVersion = query(
  'commissions.insert_version',
  z.object({ number: z.int() }),
  `
  insert into commissions.plan_versions (plan_key, number, definition)
  select :planKey, coalesce(max(number), 0) + 1, :definition::jsonb from commissions.plan_versions where plan_key = :planKey
  returning number`,
);

const versionRow = z.object({
  key: z.int(),
  planKey: z.int(),
  number: z.int(),
  definition: PlanDefinition,
  validFrom: z.date().nullable(),
  publishedAt: z.date().nullable(),
});

export const versionsOfPlan = query(
  'commissions.versions_of_plan',
  versionRow,
  `
  select key, plan_key as "planKey", number, definition, valid_from as "validFrom", published_at as "publishedAt"
    from commissions.plan_versions where plan_key = :planKey order by number for update`,
);

/** The versions that were published as of a count of changes. */
export const publishedVersions = query(
  'commissions.published_versions',
  versionRow,
  `
  select key, plan_key as "planKey", number, definition, valid_from as "validFrom", published_at as "publishedAt"
    from commissions.plan_versions where configuration_version <= :version order by plan_key, valid_from`,
);

export const publishVersionRow = query(
  'commissions.publish_version',
  z.object({ validFrom: z.date() }),
  `
  update commissions.plan_versions set valid_from = :validFrom, published_at = date_trunc('milliseconds', now()), configuration_version = :version
   where key = :versionKey returning valid_from as "validFrom"`,
);

/** Bumps the count of configuration changes, which empties the workers' caches; gives the database's time. */
export const bumpConfiguration = query(
  'commissions.bump_configuration',
  z.object({ version: z.bigint(), now: z.date() }),
  `
  update commissions.configuration set version = version + 1 returning version, date_trunc('milliseconds', now()) as now`,
);

/** The same without a change: whoever changes plans meanwhile waits. Taken before any version is. */
export const holdConfiguration = query(
  'commissions.hold_configuration',
  z.object({ now: z.date() }),
  `
  select date_trunc('milliseconds', now()) as now from commissions.configuration for update`,
);

export const readConfiguration = query(
  'commissions.read_configuration',
  z.object({ version: z.bigint(), now: z.date() }),
  `
  select version, date_trunc('milliseconds', now()) as now from commissions.configuration`,
);

/** Assignments as of a count of changes: what came after has not ended any of them yet. */
export const allAssignments = query(
  'commissions.all_assignments',
  z.object({ ibKey: z.int(), planKey: z.int(), validFrom: z.date(), validTo: validUntil }),
  `
  select ib_key as "ibKey", plan_key as "planKey", valid_from as "validFrom",
         lead(valid_from, 1, 'infinity') over (partition by ib_key order by valid_from) as "validTo"
    from commissions.assignments where configuration_version <= :version order by ib_key, valid_from`,
);

export const assignmentsOfIb = query(
  'commissions.assignments_of_ib',
  z.object({ planId: PlanId, validFrom: z.date(), validTo: validUntil }),
  `
  select p.id as "planId", a.valid_from as "validFrom", a.valid_to as "validTo"
    from commissions.assignments a join commissions.plans p on p.key = a.plan_key
   where a.ib_key = :ibKey order by a.valid_from for update of a`,
);

export const closeAssignment = query(
  'commissions.close_assignment',
  nothing,
  `
  update commissions.assignments set valid_to = :at where ib_key = :ibKey and valid_from < :at and valid_to > :at`,
);

export const insertAssignment = query(
  'commissions.insert_assignment',
  nothing,
  `
  insert into commissions.assignments (ib_key, plan_key, valid_from, configuration_version) values (:ibKey, :planKey, :validFrom, :version)`,
);

/** Agreements of IBs as of a count of changes. */
export const agreementsOfIbs = query(
  'commissions.agreements_of_ibs',
  z.object({
    key: z.int(),
    ibKey: z.int(),
    planKey: z.int(),
    terms: AgreementTerms,
    validFrom: z.date(),
    validTo: validUntil,
  }),
  `
  select key, ib_key as "ibKey", plan_key as "planKey", terms, valid_from as "validFrom",
         lead(valid_from, 1, 'infinity') over (partition by ib_key, plan_key order by valid_from) as "validTo"
    from commissions.agreements where ib_key = any(:ibKeys::integer[]) and configuration_version <= :version
   order by ib_key, plan_key, valid_from`,
);

/** The different terms in force under a plan from an instant on, agreements and what comes before them, each with one who has them. */
export const termsUnderPlan = query(
  'commissions.terms_under_plan',
  z.object({ whose: z.string(), terms: AgreementTerms }),
  `
  select min('IB ' || ib_key) as whose, terms from commissions.agreements where plan_key = :planKey and valid_to > :from group by terms
  union all
  select min(case kind when 'link' then 'IB ' || ib_key || ' for client ' || client_key
                       when 'personal' then 'client ' || client_key
                       else 'account group ' || account_group end), terms
    from commissions.overrides where plan_key = :planKey and valid_to > :from group by terms`,
);

export const closeAgreements = query(
  'commissions.close_agreements',
  nothing,
  `
  update commissions.agreements a set valid_to = n.valid_from
    from unnest(:ibKeys::integer[], :validFroms::timestamptz[]) as n (ib_key, valid_from)
   where a.ib_key = n.ib_key and a.plan_key = :planKey and a.valid_from < n.valid_from and a.valid_to > n.valid_from`,
);

/** The latest agreement of each of these IBs under a plan. */
export const latestAgreements = query(
  'commissions.latest_agreements',
  z.object({ ibKey: z.int(), validFrom: z.date(), terms: AgreementTerms }),
  `
  select distinct on (ib_key) ib_key as "ibKey", valid_from as "validFrom", terms from commissions.agreements
   where plan_key = :planKey and ib_key = any(:ibKeys::integer[]) order by ib_key, valid_from desc`,
);

export const insertAgreements = query(
  'commissions.insert_agreements',
  nothing,
  `
  insert into commissions.agreements (ib_key, plan_key, terms, valid_from, configuration_version)
  select n.ib_key, :planKey, n.terms, n.valid_from, :version
    from unnest(:ibKeys::integer[], :terms::jsonb[], :validFroms::timestamptz[]) as n (ib_key, terms, valid_from)`,
);

/** How versions and their components are called, and their currency: few rows for any number of bookings. */
export const versionNames = query(
  'commissions.version_names',
  z.object({
    key: z.int(),
    plan: z.string(),
    number: z.int(),
    currency: Currency,
    components: z.array(z.string()),
  }),
  `
  select v.key, p.name as plan, v.number, v.definition ->> 'currency' as currency,
         jsonb_path_query_array(v.definition, '$.components[*].name') || jsonb_path_query_array(v.definition, '$.periods[*].name') as components
    from commissions.plan_versions v join commissions.plans p on p.key = v.plan_key
   where v.key = any (:versionKeys::integer[])`,
);
