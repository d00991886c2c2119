import type { SessionId, UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import type { SignInDeps } from '../deps.ts';
import { identityProblem } from '../errors.ts';
import {
  countOneTimeTokens,
  dropOneTimeTokens,
  makeOneTimeToken,
  readOneTimeToken,
  useOneTimeToken,
} from '../one-time/service.ts';
import type { Realm } from '../realm.ts';
import { limitMails, withoutTelling } from '../registration/service.ts';
import { endSessionsOf } from '../sessions/service.ts';
import { countAttempt, forgetFailures } from '../sign-in/attempts.ts';
import { pagesOf, surfaceFor } from '../sign-in/rules.ts';
import { type Asked, recipientOf } from '../sign-in/service.ts';
import { holdPasswordHash, passwordHashOf, putPassword } from '../users/queries.ts';
import { emailKeyOf } from '../../kernel/contact.ts';
import { findUser, findUserByEmail, userStream, verifyEmail } from '../users/service.ts';
import type { User } from '../users/types.ts';
import { passwordFault } from './rules.ts';

const PURPOSE = 'reset_password';
/** What a change costs of its limit: it hashes twice, and who is signed in may ask for much. */
const CHANGE_COST = 10;
/** Mails at a time whose tokens could be used. */
const MAILS_MAX = 3;

/** Refuses a password that cannot be used; the Problem names what is wrong with it. */
export function checkPassword(password: string, email: string): void {
  const fault = passwordFault(password, email);
  if (fault !== undefined) throw identityProblem('identity.password_weak', { fault });
}

const siteOf = ({ roles }: User, { site }: Asked): string =>
  `${site}${pagesOf(surfaceFor(roles, undefined) ?? 'portal')}`;

/**
 * Sends a token by which the password can be set anew, where the address is that of somebody who may sign in, or once has
 * signed up; whether it is, is not told.
 */
export async function forgotPassword(deps: SignInDeps, realm: Realm, email: string, asked: Asked): Promise<void> {
  await limitMails(deps, realm, email, asked);
  await withoutTelling(deps, () =>
    realm.run(asked.origin, async (tx) => {
      const user = await findUserByEmail(tx, email);
      if (user === undefined || !mayReset(user)) return;
      // The mails that he has still work: strangers must not fill his mailbox.
      if ((await countOneTimeTokens(tx, user.id, PURPOSE)) >= MAILS_MAX) return;
      const validMinutes = deps.settings.resetMinutes;
      const data = { emailKey: emailKeyOf(user.email) };
      const token = await makeOneTimeToken(tx, { purpose: PURPOSE, userId: user.id, minutes: validMinutes, data });
      const link = `${siteOf(user, asked)}/reset#token=${token}`;
      await deps.sendMail(tx, {
        template: 'reset_password',
        to: recipientOf(user),
        data: { link, token, validMinutes },
      });
      emit(tx, { stream: userStream(user.id), type: 'identity.reset_asked', schemaVersion: 1, payload: {} });
    }),
  );
}

/** Staff who have not accepted their invitation have no password to be reset. */
const mayReset = ({ status, emailVerifiedAt, roles }: User): boolean =>
  status === 'active' && (emailVerifiedAt !== null || roles.includes('client'));

/**
 * Sets a new password by the token of the mail, which also proves the address; every session of the person ends. A second
 * factor stays what it is. `identity.one_time_token_invalid` for a token that is no good; one whose new password is too
 * weak can be used again.
 */
export async function resetPassword(
  deps: SignInDeps,
  realm: Realm,
  { token, password }: { readonly token: string; readonly password: string },
  asked: Asked,
): Promise<void> {
  await deps.limit(`one-time/${realm.tenantId ?? 'bare'}/${asked.device.address}`, 1);
  const user = await realm.run(asked.origin, (tx) => userOfToken(tx, token, readOneTimeToken));
  checkPassword(password, user.email);
  const hash = await deps.hasher.hash(password);
  const ended = await realm.run(asked.origin, async (tx) => {
    const owner = await userOfToken(tx, token, useOneTimeToken);
    await verifyEmail(tx, owner.id);
    await dropOneTimeTokens(tx, owner.id, 'verify_email');
    return setPassword(tx, deps, { user: owner, hash, because: 'reset', keptId: null }, asked);
  });
  deps.callers.forget(realm.tenantId, ended);
}

async function userOfToken(tx: RealmTx, token: string, look: typeof useOneTimeToken): Promise<User> {
  const found = await look(tx, PURPOSE, token);
  const user = found?.userId == null ? undefined : await findUser(tx, found.userId);
  if (found === undefined || user === undefined || !mayReset(user) || found.data.emailKey !== emailKeyOf(user.email))
    throw identityProblem('identity.one_time_token_invalid');
  return user;
}

/**
 * Changes the password of somebody who is signed in and knows the present one; all his other sessions end. Wrong guesses
 * count as failed sign-ins do.
 */
export async function changePassword(
  deps: SignInDeps,
  realm: Realm,
  given: {
    readonly userId: UserId;
    readonly sessionId: SessionId;
    readonly currentPassword: string;
    readonly password: string;
  },
  asked: Asked,
): Promise<void> {
  await deps.limit(`change-password/${given.userId}`, CHANGE_COST);
  const { user, present } = await realm.run(asked.origin, async (tx) => {
    const found = await findUser(tx, given.userId);
    if (found === undefined) throw identityProblem('identity.user_unknown');
    checkPassword(given.password, found.email);
    await countAttempt(tx, found.email, deps.settings.delays);
    const [row] = await passwordHashOf(tx, { userId: found.id });
    return { user: found, present: row?.hash };
  });
  if (!(await deps.hasher.verify(present, given.currentPassword))) throw identityProblem('identity.password_wrong');
  const hash = await deps.hasher.hash(given.password);
  const ended = await realm.run(asked.origin, async (tx) => {
    const [row] = await holdPasswordHash(tx, { userId: user.id });
    if (row?.hash !== present) throw identityProblem('identity.password_wrong'); // Somebody was faster.
    return setPassword(tx, deps, { user, hash, because: 'change', keptId: given.sessionId }, asked);
  });
  deps.callers.forget(realm.tenantId, ended);
}

type NewPassword = {
  readonly user: User;
  readonly hash: string;
  readonly because: 'reset' | 'change';
  readonly keptId: SessionId | null;
};

/** Writes a new password, ends the sessions that were opened with the old one, and tells its owner. */
async function setPassword(tx: RealmTx, deps: SignInDeps, given: NewPassword, asked: Asked): Promise<SessionId[]> {
  const { user, hash, because, keptId } = given;
  await putPassword(tx, { userId: user.id, hash });
  await forgetFailures(tx, user.email); // After the password, as signing in does: nobody waits for both in another order.
  await dropOneTimeTokens(tx, user.id, PURPOSE);
  const ended = await endSessionsOf(tx, user.id, 'password', keptId);
  emit(tx, { stream: userStream(user.id), type: 'identity.password_changed', schemaVersion: 1, payload: { because } });
  const data = { link: `${siteOf(user, asked)}/forgot`, at: new Date() };
  await deps.sendMail(tx, { template: 'password_changed', to: recipientOf(user), data });
  return ended;
}
