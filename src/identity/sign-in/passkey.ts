import type { z } from 'zod';
import type { SignInDeps } from '../deps.ts';
import { identityProblem } from '../errors.ts';
import type { AuthenticationResponse } from '../passkeys/contract.ts';
import { passkeysProblem } from '../passkeys/errors.ts';
import { proveByPasskey } from '../passkeys/store.ts';
import type { Site } from '../passkeys/types.ts';
import type { Realm } from '../realm.ts';
import type { SignInSurface } from '../tokens/types.ts';
import { findUser } from '../users/service.ts';
import { forgetFailures, noteAttempt } from './attempts.ts';
import { surfaceFor } from './rules.ts';
import { type Asked, openFor, refusalOf, type SignedIn, withAccessToken } from './service.ts';

/** What a browser signed for signing in, and on which page. */
export type PasskeySignIn = {
  readonly passkey: z.output<typeof AuthenticationResponse>;
  readonly surface?: SignInSurface | undefined;
  readonly site: Site;
};

/**
 * Signs somebody in by a passkey whose authenticator has verified its user: that is both factors (NIST SP 800-63B, 5.1.9).
 * A signature cannot be guessed, so attempts on the account are not counted; it lets in where passwords have to wait.
 */
export async function signInByPasskey(
  deps: SignInDeps,
  realm: Realm,
  given: PasskeySignIn,
  asked: Asked,
): Promise<SignedIn> {
  await deps.limit(`sign-in/${asked.device.address}`, 1);
  const result = await realm.run(asked.origin, async (tx) => {
    const proof = await proveByPasskey(tx, given.site, given.passkey, null);
    if ('refused' in proof)
      return { kind: 'refused', problem: passkeysProblem('identity.passkey_refused', { cause: proof.cause }) } as const;
    const user = await findUser(tx, proof.userId);
    const surface = surfaceFor(user?.roles ?? [], given.surface);
    const problem = user === undefined ? identityProblem('identity.surface_refused') : refusalOf(user, surface);
    if (problem !== undefined || user === undefined || surface === undefined) {
      await noteAttempt(tx, { userId: proof.userId, outcome: 'refused', surface: null, device: asked.device });
      return { kind: 'refused', problem: problem ?? identityProblem('identity.surface_refused') } as const;
    }
    await forgetFailures(tx, user.email);
    return openFor(tx, deps, { user, surface, isProven: true }, asked);
  });
  if (result.kind === 'refused') throw result.problem;
  return withAccessToken(deps, realm, result);
}
