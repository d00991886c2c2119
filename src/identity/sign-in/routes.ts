import { UserId } from '../../kernel/ids.ts';
import type { Caller } from '../../platform/access.ts';
import { shownField } from '../../platform/masks.ts';
import { type Route, route } from '../../platform/route.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import type { SignInDeps } from '../deps.ts';
import { factorsOf } from '../factors/store.ts';
import { refreshCookie } from '../sessions/cookie.ts';
import { findUser } from '../users/service.ts';
import { askedBy, personOf } from './asked.ts';
import * as contract from './contract.ts';
import { signInByPasskey } from './passkey.ts';
import { devicesOfUser, signInsOfUser } from './queries.ts';
import { secondFactorOf, type SignedIn, signIn } from './service.ts';

const SHOWN_MAX = 100;

/** The answer to a sign-in or a refresh: the access token in the body, the refresh token in the cookie. */
export const signedInAnswer = (
  { refreshToken, lifeSeconds, sessionId: _sessionId, ...json }: SignedIn,
  isSecure: boolean,
) => ({
  status: 200 as const,
  json,
  cookies: [refreshCookie(refreshToken, lifeSeconds, isSecure)],
});

/** The routes of signing in, of who is signed in, and of one's own log. */
export const signInRoutes = (deps: SignInDeps): Route[] => [
  route(contract.login, async (request) => {
    const { body, host, isSecure } = request;
    const realm = deps.realmOf(request);
    const asked = askedBy(request);
    const signedIn =
      'passkey' in body
        ? await signInByPasskey(deps, realm, { ...body, site: { host, isSecure } }, asked)
        : await signIn(deps, realm, body, asked);
    return signedInAnswer(signedIn, isSecure);
  }),
  meRoute(deps),
  ...logRoutes(deps),
];

const meRoute = (deps: SignInDeps): Route =>
  route(contract.me, async (request) => {
    const { caller } = request.access;
    const rights = await deps.rightsOf(caller, request);
    const person = await deps.realmOf(request).run(request.origin, (tx) => personSeen(tx, caller));
    const { id, kind, surface, roles, clientId, ibId, kycState, sessionId, provenAt } = caller;
    const state = surface === 'api' || caller.kind === 'platform' ? 'none' : secondFactorOf(surface, provenAt !== null);
    const { totp, passkeys, recoveryCodesLeft } = person.factors;
    return {
      status: 200,
      json: {
        id,
        kind,
        surface,
        clientId,
        ibId,
        kycState,
        sessionId,
        rights,
        email: shownField(request.access.masked, 'email', person.email),
        name: person.name,
        roles: [...roles],
        secondFactor: { state, provenAt: provenAt?.toISOString() ?? null, totp, passkeys, recoveryCodesLeft },
        impersonation:
          caller.impersonator === null ? null : { by: caller.impersonator, byName: person.impersonatorName },
      },
    };
  });

const nobody = { totp: false, passkeys: 0, recoveryCodesLeft: 0 };

/** What this realm knows of a caller: keys are no people, and the platform's people are none of a tenant's. */
async function personSeen(tx: RealmTx, { id, kind, impersonator }: Caller) {
  const userId = kind === 'user' || kind === 'operator' ? UserId.parse(id) : undefined;
  const user = userId === undefined ? undefined : await findUser(tx, userId);
  const looksOn = impersonator === null ? undefined : await findUser(tx, UserId.parse(impersonator));
  return {
    email: user?.email ?? null,
    name: user?.name ?? null,
    factors: userId === undefined || impersonator !== null ? nobody : await factorsOf(tx, userId),
    impersonatorName: looksOn?.name ?? null,
  };
}

const logRoutes = (deps: SignInDeps): Route[] => [
  route(contract.listDevices, async (request) => {
    const { userId } = personOf(request);
    const rows = await deps.realmOf(request).run(request.origin, (tx) => devicesOfUser(tx, { userId, max: SHOWN_MAX }));
    const data = rows.map(({ firstSeenAt, lastSeenAt, ...device }) => ({
      ...device,
      firstSeenAt: firstSeenAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
    }));
    return { status: 200, json: { data, nextCursor: null } };
  }),
  route(contract.listSignIns, async (request) => {
    const { userId } = personOf(request);
    const rows = await deps.realmOf(request).run(request.origin, (tx) => signInsOfUser(tx, { userId, max: SHOWN_MAX }));
    const data = rows.map(({ at, ...entry }) => ({ ...entry, at: at.toISOString() }));
    return { status: 200, json: { data, nextCursor: null } };
  }),
];
