import type { AccountId, ClientId, DeskId, UserId } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** A client with its short key, and who looks after it. */
export type ClientOwners = {
  readonly key: number;
  readonly clientId: ClientId;
  readonly userId: UserId | null;
  readonly deskId: DeskId | null;
};

/** Whose clients and accounts these are, by the id that was asked for; clients that were asked for by key by their id. */
export async function ownersOf(
  tx: TenantTx,
  asked: {
    readonly clientIds: readonly ClientId[];
    readonly keys: readonly number[];
    readonly accountIds: readonly AccountId[];
  },
): Promise<ReadonlyMap<string, ClientOwners>> {
  const { clientIds, keys, accountIds } = asked;
  const clients = clientIds.length + keys.length === 0 ? [] : await queries.ownersOfClients(tx, { clientIds, keys });
  const accounts = accountIds.length === 0 ? [] : await queries.ownersOfAccounts(tx, { accountIds });
  return new Map<string, ClientOwners>([
    ...clients.map((row) => [row.clientId, row] as const),
    ...accounts.map((row) => [row.accountId, row] as const),
  ]);
}
