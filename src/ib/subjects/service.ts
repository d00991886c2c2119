import type { IbId } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { readNow } from '../store.ts';
import * as queries from './queries.ts';

/** In whose subtrees clients (by key) and IBs are at present; an IB is in its own. */
export async function subtreesOf(
  tx: TenantTx,
  asked: { readonly clientKeys: readonly number[]; readonly ibIds: readonly IbId[] },
): Promise<{
  readonly ofClients: ReadonlyMap<number, readonly IbId[]>;
  readonly ofIbs: ReadonlyMap<IbId, readonly IbId[]>;
}> {
  const { clientKeys, ibIds } = asked;
  if (clientKeys.length + ibIds.length === 0) return { ofClients: new Map(), ofIbs: new Map() };
  const at = await readNow(tx);
  const clients = clientKeys.length === 0 ? [] : await queries.ibsAboveClients(tx, { clientKeys, at });
  const ibs = ibIds.length === 0 ? [] : await queries.ibsAboveIbs(tx, { ids: ibIds, at });
  return {
    ofClients: new Map(clients.map((row) => [row.clientKey, row.ibIds])),
    ofIbs: new Map(ibs.map((row) => [row.ibId, row.ibIds])),
  };
}
