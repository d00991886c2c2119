import type { SignInDeps } from '../deps.ts';
import { identityProblem } from '../errors.ts';
import type { Realm } from '../realm.ts';
import { type Asked, recipientOf, secondFactorOf, type SignedIn } from '../sign-in/service.ts';
import { surfaceFor } from '../sign-in/rules.ts';
import type { SignInSurface } from '../tokens/types.ts';
import { findUser } from '../users/service.ts';
import { liveSession } from './queries.ts';
import { useRefreshToken } from './service.ts';
import type { RefreshOutcome } from './types.ts';

type Refreshed = Extract<RefreshOutcome, { kind: 'refreshed' }> & { readonly isProven: boolean };

/**
 * Goes on with a session by its refresh token, once. A token that is unknown, used or of a session that has ended is
 * `identity.refresh_invalid`, without a difference; a used one that comes again ends the session, and its owner is told.
 * `surface`: another one on which the person has a role; from the back office one comes to the others, not back.
 */
export async function refresh(
  deps: SignInDeps,
  realm: Realm,
  given: { readonly token: string; readonly surface: SignInSurface | undefined },
  asked: Asked,
): Promise<SignedIn> {
  const outcome = await realm.run(
    asked.origin,
    async (tx): Promise<Refreshed | Exclude<RefreshOutcome, { kind: 'refreshed' }>> => {
      const used = await useRefreshToken(tx, deps.sessions, { token: given.token, device: asked.device });
      if (used.kind === 'reused') {
        const user = await findUser(tx, used.userId);
        const data = { reason: 'reuse', link: `${asked.site}/`, at: new Date() } as const;
        if (user !== undefined) await deps.sendMail(tx, { template: 'sessions_revoked', to: recipientOf(user), data });
      }
      if (used.kind !== 'refreshed') return used;
      const surface = given.surface ?? used.surface;
      const [live] = await liveSession(tx, { id: used.sessionId });
      const mayGo = surface === used.surface || surface === 'portal' || surface === 'partner';
      if (!mayGo || surfaceFor(live?.roles ?? [], surface) === undefined)
        throw identityProblem('identity.surface_refused');
      return { ...used, surface, isProven: (live?.provenAt ?? null) !== null };
    },
  );
  if (outcome.kind !== 'refreshed') {
    if (outcome.kind === 'reused') deps.callers.forget(realm.tenantId, [outcome.sessionId]);
    throw identityProblem('identity.refresh_invalid');
  }
  const { userId, sessionId, surface, refreshToken, lifeSeconds, isProven } = outcome;
  const token = await deps.tokens.issue({ tenantId: realm.tenantId, userId, sessionId, surface, delegation: null });
  return { ...token, surface, secondFactor: secondFactorOf(surface, isProven), sessionId, refreshToken, lifeSeconds };
}
