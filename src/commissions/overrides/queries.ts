import { z } from 'zod';
import { OverrideId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query, validUntil } from '../../platform/query.ts';
import { AgreementTerms } from '../definitions/contract.ts';

const OverrideKind = z.enum(['link', 'personal', 'group']);

/** Whether anything comes before agreements, as of a count of changes. */
export const anyOverride = query(
  'commissions.any_override',
  z.object({ any: z.boolean() }),
  `
  select exists (select from commissions.overrides where configuration_version <= :version) as any`,
);

/** All that comes before agreements for trades of clients and for groups of IBs (0: of clients' own ones), as of a count of changes. */
export const overridesFor = query(
  'commissions.overrides_for',
  z.object({
    kind: OverrideKind,
    planKey: z.int(),
    ibKey: z.int(),
    clientKey: z.int(),
    accountGroup: z.string(),
    terms: AgreementTerms,
    validFrom: z.date(),
    validTo: validUntil,
  }),
  `
  select kind, plan_key as "planKey", ib_key as "ibKey", client_key as "clientKey", account_group as "accountGroup", terms,
         valid_from as "validFrom",
         lead(valid_from, 1, 'infinity') over (partition by plan_key, client_key, ib_key, account_group order by valid_from) as "validTo"
    from commissions.overrides
   where (client_key > 0 and client_key = any (:clientKeys::integer[]) or kind = 'group' and ib_key = any (:ibKeys::integer[]))
     and configuration_version <= :version
   order by valid_from`,
);

/** The latest override of this kind for the same ones under a plan. */
export const latestOverride = query(
  'commissions.latest_override',
  z.object({ validFrom: z.date(), terms: AgreementTerms }),
  `
  select valid_from as "validFrom", terms from commissions.overrides
   where plan_key = :planKey and ib_key = :ibKey and client_key = :clientKey and account_group = :accountGroup
   order by valid_from desc limit 1 for update`,
);

export const closeOverride = query(
  'commissions.close_override',
  z.object({}),
  `
  update commissions.overrides set valid_to = :at
   where plan_key = :planKey and ib_key = :ibKey and client_key = :clientKey and account_group = :accountGroup
     and valid_from < :at and valid_to > :at`,
);

export const insertOverride = query(
  'commissions.insert_override',
  z.object({ key: z.int() }),
  `
  insert into commissions.overrides
    (id, plan_key, kind, ib_key, client_key, account_group, terms, reason, valid_from, configuration_version)
  values (:id, :planKey, :kind, :ibKey, :clientKey, :accountGroup, :terms::jsonb, :reason, :validFrom, :version)
  returning key`,
);

/** Overrides under a plan, the newest first. */
export const pageOfOverrides = pagedQuery(
  'commissions.page_of_overrides',
  z.object({
    id: OverrideId,
    kind: OverrideKind,
    ibKey: z.int(),
    clientKey: z.int(),
    accountGroup: z.string(),
    terms: AgreementTerms,
    reason: z.string(),
    validFrom: z.date(),
    validTo: z.date().nullable(),
    recordedAt: z.date(),
  }),
  `
  select id, kind, ib_key as "ibKey", client_key as "clientKey", account_group as "accountGroup", terms, reason,
         valid_from as "validFrom", nullif(valid_to, 'infinity') as "validTo", recorded_at as "recordedAt"
    from commissions.overrides
   where plan_key = :planKey
     and (:kind::text is null or kind = :kind)
     and (:ibKey::integer is null or ib_key = :ibKey)
     and (:clientKey::integer is null or client_key = :clientKey)
     and (:accountGroup::text is null or account_group = :accountGroup)`,
  {
    sorts: { recordedAt: { column: 'recordedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: OverrideId, type: 'uuid' },
  },
);
