import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** Counting ends here: beyond it the figure says "many". */
const COUNTED_MAX = 10_000;

/** How many deals that closed before an instant wait to be booked, and how many are parked; at most 10 000 of each. */
export const waitingBefore = async (
  tx: TenantTx,
  until: Date,
): Promise<{ readonly due: number; readonly parked: number }> =>
  onlyRow(await queries.waitingBefore(tx, { until, max: COUNTED_MAX }));
