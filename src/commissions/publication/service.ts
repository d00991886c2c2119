import { z } from 'zod';
import { PlanId } from '../../kernel/ids.ts';
import { defineApproval } from '../../identity/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { planProblem } from '../plans/errors.ts';
import { definitionUnderLock } from '../plans/queries.ts';
import { publishVersion } from '../plans/service.ts';

const Payload = z.strictObject({
  planId: PlanId,
  number: z.int().positive(),
  /** Null: from the moment on at which a second person agrees. */
  validFrom: z.iso.datetime().nullable(),
});
type Payload = z.infer<typeof Payload>;

/** The definition as it is stored: whoever agrees, agrees to these words. */
async function fingerprintOf(tx: TenantTx, { planId, number }: Payload): Promise<string> {
  const [found] = await definitionUnderLock(tx, { planId, number });
  if (found === undefined) throw planProblem('commissions.version_unknown', { detail: `version ${number}` });
  return found.definition;
}

/** A plan version is published when a second person agrees to its very definition. */
export const planPublication = defineApproval({
  kind: 'plans.publish',
  right: { action: 'approve', resource: 'plans' },
  payload: Payload,
  fingerprint: fingerprintOf,
  execute: async (tx, { planId, number, validFrom }) => {
    const since = await publishVersion(tx, {
      planId,
      number,
      ...(validFrom !== null && { validFrom: new Date(validFrom) }),
    });
    return { planId, number, validFrom: since.toISOString() };
  },
});
