import type { DisputeId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { disputeProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { Dispute } from './types.ts';

/** Whose disputes a caller reaches: everybody's, or those of the IB that it is. */
export const disputesSeenBy = ({ everything, ibId }: Reach) => ({ everything, reachIbId: ibId });

/** A dispute within reach; `payouts.dispute_unknown` where there is none. */
export async function disputeWithin(tx: TenantTx, reach: Reach, id: DisputeId): Promise<Dispute> {
  const [found] = await queries.disputeOf(tx, { id, ...disputesSeenBy(reach) });
  if (found === undefined) throw disputeProblem('payouts.dispute_unknown', { detail: id });
  return found;
}

/** The same, held against other changes until the transaction ends. */
export async function lockDisputeWithin(tx: TenantTx, reach: Reach, id: DisputeId): Promise<Dispute> {
  const [found] = await queries.lockDispute(tx, { id, ...disputesSeenBy(reach) });
  if (found === undefined) throw disputeProblem('payouts.dispute_unknown', { detail: id });
  return found;
}

/** Of statements of IBs, by their keys, those that would pay an entry that is disputed: they wait until that is decided. */
export async function statementsInDispute(
  tx: TenantTx,
  asked: { readonly ibKeys: readonly number[]; readonly statementKeys: readonly bigint[] },
): Promise<ReadonlySet<bigint>> {
  if (asked.ibKeys.length === 0) return new Set();
  return new Set((await queries.statementsInDispute(tx, asked)).map(({ statementKey }) => statementKey));
}
