import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** A line through the bookings: what is of a batch up to `batchKey` lies before it, for ever; all else comes after. */
export type Cut = { readonly batchKey: bigint; readonly at: Date };

/**
 * Draws a line through the bookings: waits for those under way and holds off new ones until the transaction ends, so that
 * no batch with a smaller key can come later. To be called first in its transaction, which should be short.
 */
export async function makeCut(tx: TenantTx): Promise<Cut> {
  await queries.holdOffBookings(tx, {});
  return onlyRow(await queries.lastBatch(tx, {}));
}

/**
 * Lets no other transaction that settles what is owed (corrections, clawbacks, payouts, outcomes of disputes) go on before this
 * one ends: they look at balances and decide by them. Bookings only add to what is owed and do not wait. To be called
 * after `makeCut`, where both are, and before any account is looked at. Most of them write a batch later on, for which cuts
 * have to wait: so they take their place among the bookings first, or a cut that waits for settlements would wait for ever.
 */
export const holdSettlement = async (tx: TenantTx): Promise<void> => {
  await queries.joinBookings(tx, {});
  await queries.holdSettlement(tx, {});
};

/**
 * Waits for a cut that is being made, and lets no other be made before the transaction ends. For what must not happen beside
 * a cut without drawing one, such as a change that takes effect in the past. Not before `makeCut` in one transaction.
 */
export const holdOffCuts = async (tx: TenantTx): Promise<void> => {
  await queries.joinBookings(tx, {});
};
