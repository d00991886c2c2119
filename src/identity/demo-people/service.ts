import type { UserId } from '../../kernel/ids.ts';
import { makeSealer } from '../../platform/crypto.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { giveTotp } from '../factors/store.ts';
import { Hasher, hashingDefaults } from '../passwords/hashing.ts';
import { isStaffRole } from '../roles/rules.ts';
import { putPassword } from '../users/queries.ts';
import { createUserIfNew } from '../users/service.ts';
import type { NewUser } from '../users/types.ts';

/** Somebody of a demo: who he is, without a mail having to prove it. */
export type DemoPerson = Omit<NewUser, 'isVerified' | 'id'>;

/** Makes somebody; undefined where his address is somebody's already. */
export type MakeDemoPerson = (tx: RealmTx, person: DemoPerson) => Promise<UserId | undefined>;

/**
 * Gives what makes people of a demo, who all have one password, and staff one authenticator app, both known to everybody.
 * For demo tenants alone: whoever can read the source can sign in as them.
 */
export async function makeDemoPeople(known: {
  /** The installation's. */
  readonly secret: string;
  readonly password: string;
  /** RFC 4648 base32. */
  readonly totpSecret: string;
}): Promise<MakeDemoPerson> {
  const hash = await new Hasher(hashingDefaults).hash(known.password);
  const sealer = makeSealer(known.secret, 'identity.factors');
  return async (tx, person) => {
    const userId = await createUserIfNew(tx, { ...person, isVerified: true });
    if (userId === undefined) return undefined;
    await putPassword(tx, { userId, hash });
    if (person.roles.some(isStaffRole)) await giveTotp(tx, { sealer }, userId, known.totpSecret);
    return userId;
  };
}
