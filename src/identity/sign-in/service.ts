import type { SessionId, UserId } from '../../kernel/ids.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { Origin, RealmTx } from '../../platform/tenant-tx.ts';
import type { SignInDeps } from '../deps.ts';
import { identityProblem } from '../errors.ts';
import { factorsOf, proveByCode } from '../factors/store.ts';
import { type Factors, hasFactor } from '../factors/types.ts';
import type { Realm } from '../realm.ts';
import { openSession } from '../sessions/service.ts';
import type { Device, OpenedSession } from '../sessions/types.ts';
import type { AccessToken, SignInSurface } from '../tokens/types.ts';
import { holdPasswordHash, passwordHashOf, replaceHash } from '../users/queries.ts';
import { findUser, findUserByEmail } from '../users/service.ts';
import type { User } from '../users/types.ts';
import {
  countAttempt,
  forgetFailures,
  noteAttempt,
  noteDevice,
  noteFailedAttempt,
  takeAttemptBack,
} from './attempts.ts';
import { surfaceFor } from './rules.ts';
import type { SignInOutcome } from './types.ts';

/** Whence a request came and where its pages are, for logs, limits and links. */
export type Asked = {
  readonly origin: Origin;
  readonly device: Device;
  /** For links in mails: `https://acme.example.com`. */
  readonly site: string;
};

export type Credentials = {
  readonly email: string;
  readonly password: string;
  readonly otp?: string | undefined;
  readonly surface?: SignInSurface | undefined;
};

/** How a session stands to the second factor: given; to be set up before staff may do anything else; not there. */
export type SecondFactorState = 'proven' | 'to_set_up' | 'none';

/** What a sign-in gives. */
export type SignedIn = AccessToken & {
  readonly surface: SignInSurface;
  readonly secondFactor: SecondFactorState;
  readonly sessionId: SessionId;
  readonly refreshToken: string;
  /** Seconds until the session ends at the latest. */
  readonly lifeSeconds: number;
};

/**
 * Signs somebody in by password and, where he has one, by a second factor. Whether the address is known, the password
 * wrong or the code: the answer is `identity.credentials_wrong`, after the same work. An attempt counts before it is
 * compared; after five that failed each further one must wait longer (`identity.sign_in_delayed`), never for good.
 */
export async function signIn(deps: SignInDeps, realm: Realm, given: Credentials, asked: Asked): Promise<SignedIn> {
  await deps.limit(`sign-in/${asked.device.address}`, 1); // All tenants together: they share what hashing costs.
  const { failures, user, hash } = await realm.run(asked.origin, async (tx) => {
    const counted = await countAttempt(tx, given.email, deps.settings.delays);
    const found = await findUserByEmail(tx, given.email);
    const [password] = await passwordHashOf(tx, { userId: found?.id ?? null });
    return { failures: counted, user: found, hash: password?.hash };
  });
  const isRight = await deps.hasher.verify(hash, given.password);
  const newHash =
    isRight && hash !== undefined && deps.hasher.isOutdated(hash) ? await deps.hasher.hash(given.password) : null;
  const result = await realm.run(asked.origin, async (tx): Promise<Opened | Refused> => {
    const fail = (outcome: SignInOutcome): Promise<Refused> => refuse(tx, deps, { outcome, user, failures }, asked);
    if (!isRight || user === undefined || hash === undefined) return fail('password_wrong');
    if (newHash !== null) await replaceHash(tx, { userId: user.id, hash: newHash, formerHash: hash });
    return passwordIsRight(tx, deps, { userId: user.id, hash: newHash ?? hash, given, fail }, asked);
  });
  if (result.kind === 'refused') throw result.problem;
  return withAccessToken(deps, realm, result);
}

type Opened = {
  readonly kind: 'opened';
  readonly userId: UserId;
  readonly surface: SignInSurface;
  readonly secondFactor: SecondFactorState;
  readonly session: OpenedSession;
};
/** What was noted about a refusal is kept: it is thrown after the commit. */
type Refused = { readonly kind: 'refused'; readonly problem: Problem };

const refused = (problem: Problem): Refused => ({ kind: 'refused', problem });

type Failed = { readonly outcome: SignInOutcome; readonly user: User | undefined; readonly failures: number };

async function refuse(
  tx: RealmTx,
  deps: SignInDeps,
  { outcome, user, failures }: Failed,
  { device }: Asked,
): Promise<Refused> {
  await noteFailedAttempt(
    tx,
    { userId: user?.id ?? null, outcome, surface: null, device },
    failures,
    deps.settings.delays,
  );
  return refused(identityProblem('identity.credentials_wrong'));
}

type RightPassword = {
  readonly userId: UserId;
  readonly hash: string;
  readonly given: Credentials;
  readonly fail: (outcome: SignInOutcome) => Promise<Refused>;
};

/** Everything is looked at again: between the comparison and now the person may have been suspended or the password changed. */
async function passwordIsRight(
  tx: RealmTx,
  deps: SignInDeps,
  right: RightPassword,
  asked: Asked,
): Promise<Opened | Refused> {
  const { userId, hash, given, fail } = right;
  const user = await findUser(tx, userId);
  const [password] = await holdPasswordHash(tx, { userId });
  if (user === undefined || password?.hash !== hash) return fail('password_wrong');
  const surface = surfaceFor(user.roles, given.surface);
  const problem = refusalOf(user, surface);
  if (problem !== undefined || surface === undefined) {
    await takeAttemptBack(tx, given.email);
    await noteAttempt(tx, { userId, outcome: 'refused', surface: null, device: asked.device });
    return refused(problem ?? identityProblem('identity.surface_refused'));
  }
  const factors = await factorsOf(tx, userId);
  if (hasFactor(factors) && given.otp === undefined) {
    await takeAttemptBack(tx, given.email); // The password was right, so it is no failure; those by a wrong code stay.
    await noteAttempt(tx, { userId, outcome: 'code_needed', surface, device: asked.device });
    return refused(identityProblem('identity.second_factor_needed', { factors: kindsOf(factors) }));
  }
  if (hasFactor(factors) && !(await isProvenByCode(tx, deps, user, given.otp ?? '', asked))) return fail('code_wrong');
  await forgetFailures(tx, given.email);
  return openFor(tx, deps, { user, surface, isProven: hasFactor(factors) }, asked);
}

/** Why somebody with the right password is not let in; undefined where he is. */
export function refusalOf(user: User, surface: SignInSurface | undefined): Problem | undefined {
  if (user.status !== 'active') return identityProblem('identity.not_active');
  if (user.emailVerifiedAt === null) return identityProblem('identity.email_unverified');
  return surface === undefined ? identityProblem('identity.surface_refused') : undefined;
}

const kindsOf = ({ totp, passkeys, recoveryCodesLeft }: Factors): string[] => [
  ...(totp ? ['totp'] : []),
  ...(passkeys > 0 ? ['passkey'] : []),
  ...(recoveryCodesLeft > 0 ? ['recovery_code'] : []),
];

async function isProvenByCode(
  tx: RealmTx,
  deps: SignInDeps,
  user: User,
  code: string,
  { site }: Asked,
): Promise<boolean> {
  const by = await proveByCode(tx, deps.factors, user.id, code);
  if (by === 'recovery_code') {
    const data = { change: 'recovery_code_used', link: `${site}/`, at: new Date() } as const;
    await deps.sendMail(tx, { template: 'factor_changed', to: recipientOf(user), data });
  }
  return by !== undefined;
}

/** Whom mails to a person go to. */
export const recipientOf = ({ email, name }: Pick<User, 'email' | 'name'>) => ({ address: email, name });

/** Who signs in, and how he proved it: by now that is settled. */
export type Proven = { readonly user: User; readonly surface: SignInSurface; readonly isProven: boolean };

/**
 * Opens the session of somebody who has proved who he is, by whatever means, and notes device and sign-in. The caller has
 * checked that he is active and has a role on the surface.
 */
export async function openFor(
  tx: RealmTx,
  deps: SignInDeps,
  { user, surface, isProven }: Proven,
  asked: Asked,
): Promise<Opened> {
  const { device, site } = asked;
  const session = await openSession(tx, deps.sessions, { userId: user.id, surface, isProven, device });
  await noteAttempt(tx, { userId: user.id, outcome: 'signed_in', surface, device });
  if (await noteDevice(tx, user.id, device)) {
    const data = { device: device.userAgent, address: device.address, link: `${site}/${surface}`, at: new Date() };
    await deps.sendMail(tx, { template: 'new_device', to: recipientOf(user), data });
  }
  return { kind: 'opened', userId: user.id, surface, secondFactor: secondFactorOf(surface, isProven), session };
}

/** Staff live by a second factor: without one a session is good for setting it up. */
export const secondFactorOf = (surface: SignInSurface, isProven: boolean): SecondFactorState => {
  if (isProven) return 'proven';
  return surface === 'admin' || surface === 'ops' ? 'to_set_up' : 'none';
};

/** The access token of a session that was opened. */
export async function withAccessToken(deps: SignInDeps, realm: Realm, opened: Opened): Promise<SignedIn> {
  const { userId, surface, secondFactor, session } = opened;
  const { sessionId } = session;
  const token = await deps.tokens.issue({ tenantId: realm.tenantId, userId, sessionId, surface, delegation: null });
  return { ...token, surface, secondFactor, ...session };
}
