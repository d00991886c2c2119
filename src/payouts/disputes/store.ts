import type { DisputeId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { disputeProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { Dispute, DisputedSum } from './types.ts';

/** Whose disputes a caller reaches: everybody's, or those of the IB that it is. */
export const seenBy = ({ everything, ibId }: Reach) => ({ everything, reachIbId: ibId });

/** A dispute within reach; `payouts.dispute_unknown` where there is none. */
export async function disputeWithin(tx: TenantTx, reach: Reach, id: DisputeId): Promise<Dispute> {
  const [found] = await queries.disputeOf(tx, { id, ...seenBy(reach) });
  if (found === undefined) throw disputeProblem('payouts.dispute_unknown', { detail: id });
  return found;
}

/** The same, held against other changes until the transaction ends. */
export async function lockDisputeWithin(tx: TenantTx, reach: Reach, id: DisputeId): Promise<Dispute> {
  const [found] = await queries.lockDispute(tx, { id, ...seenBy(reach) });
  if (found === undefined) throw disputeProblem('payouts.dispute_unknown', { detail: id });
  return found;
}

/**
 * What of IBs' earnings counts as held because it is disputed, in ledger units by currency: of some IBs, or of all that
 * have an undecided dispute. What the line was when the dispute began, whatever corrections made of it since.
 */
export const disputedSums = (tx: TenantTx, ibKeys?: readonly number[]): Promise<DisputedSum[]> =>
  queries.disputedSums(tx, { ibKeys });
