import { z } from 'zod';
import { query } from '../../platform/query.ts';

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
