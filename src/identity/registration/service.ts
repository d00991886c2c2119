import { setTimeout as delay } from 'node:timers/promises';
import type { RealmTx, TenantTx } from '../../platform/tenant-tx.ts';
import type { SignInDeps } from '../deps.ts';
import { identityProblem } from '../errors.ts';
import { dropOneTimeTokens, makeOneTimeToken, useOneTimeToken } from '../one-time/service.ts';
import { passwordFault } from '../passwords/rules.ts';
import { isTenantTx, type Realm } from '../realm.ts';
import { accountHashOf } from '../sign-in/attempts.ts';
import { type Asked, recipientOf } from '../sign-in/service.ts';
import { lockUser, putPassword } from '../users/queries.ts';
import { emailKeyOf } from '../../kernel/contact.ts';
import { createUserIfNew, findUser, findUserByEmail, linkUser, verifyEmail } from '../users/service.ts';
import type { User } from '../users/types.ts';

const PURPOSE = 'verify_email';

/** Who signs up as a client. */
export type Registration = {
  readonly email: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly country: string;
  readonly phone?: string | undefined;
  readonly referralCode?: string | undefined;
};

/**
 * Answers no sooner than a time that the work does not reach, so that how long it takes does not tell whether an address is
 * known: where it is, mails and rows are written.
 */
export async function withoutTelling<T>(deps: SignInDeps, work: () => Promise<T>): Promise<T> {
  const [result] = await Promise.all([work(), delay(deps.settings.answerMsMin)]);
  return result;
}

/** What a mail to one address costs of its limit: ten times what asking costs the address that asks. */
const MAIL_COST = 10;

/** Bounds on calls that send mails: by the address that asks, and by the one that is written to. */
export async function limitMails(deps: SignInDeps, realm: Realm, email: string, { device }: Asked): Promise<void> {
  const place = realm.tenantId ?? 'bare';
  await deps.limit(`mail-by/${device.address}`, 1); // All tenants together: registering costs a hash, which they share.
  await deps.limit(`mail-to/${place}/${accountHashOf(email).toString('base64url')}`, MAIL_COST);
}

/**
 * Registers a client, whose address is proved by the mail that is sent. An address that is somebody's gets a mail that says
 * so; the answer and the work are the same. `identity.password_weak` names what is wrong with the password,
 * `identity.sign_up_closed` is for known and unknown addresses alike.
 */
export async function register(deps: SignInDeps, realm: Realm, given: Registration, asked: Asked): Promise<void> {
  const fault = passwordFault(given.password, given.email); // First: what sends no mail must not use up mails.
  if (fault !== undefined) throw identityProblem('identity.password_weak', { fault });
  await limitMails(deps, realm, given.email, asked);
  await withoutTelling(deps, async () => {
    const hash = await deps.hasher.hash(given.password);
    await realm.run(asked.origin, async (tx) => {
      if (!isTenantTx(tx)) throw new Error('clients register at tenants only');
      await registerIn(tx, deps, { ...given, hash }, asked);
    });
  });
}

async function registerIn(
  tx: TenantTx,
  deps: SignInDeps,
  given: Registration & { readonly hash: string },
  asked: Asked,
): Promise<void> {
  const { email, firstName, lastName, country, phone = null, referralCode = null, hash } = given;
  if (!(await deps.hasRoom(tx))) throw identityProblem('identity.sign_up_closed'); // Before anybody is looked for: known or not.
  const name = `${firstName} ${lastName}`;
  const userId = await createUserIfNew(tx, { email, name, phone, roles: ['client'], isVerified: false });
  if (userId !== undefined) {
    await putPassword(tx, { userId, hash });
    const clientId = await deps.openClient(tx, { email, firstName, lastName, country, phone, referralCode });
    await linkUser(tx, userId, { clientId, ibId: null });
    return sendVerification(tx, deps, { id: userId, email, name }, asked);
  }
  const user = await findUserByEmail(tx, email);
  if (user === undefined) throw new Error('an address that is taken is nobody’s');
  // Who registers again gets the password of the mail that he answers to, not that of whoever came first.
  if (waitsForProof(user)) return sendVerification(tx, deps, user, asked, hash);
  const to = recipientOf(user);
  await deps.sendMail(tx, { template: 'already_registered', to, data: { link: `${asked.site}/portal/sign-in` } });
}

/** Whether somebody signed up and has not proved his address yet. Staff prove theirs by their invitation. */
const waitsForProof = ({ status, emailVerifiedAt, roles }: User): boolean =>
  status === 'active' && emailVerifiedAt === null && roles.includes('client');

async function sendVerification(
  tx: RealmTx,
  deps: SignInDeps,
  user: Pick<User, 'id' | 'email' | 'name'>,
  asked: Asked,
  hash?: string,
): Promise<void> {
  const validMinutes = deps.settings.verifyMinutes;
  const data = { emailKey: emailKeyOf(user.email), ...(hash === undefined ? {} : { hash }) };
  const token = await makeOneTimeToken(tx, { purpose: PURPOSE, userId: user.id, minutes: validMinutes, data });
  const link = `${asked.site}/portal/verify#token=${token}`;
  await deps.sendMail(tx, { template: 'verify_email', to: recipientOf(user), data: { link, token, validMinutes } });
}

/** Sends the mail again where somebody waits for it; whether anybody does is not told. */
export async function resendVerification(deps: SignInDeps, realm: Realm, email: string, asked: Asked): Promise<void> {
  await limitMails(deps, realm, email, asked);
  await withoutTelling(deps, () =>
    realm.run(asked.origin, async (tx) => {
      const user = await findUserByEmail(tx, email);
      if (user !== undefined && waitsForProof(user)) await sendVerification(tx, deps, user, asked);
    }),
  );
}

/** Proves an address by the token that was sent there; `identity.one_time_token_invalid` where it is no good, or used. */
export async function verify(deps: SignInDeps, realm: Realm, token: string, asked: Asked): Promise<void> {
  await deps.limit(`one-time/${realm.tenantId ?? 'bare'}/${asked.device.address}`, 1);
  await realm.run(asked.origin, async (tx) => {
    const used = await useOneTimeToken(tx, PURPOSE, token);
    if (used?.userId != null) await lockUser(tx, { id: used.userId }); // An invitation may prove the address meanwhile.
    const user = used?.userId == null ? undefined : await findUser(tx, used.userId);
    if (used === undefined || user?.status !== 'active' || used.data.emailKey !== emailKeyOf(user.email))
      throw identityProblem('identity.one_time_token_invalid');
    if (user.emailVerifiedAt !== null) return;
    if (typeof used.data.hash === 'string') await putPassword(tx, { userId: user.id, hash: used.data.hash });
    await verifyEmail(tx, user.id);
    await dropOneTimeTokens(tx, user.id, PURPOSE);
  });
}
