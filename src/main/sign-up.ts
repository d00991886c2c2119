import { addClient } from '../clients/index.ts';
import type { NewPerson } from '../identity/index.ts';
import { ibOfReferralCode, linkClients } from '../ib/index.ts';
import type { ClientId } from '../kernel/ids.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';

/**
 * Makes the client of somebody who registers, in the transaction that makes the user, and gives it to the IB that the
 * referral code names. A code that names nobody is no reason to refuse, and not even a reason to answer otherwise:
 * else signing up would try out codes. It stays with the client as it was given, for whoever asks who sent him.
 */
export async function openClient(tx: TenantTx, person: NewPerson): Promise<ClientId> {
  const { key, id } = await addClient(tx, person);
  const ib = person.referralCode === null ? undefined : await ibOfReferralCode(tx, person.referralCode);
  if (ib !== undefined) await linkClients(tx, [{ clientKey: key, ibKey: ib.key }]);
  return id;
}
