import { z } from 'zod';
import { AgreementTerms } from '../definitions/contract.ts';
import { compileAgreement } from '../definitions/rules.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import type { AgreementRates } from '../types.ts';

/**
 * What a trade is computed by in place of what held at its time: another version of a plan, the tree as of another instant, other
 * rates of some IBs. What is not named stays as it was. Kept with the re-run that asked for it, so that its revisions can be
 * computed again.
 */
export const Terms = z.strictObject({
  versionKey: z.int().optional(),
  treeAt: z.iso.datetime().optional(),
  rates: z.array(z.strictObject({ ibKey: z.int(), terms: AgreementTerms })).optional(),
});
export type Terms = z.infer<typeof Terms>;

/** The rates of an IB that the terms name in place of what was agreed; undefined where they name none. */
export function ratesByTerms(
  terms: Terms | undefined,
  ibKey: number,
  plan: CompiledPlan,
): { readonly rates: AgreementRates } | undefined {
  const named = terms?.rates?.find((each) => each.ibKey === ibKey);
  return named === undefined ? undefined : { rates: compileAgreement(plan, named.terms) };
}
