import { type Route, route } from '../../platform/route.ts';
import type { SignInDeps } from '../deps.ts';
import { identityProblem } from '../errors.ts';
import { askedBy, personOf } from '../sign-in/asked.ts';
import { signedInAnswer } from '../sign-in/routes.ts';
import * as contract from './contract.ts';
import { noRefreshCookie, refreshTokenIn } from './cookie.ts';
import { refresh } from './refreshing.ts';
import { endSession, endSessionOfToken, endSessionsOf, listSessions } from './service.ts';
import type { SessionView } from './types.ts';

/** The routes over sessions: refreshing and signing out by the cookie, one's own list. */
export const sessionsRoutes = (deps: SignInDeps): Route[] => [...cookieRoutes(deps), ...ownRoutes(deps)];

const cookieRoutes = (deps: SignInDeps): Route[] => [
  route(contract.refresh, async (request) => {
    const asked = askedBy(request);
    await deps.limit(`refresh/${request.tenantId ?? 'bare'}/${asked.device.address}`, 1);
    const token = refreshTokenIn(request.headers.cookie, request.isSecure);
    if (token === undefined) throw identityProblem('identity.refresh_invalid');
    const given = { token, surface: request.query.surface };
    return signedInAnswer(await refresh(deps, deps.realmOf(request), given, asked), request.isSecure);
  }),
  route(contract.logout, async (request) => {
    const token = refreshTokenIn(request.headers.cookie, request.isSecure);
    if (token !== undefined) {
      const ended = await deps.realmOf(request).run(request.origin, (tx) => endSessionOfToken(tx, token));
      if (ended !== undefined) deps.callers.forget(request.tenantId, [ended]);
    }
    return { status: 204, cookies: [noRefreshCookie(request.isSecure)] };
  }),
];

const ownRoutes = (deps: SignInDeps): Route[] => [
  route(contract.listSessions, async (request) => {
    const { userId, sessionId } = personOf(request);
    const sessions = await deps.realmOf(request).run(request.origin, (tx) => listSessions(tx, userId));
    return { status: 200, json: { data: sessions.map((each) => shown(each, sessionId)), nextCursor: null } };
  }),
  route(contract.revokeSession, async (request) => {
    const { userId } = personOf(request);
    const { sessionId } = request.params;
    await deps.realmOf(request).run(request.origin, (tx) => endSession(tx, { userId, sessionId, because: 'asked' }));
    deps.callers.forget(request.tenantId, [sessionId]);
    return { status: 204 };
  }),
  route(contract.revokeOtherSessions, async (request) => {
    const { userId, sessionId } = personOf(request);
    const ended = await deps
      .realmOf(request)
      .run(request.origin, (tx) => endSessionsOf(tx, userId, 'asked', sessionId));
    deps.callers.forget(request.tenantId, ended);
    return { status: 200, json: { ended: ended.length } };
  }),
];

const shown = ({ createdAt, lastUsedAt, expiresAt, provenAt, ...session }: SessionView, currentId: string) => ({
  ...session,
  createdAt: createdAt.toISOString(),
  lastUsedAt: lastUsedAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  provenAt: provenAt?.toISOString() ?? null,
  isCurrent: session.id === currentId,
});
