import type { Finding } from './events/index.ts';
import type { TenantTx } from './tenant-tx.ts';

/** Looks for breaches of one rule: a statement whose rows say whom each concerns and what is wrong there. */
type Look = (tx: TenantTx, params: Record<never, never>) => Promise<readonly Omit<Finding, 'rule'>[]>;

/** What is found against rules, each the name under which its breaches are reported; nothing where all is well. */
export async function findBreaches(tx: TenantTx, rules: Readonly<Record<string, Look>>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [rule, look] of Object.entries(rules))
    for (const found of await look(tx, {})) findings.push({ rule, ...found });
  return findings;
}
