import type { IbId } from '../../kernel/ids.ts';
import type { Currency } from '../../kernel/currency.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** In which currency an IB is paid: null in that of its statements. */
export const walletOfIb = async (tx: TenantTx, ibKey: number): Promise<Currency | null> =>
  (await queries.walletChoice(tx, { ibKey }))[0]?.currency ?? null;

/** Says in which currency an IB is paid from the next draft on; null for that of its statements. */
export async function chooseWallet(
  tx: TenantTx,
  asked: { readonly ibId: IbId; readonly ibKey: number; readonly currency: Currency | null; readonly chosenBy: string },
): Promise<void> {
  const { ibId, ibKey, currency, chosenBy } = asked;
  const before = await walletOfIb(tx, ibKey);
  if (before === currency) return;
  if (currency === null) await queries.removeWalletChoice(tx, { ibKey });
  else await queries.putWalletChoice(tx, { ibKey, currency, chosenBy });
  emit(tx, {
    stream: `ib_wallet/${ibId}`,
    type: 'payouts.wallet_chosen',
    schemaVersion: 1,
    payload: { ibId, before, after: currency },
  });
}
