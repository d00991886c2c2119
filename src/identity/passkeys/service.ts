import type { PasskeyId } from '../../kernel/ids.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { factorsProblem } from '../factors/errors.ts';
import type { FactorDeps } from '../factors/port.ts';
import { deleteRecoveryCodes, lockFactors } from '../factors/queries.ts';
import { afterAdding, refuseLast, requireProofToAdd, tellOfChange } from '../factors/service.ts';
import { factorsOf } from '../factors/store.ts';
import type { Oneself } from '../factors/types.ts';
import { findUser } from '../users/service.ts';
import { identityProblem } from '../errors.ts';
import { passkeysProblem } from './errors.ts';
import { credentialsOfUser, deletePasskey, passkeysOfUser } from './queries.ts';
import { ALGORITHMS, CHALLENGE_MINUTES, PASSKEYS_MAX, rpIdOf } from './rules.ts';
import { giveChallenge, keepPasskey, type PasskeyRefusal, userHandleOf } from './store.ts';
import type { Passkey, Site } from './types.ts';

const publicKey = 'public-key' as const;
const TIMEOUT_MS = CHALLENGE_MINUTES * 60_000;

type Known = Awaited<ReturnType<typeof credentialsOfUser>>;

const descriptorsOf = (known: Known) =>
  known.map(({ credentialId, transports }) => ({
    id: credentialId.toString('base64url'),
    type: publicKey,
    transports,
  }));

/** What a browser needs to make a passkey: discoverable, with a verified user, none that is known already. */
export async function creationOptions(tx: RealmTx, oneself: Oneself, issuer: string) {
  const { userId, site } = oneself;
  await requireProofToAdd(tx, oneself);
  await refuseTooMany(tx, oneself);
  const user = await findUser(tx, userId);
  if (user === undefined) throw identityProblem('identity.user_unknown');
  return {
    challenge: await giveChallenge(tx, 'register', userId),
    rp: { id: rpIdOf(site), name: issuer },
    user: { id: userHandleOf(userId), name: user.email, displayName: user.name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: publicKey, alg })),
    timeout: TIMEOUT_MS,
    excludeCredentials: descriptorsOf(await credentialsOfUser(tx, { userId, rpId: rpIdOf(site) })),
    authenticatorSelection: {
      residentKey: 'required' as const,
      requireResidentKey: true as const,
      userVerification: 'required' as const,
    },
    attestation: 'none' as const,
  };
}

/** What a browser needs to sign by a passkey: one of his own on this host, or, to sign in, whichever it finds. */
export async function requestOptions(tx: RealmTx, site: Site, oneself: Pick<Oneself, 'userId'> | null) {
  const rpId = rpIdOf(site);
  const known = oneself === null ? [] : await credentialsOfUser(tx, { userId: oneself.userId, rpId });
  if (oneself !== null && known.length === 0) throw factorsProblem('identity.factor_unknown');
  return {
    challenge: await giveChallenge(tx, oneself === null ? 'sign_in' : 'step_up', oneself?.userId ?? null),
    rpId,
    timeout: TIMEOUT_MS,
    allowCredentials: descriptorsOf(known),
    userVerification: 'required' as const,
  };
}

/** Adds a passkey; a refusal is given back, not thrown, so that its challenge is used up all the same. */
export async function registerPasskey(
  deps: FactorDeps,
  tx: RealmTx,
  oneself: Oneself,
  given: Parameters<typeof keepPasskey>[3],
): Promise<{ readonly passkey: Passkey; readonly recoveryCodes: string[] | null } | 'exists' | PasskeyRefusal> {
  await lockFactors(tx, { user: oneself.userId });
  await requireProofToAdd(tx, oneself);
  await refuseTooMany(tx, oneself);
  const kept = await keepPasskey(tx, oneself.site, oneself.userId, given);
  if (kept === 'exists' || 'refused' in kept) return kept;
  const recoveryCodes = await afterAdding(tx, oneself);
  await tellOfChange(tx, deps, oneself, 'passkey_added', { passkeyId: kept.id });
  return { passkey: kept, recoveryCodes };
}

/** Removes a passkey; `identity.factor_last` where staff would have no factor left. */
export async function dropPasskey(
  deps: Pick<FactorDeps, 'sendMail'>,
  tx: RealmTx,
  oneself: Oneself,
  passkeyId: PasskeyId,
): Promise<void> {
  const { userId } = oneself;
  await lockFactors(tx, { user: userId });
  const { totp, passkeys } = await factorsOf(tx, userId);
  const left = passkeys - 1 + (totp ? 1 : 0);
  const isOwn = (await passkeysOfUser(tx, { userId })).some(({ id }) => id === passkeyId);
  if (!isOwn) throw factorsProblem('identity.factor_unknown');
  await refuseLast(tx, userId, { left });
  await deletePasskey(tx, { passkeyId, userId });
  if (left === 0) await deleteRecoveryCodes(tx, { userId });
  await tellOfChange(tx, deps, oneself, 'passkey_removed', { passkeyId });
}

async function refuseTooMany(tx: RealmTx, { userId }: Oneself): Promise<void> {
  if ((await factorsOf(tx, userId)).passkeys >= PASSKEYS_MAX)
    throw passkeysProblem('identity.passkeys_too_many', { most: PASSKEYS_MAX });
}
