import { z } from 'zod';
import { PlanId } from '../../kernel/ids.ts';
import type { RefuseClosed } from '../../ib/index.ts';
import { defineApproval, requestApproval } from '../../identity/index.ts';
import type { Access } from '../../platform/access.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { lintVersion, problemOf, warningsOf } from '../lint/service.ts';
import { planProblem } from '../plans/errors.ts';
import { definitionUnderLock } from '../plans/queries.ts';
import { checkPublication, planOfId, publishVersion } from '../plans/service.ts';

const Payload = z.strictObject({
  planId: PlanId,
  number: z.int().positive(),
  /** Null: from the moment on at which a second person agrees. */
  validFrom: z.iso.datetime().nullable(),
  /** What lint warned of when it was asked for: whoever agrees has seen it. */
  warnings: z.array(z.strictObject({ code: z.string(), place: z.string(), sentence: z.string() })).default([]),
});
type Payload = z.infer<typeof Payload>;

const dateOf = (validFrom: string | null): { validFrom?: Date } =>
  validFrom === null ? {} : { validFrom: new Date(validFrom) };

/** The definition as it is stored, and what lint says of it: whoever agrees, agrees to these words, and knows of these warnings. */
async function fingerprintOf(tx: TenantTx, { planId, number, validFrom }: Payload): Promise<string> {
  const [found] = await definitionUnderLock(tx, { planId, number });
  if (found === undefined) throw planProblem('commissions.version_unknown', { detail: `version ${number}` });
  const warnings = warningsOf(await lintVersion(tx, { planId, number, ...dateOf(validFrom) }));
  return `${found.definition}\n${JSON.stringify(warnings.map(({ code, place }) => [code, place]))}`;
}

/** What a version that may begin in the past must ask of others. Handed down by main. */
type Books = { readonly refuseClosed: RefuseClosed };

/**
 * A plan version is published when a second person agrees to its very definition. It begins in no period that has been closed
 * by then.
 */
export const planPublication = ({ refuseClosed }: Books) =>
  defineApproval({
    kind: 'plans.publish',
    right: { action: 'approve', resource: 'plans' },
    payload: Payload,
    fingerprint: fingerprintOf,
    execute: async (tx, { planId, number, validFrom }) => {
      const problem = problemOf(await lintVersion(tx, { planId, number, ...dateOf(validFrom) }));
      if (problem !== undefined) throw problem;
      const since = await publishVersion(tx, { planId, number, ...dateOf(validFrom) });
      await refuseClosed(tx, since);
      return { planId, number, validFrom: since.toISOString() };
    },
  });

/** A publication as somebody asks for it. */
export type PublicationAsked = {
  readonly planId: PlanId;
  readonly number: number;
  readonly validFrom: Date | undefined;
  readonly reason: string;
  readonly access: Access;
};

/**
 * Asks a second person to agree to a publication. What lint calls an error refuses it; its warnings are shown to him. So does
 * a period that is closed at the instant from which it would hold.
 */
export async function askForPublication(tx: TenantTx, asked: PublicationAsked, { refuseClosed }: Books) {
  const { planId, number, validFrom, reason, access } = asked;
  await checkPublication(tx, { planId, number, validFrom });
  if (validFrom !== undefined) await refuseClosed(tx, validFrom);
  const lint = await lintVersion(tx, { planId, number, validFrom });
  const problem = problemOf(lint);
  if (problem !== undefined) throw problem;
  const { name } = await planOfId(tx, planId);
  const warnings = warningsOf(lint);
  const payload = { planId, number, validFrom: validFrom?.toISOString() ?? null, warnings };
  const warned =
    warnings.length === 0 ? '' : ` in spite of ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`;
  const summary = `Publish version ${number} of the plan ${name}${warned}`;
  const kind = planPublication({ refuseClosed });
  return requestApproval(tx, kind, payload, { subject: planId, summary, reason, access });
}
