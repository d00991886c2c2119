import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';

/** For whom a plan was ever said to hold. */
export const everyAssignment = query(
  'commissions.every_assignment',
  z.object({ ibKey: z.int(), planKey: z.int(), from: z.date(), change: z.bigint() }),
  `
  select ib_key as "ibKey", plan_key as "planKey", valid_from as "from", configuration_version as change from commissions.assignments`,
);

export const everyVersion = query(
  'commissions.every_version',
  z.object({ key: z.int(), planKey: z.int(), from: z.date(), change: z.bigint(), definition: PlanDefinition }),
  `
  select key, plan_key as "planKey", valid_from as "from", configuration_version as change, definition
    from commissions.plan_versions where published_at is not null`,
);

export const everyAgreement = query(
  'commissions.every_agreement',
  z.object({ ibKey: z.int(), planKey: z.int(), from: z.date(), change: z.bigint(), terms: AgreementTerms }),
  `
  select ib_key as "ibKey", plan_key as "planKey", valid_from as "from", configuration_version as change, terms
    from commissions.agreements where ib_key = any (:ibKeys::integer[])`,
);
