import { createHash, randomBytes } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { z } from 'zod';
import { systemClock } from '../../kernel/clock.ts';
import { newUuid, type UserId, uuidFromId } from '../../kernel/ids.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import type { AuthenticationResponse, RegistrationResponse } from './contract.ts';
import {
  clearChallenges,
  insertChallenge,
  insertPasskey,
  lockCredential,
  takeChallenge,
  usePasskey,
} from './queries.ts';
import { ALGORITHMS, CHALLENGE_BYTES, CHALLENGE_MINUTES, challengeIn, originOf, rpIdOf } from './rules.ts';
import type { ChallengePurpose, Passkey, PasskeyProof, Site } from './types.ts';

/** Why an answer was not accepted, for the log and for nobody else. */
export type PasskeyRefusal = { readonly refused: string; readonly cause?: unknown };

/** The user handle: 16 bytes that say nothing about a person (WebAuthn Level 3, 14.6.1). */
export const userHandleOf = (userId: UserId): string =>
  Buffer.from(uuidFromId(userId).replaceAll('-', ''), 'hex').toString('base64url');

const hashOf = (challenge: string): Buffer => createHash('sha256').update(challenge).digest();

/** Gives out a challenge; only its hash is kept, for 5 minutes by the database's clock. */
export async function giveChallenge(tx: RealmTx, purpose: ChallengePurpose, userId: UserId | null): Promise<string> {
  const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url');
  await clearChallenges(tx, {});
  await insertChallenge(tx, { hash: hashOf(challenge), purpose, userId, minutes: CHALLENGE_MINUTES });
  return challenge;
}

/** The challenge that is answered, used up by this; undefined where we did not give it out for this, or too long ago. */
async function takenChallenge(
  tx: RealmTx,
  clientDataJson: string,
  purpose: ChallengePurpose,
  userId: UserId | null,
): Promise<string | undefined> {
  const challenge = challengeIn(Buffer.from(clientDataJson, 'base64url').toString('utf8'));
  if (challenge === undefined) return undefined;
  const [taken] = await takeChallenge(tx, { hash: hashOf(challenge), purpose, userId });
  return taken?.isLive === true ? challenge : undefined;
}

/**
 * Keeps a new passkey if the answer holds (WebAuthn Level 3, 7.1): our challenge, our origin and host, a verified user.
 * Attestation is not asked for: which maker's device it is decides nothing here.
 */
export async function keepPasskey(
  tx: RealmTx,
  site: Site,
  userId: UserId,
  { name, response }: { readonly name: string; readonly response: z.output<typeof RegistrationResponse> },
): Promise<Passkey | 'exists' | PasskeyRefusal> {
  const challenge = await takenChallenge(tx, response.response.clientDataJSON, 'register', userId);
  if (challenge === undefined) return { refused: 'challenge' };
  const { clientDataJSON, attestationObject, transports = [] } = response.response;
  const checked = await attempt(() =>
    verifyRegistrationResponse({
      response: {
        id: response.id,
        rawId: response.rawId,
        type: response.type,
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject },
      },
      expectedChallenge: challenge,
      expectedOrigin: originOf(site),
      expectedRPID: rpIdOf(site),
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if ('refused' in checked) return checked;
  if (!checked.verified) return { refused: 'attestation' };
  const { credential } = checked.registrationInfo;
  const [kept] = await insertPasskey(tx, {
    id: newUuid(systemClock.now().getTime()),
    userId,
    credential: Buffer.from(credential.id, 'base64url'),
    publicKey: Buffer.from(credential.publicKey),
    counter: credential.counter,
    rpId: rpIdOf(site),
    transports,
    name,
  });
  return kept ?? 'exists';
}

/**
 * Whose passkey signed, if the answer holds (WebAuthn Level 3, 7.2): our challenge, once; our origin and host; a verified
 * user; a counter that went up, where the authenticator counts. For signing in `userId` is null: the passkey says who it is.
 */
export async function proveByPasskey(
  tx: RealmTx,
  site: Site,
  response: z.output<typeof AuthenticationResponse>,
  userId: UserId | null,
): Promise<PasskeyProof | PasskeyRefusal> {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response.response;
  const challenge = await takenChallenge(tx, clientDataJSON, userId === null ? 'sign_in' : 'step_up', userId);
  if (challenge === undefined) return { refused: 'challenge' };
  const rpId = rpIdOf(site);
  const [known] = await lockCredential(tx, { credential: Buffer.from(response.id, 'base64url'), rpId });
  if (known === undefined || (userId !== null && known.userId !== userId)) return { refused: 'credential' };
  const isHandleRight = userHandle == null ? userId !== null : userHandle === userHandleOf(known.userId);
  if (!isHandleRight) return { refused: 'user handle' };
  const checked = await attempt(() =>
    verifyAuthenticationResponse({
      response: {
        id: response.id,
        rawId: response.rawId,
        type: response.type,
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: originOf(site),
      expectedRPID: rpId,
      credential: {
        id: response.id,
        publicKey: new Uint8Array(known.publicKey),
        counter: Number(known.counter),
      },
      requireUserVerification: true,
    }),
  );
  if ('refused' in checked) return checked;
  if (!checked.verified) return { refused: 'signature' };
  await usePasskey(tx, { id: known.id, counter: checked.authenticationInfo.newCounter });
  return { userId: known.userId, passkeyId: known.id };
}

/** The library says by an error that an answer does not hold; it does no I/O, so an error is nothing else. */
async function attempt<T>(verify: () => Promise<T>): Promise<T | PasskeyRefusal> {
  try {
    return await verify();
  } catch (error) {
    return { refused: error instanceof Error ? error.name : 'error', cause: error };
  }
}
