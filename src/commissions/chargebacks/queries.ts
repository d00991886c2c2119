import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/** What was awarded for a client since an instant and not taken back yet, with the parts of it. */
export const awardsOfClient = query(
  'commissions.awards_of_client',
  z.object({
    key: z.bigint(),
    planVersionKey: z.int().nullable(),
    component: z.int(),
    ibKey: z.int().nullable(),
    currency: Currency,
    earnedAt: z.date(),
    units: z.bigint(),
    kinds: z.array(z.int()),
    beneficiaries: z.array(z.int()),
    depths: z.array(z.int()),
    parts: z.array(z.bigint()),
  }),
  `
  select a.key, a.plan_version_key as "planVersionKey", a.component, a.ib_key as "ibKey", a.currency, a.earned_at as "earnedAt",
         a.units, coalesce(array_agg(w.kind order by w.kind, w.beneficiary) filter (where w.kind <> 3), '{}') as kinds,
         coalesce(array_agg(w.beneficiary order by w.kind, w.beneficiary) filter (where w.kind <> 3), '{}') as beneficiaries,
         coalesce(array_agg(w.depth order by w.kind, w.beneficiary) filter (where w.kind <> 3), '{}') as depths,
         coalesce(array_agg(w.units order by w.kind, w.beneficiary) filter (where w.kind <> 3), '{}') as parts
    from commissions.awards a
    left join commissions.award_rebates w on w.award_key = a.key
   where a.client_key = :clientKey and a.earned_at >= :since and a.kind <> 'clawback'
     and not exists (select from commissions.awards c where c.once = 'clawback/' || a.key)
   group by a.key order by a.key limit :limit`,
);
