import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { BookingFinding } from '../verify/types.ts';
import { type AwardsProven, proveAwards } from '../proof/awards.ts';
import * as queries from './queries.ts';

const FINDINGS_MAX = 100;
const PAGE = 500;

/** The rules that must hold of all awards. That the ledger moved what they owe is looked at batch by batch with all others. */
const rules = {
  'commissions.awards_conserved': queries.awardsNotConserved,
  'commissions.awards_have_batch': queries.awardsAstray,
  'commissions.periods_add_up': queries.periodsAstray,
} as const;

/** The breaches of awards: parts that do not add up, rows that belong to nothing, periods that came to something else. */
export async function verifyAwards(tx: TenantTx): Promise<BookingFinding[]> {
  const findings: BookingFinding[] = [];
  for (const [rule, look] of Object.entries(rules))
    for (const found of await look(tx, { limit: FINDINGS_MAX })) findings.push({ rule, ...found });
  return findings;
}

/** Every award of a plan computed again from what was kept of it, by the engine and by the naive one; at most 100 findings. */
export async function recomputeAllAwards(
  tx: TenantTx,
): Promise<{ readonly findings: readonly BookingFinding[]; readonly recomputed: number }> {
  const findings: BookingFinding[] = [];
  let recomputed = 0;
  for (let after: bigint | undefined = 0n; after !== undefined;) {
    const page: AwardsProven = await proveAwards(tx, { after, limit: PAGE });
    recomputed += page.recomputed;
    for (const [key, detail] of page.found)
      if (findings.length < FINDINGS_MAX)
        findings.push({ rule: 'commissions.awards_recompute', subject: `award ${key}`, detail });
    after = page.last;
  }
  return { findings, recomputed };
}
