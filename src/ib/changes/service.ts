import type { TenantTx } from '../../platform/tenant-tx.ts';
import { chainsOf } from '../chains/store.ts';
import type { ChainLevel, ClientAt } from '../types.ts';
import * as queries from './queries.ts';

/**
 * Clients behind a key of whom the past became another since `since`: their own link or a move above them, told afterwards. `from`
 * is the first instant from which on something may differ; what does is said by `areRetold`.
 */
export const clientsRetold = (
  tx: TenantTx,
  asked: { readonly since: Date; readonly after: number; readonly limit: number },
): Promise<readonly { readonly clientKey: number; readonly from: Date }[]> => queries.clientsRetold(tx, asked);

/** Whether the chains above clients at instants are others by what is known now than by what was known then, in the order asked. */
export async function areRetold(tx: TenantTx, asked: readonly ClientAt[], since: Date): Promise<boolean[]> {
  if (asked.length === 0) return [];
  const before = await chainsOf(tx, asked, since);
  const now = await chainsOf(tx, asked);
  return asked.map((_each, place) => textOf(before.chains[place]?.levels) !== textOf(now.chains[place]?.levels));
}

const textOf = (levels: readonly ChainLevel[] = []): string =>
  levels.map(({ ibKey, status }) => `${ibKey} ${status}`).join();
