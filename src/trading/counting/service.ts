import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/**
 * From now on deals that open volume wait to be booked as well: some plan may count them. It is said before such a plan can
 * hold, so that none is missed, and never taken back, so that late ones are not.
 */
export async function countOpens(tx: TenantTx): Promise<void> {
  await queries.countOpens(tx, {});
}

/** What deals opened, in 1e-8 lot; only plans that count opens ask. */
export async function openedVolumesOf(tx: TenantTx, dealKeys: readonly bigint[]): Promise<ReadonlyMap<bigint, bigint>> {
  if (dealKeys.length === 0) return new Map();
  const rows = await queries.openedVolumes(tx, { dealKeys });
  return new Map(rows.map(({ dealKey, openedVolume }) => [dealKey, openedVolume]));
}

type SymbolRow = { readonly symbolKey: number; readonly symbol: string; readonly symbolGroup: string };

/** The row of each symbol, named by any of its rows, that held at an instant, in the order of the asking; undefined where none did. */
export async function symbolsAsOf(
  tx: TenantTx,
  asked: readonly { readonly symbolKey: number; readonly at: Date }[],
): Promise<(SymbolRow | undefined)[]> {
  if (asked.length === 0) return [];
  const rows = await queries.symbolsAsOf(tx, {
    symbolKeys: asked.map(({ symbolKey }) => symbolKey),
    ats: asked.map(({ at }) => at),
  });
  const byPlace = new Map(rows.map(({ place, ...row }) => [place, row]));
  return asked.map((_one, index) => byPlace.get(index + 1));
}
