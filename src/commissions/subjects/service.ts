import type { TenantTx } from '../../platform/tenant-tx.ts';
import { tradesAsBooked } from '../../trading/index.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import * as queries from './queries.ts';

/** Rows that are looked at for one question; a tenant in a spike tells less precisely whom it concerns, and stays alive. */
const ROWS_MAX = 20_000;

/** Whom the booking of a batch concerns: clients whose trades it has, and IBs who earned from them; by their short keys. */
export type BatchParties = { readonly clientKeys: ReadonlySet<number>; readonly ibKeys: ReadonlySet<number> };

/** The parties of booked batches, by the batch's key. */
export async function partiesOfBatches(
  tx: TenantTx,
  batchKeys: readonly bigint[],
): Promise<ReadonlyMap<bigint, BatchParties>> {
  if (batchKeys.length === 0) return new Map();
  const bookings = await queries.bookingsOfBatches(tx, { batchKeys, max: ROWS_MAX });
  const earners = await queries.earnersOfBatches(tx, { batchKeys, max: ROWS_MAX });
  const batchOf = new Map(bookings.map(({ dealKey, batchKey }) => [dealKey, batchKey]));
  const parties = new Map(batchKeys.map((key) => [key, { clientKeys: new Set<number>(), ibKeys: new Set<number>() }]));
  for (const { dealKey, clientKey } of await tradesAsBooked(tx, bookings)) {
    const batchKey = batchOf.get(dealKey);
    if (batchKey !== undefined) parties.get(batchKey)?.clientKeys.add(clientKey);
  }
  for (const { batchKey, ibKey } of earners) parties.get(batchKey)?.ibKeys.add(ibKey);
  for (const { batchKey, clientKey, kind, beneficiary } of await queries.partiesOfAwards(tx, {
    batchKeys,
    max: ROWS_MAX,
  })) {
    if (clientKey !== null) parties.get(batchKey)?.clientKeys.add(clientKey);
    if (kind === KIND_NUMBERS.ib) parties.get(batchKey)?.ibKeys.add(beneficiary);
  }
  return parties;
}
