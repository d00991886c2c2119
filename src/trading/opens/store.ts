import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';
import type { OpenByHand } from './types.ts';

/** Opens that were set by hand, by deal key; of several of one position the last, or that of an instant. */
export async function opensByHandOf(
  tx: TenantTx,
  dealKeys: readonly bigint[],
  openedAt?: Date,
): Promise<ReadonlyMap<bigint, OpenByHand>> {
  if (dealKeys.length === 0) return new Map();
  const rows = await queries.opensByHand(tx, { dealKeys, openedAt });
  return new Map(rows.map(({ dealKey, ...row }) => [dealKey, row]));
}
