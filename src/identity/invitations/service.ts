import { createHash, randomBytes } from 'node:crypto';
import { systemClock } from '../../kernel/clock.ts';
import { type InvitationId, newUuid, type UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { putOnDesks, refuseUnknownDesks } from '../desks/service.ts';
import { identityProblem } from '../errors.ts';
import { hasOwner } from '../operators/queries.ts';
import { dropOneTimeTokens } from '../one-time/service.ts';
import { checkPassword } from '../passwords/service.ts';
import { isTenantTx } from '../realm.ts';
import { lockRights } from '../roles/queries.ts';
import type { Maker } from '../roles/store.ts';
import { endSessionsOf } from '../sessions/service.ts';
import { pagesOf, surfaceFor } from '../sign-in/rules.ts';
import { staffProblem } from '../staff/errors.ts';
import type { StaffDeps } from '../staff/port.ts';
import * as queries from '../staff/queries.ts';
import { refuseRoles, refuseTooMany, refuseUnknownRoles } from '../staff/store.ts';
import type { Invitation, NewInvitation } from '../staff/types.ts';
import { putPassword } from '../users/queries.ts';
import { emailKeyOf } from '../../kernel/contact.ts';
import {
  createUserIfNew,
  findUser,
  findUserByEmail,
  isMereRegistration,
  takeOverRegistration,
} from '../users/service.ts';
import type { NewUser } from '../users/types.ts';

const TOKEN_BYTES = 32;
/** Three days. */
const VALID_MINUTES = 3 * 24 * 60;

/** 256 random bits: a plain hash cannot be turned back, and finds the row by an index. */
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
const newToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

/** An invitation, and the only copy of its token, alone and in the link of the mail. */
export type Invited = { readonly invitation: Invitation; readonly token: string; readonly link: string };

type Inviting = Pick<StaffDeps, 'sendMail' | 'isIb' | 'refuseMore'>;

/**
 * Invites somebody to roles, by mail: the token is good once, for three days. There is no user before it comes back.
 * `identity.user_exists` where the address is somebody's who has proved it (his roles are changed instead),
 * `identity.invitation_waits` where it is invited already; nobody invites to more than he may do himself.
 */
export async function invite(
  deps: Inviting,
  tx: RealmTx,
  maker: Maker,
  given: NewInvitation,
  site: string,
): Promise<Invited> {
  await lockRights(tx, {});
  const { email, name, deskIds = [], ibId = null } = given;
  const roles = [...new Set([...given.roles, ...(ibId === null ? [] : ['ib'])])].toSorted();
  await refuseUnknownRoles(tx, roles, { clientId: null, ibId });
  await refuseRoles(tx, maker, { before: [], after: roles });
  await refusePlaces(deps, tx, { deskIds, ibId });
  await refuseTooMany(deps, tx, roles);
  const present = await findUserByEmail(tx, email);
  if (present !== undefined && !isMereRegistration(present)) throw identityProblem('identity.user_exists');
  const emailKey = emailKeyOf(email);
  await queries.withdrawExpired(tx, { emailKey });
  const token = newToken();
  const [invitation] = await queries.insertInvitation(tx, {
    id: newUuid(systemClock.now().getTime()),
    email,
    emailKey,
    name,
    roles,
    deskIds,
    ibId,
    tokenHash: hashOf(token),
    invitedBy: maker.userId ?? tx.origin.actor,
    minutes: VALID_MINUTES,
  });
  if (invitation === undefined) throw staffProblem('identity.invitation_waits');
  tell(tx, 'invited', invitation.id, { roles, deskIds: [...deskIds], ibId });
  return send(deps, tx, { invitation, token }, site);
}

async function refusePlaces(
  { isIb }: Inviting,
  tx: RealmTx,
  { deskIds, ibId }: Pick<Invitation, 'deskIds' | 'ibId'>,
): Promise<void> {
  if (!isTenantTx(tx)) {
    if (deskIds.length > 0 || ibId !== null) throw staffProblem('identity.role_not_given');
    return;
  }
  await refuseUnknownDesks(tx, deskIds);
  if (ibId !== null && !(await isIb(tx, ibId))) throw staffProblem('identity.ib_unknown');
}

/** Sends an invitation again, with a new token and three days from now; the former token is void. */
export async function inviteAgain(
  deps: Inviting,
  tx: RealmTx,
  maker: Maker,
  invitationId: InvitationId,
  site: string,
): Promise<Invited> {
  await lockRights(tx, {});
  const token = newToken();
  const renewal = { invitationId, tokenHash: hashOf(token), minutes: VALID_MINUTES };
  const [invitation] = await queries.renewInvitation(tx, renewal);
  if (invitation === undefined) throw staffProblem('identity.invitation_unknown');
  await refuseRoles(tx, maker, { before: [], after: invitation.roles });
  tell(tx, 'invited_again', invitation.id, {});
  return send(deps, tx, { invitation, token }, site);
}

/** Takes an invitation back; `identity.invitation_unknown` where it is answered or taken back already. */
export async function withdraw(tx: RealmTx, invitationId: InvitationId): Promise<void> {
  const [withdrawn] = await queries.withdrawInvitation(tx, { invitationId });
  if (withdrawn === undefined) throw staffProblem('identity.invitation_unknown');
  tell(tx, 'invitation_withdrawn', invitationId, {});
}

async function send(
  { sendMail }: Inviting,
  tx: RealmTx,
  { invitation, token }: Omit<Invited, 'link'>,
  site: string,
): Promise<Invited> {
  const { email, name, roles, invitedBy } = invitation;
  const inviter = invitedBy.startsWith('usr_') ? await findUser(tx, invitedBy as UserId) : undefined;
  const link = `${site}${pagesOf(surfaceFor(roles, undefined) ?? 'admin')}/invitation#token=${token}`;
  const data = { link, token, validMinutes: VALID_MINUTES, invitedBy: inviter?.name ?? null };
  await sendMail(tx, { template: 'invitation', to: { address: email, name }, data });
  return { invitation, token, link };
}

/** How somebody answers an invitation. */
export type Acceptance = {
  readonly token: string;
  readonly password: string;
  /** In place of the name by which he was invited. */
  readonly name?: string | undefined;
};

/**
 * Makes a user of an invitation that waits, with a password: he signs in next, and as staff sets up a second factor then.
 * The token proves the address. `identity.one_time_token_invalid` where it is unknown, used, withdrawn or too old.
 */
export async function accept(
  deps: Pick<StaffDeps, 'hasher' | 'limit' | 'realmOf' | 'refuseMore'>,
  { tenantId, remoteAddress, origin }: Asked,
  { token, password, name }: Acceptance,
): Promise<UserId> {
  const { hasher, limit, realmOf } = deps;
  await limit(`one-time/${tenantId ?? 'bare'}/${remoteAddress}`, 1);
  const realm = realmOf({ tenantId });
  const tokenHash = hashOf(token);
  const [waiting] = await realm.run(origin, (tx) => queries.readInvitation(tx, { tokenHash }));
  if (waiting === undefined) throw identityProblem('identity.one_time_token_invalid');
  checkPassword(password, waiting.email);
  const hash = await hasher.hash(password);
  return realm.run(origin, async (tx) => {
    await lockRights(tx, {}); // A role that it names must not go away meanwhile.
    const [invitation] = await queries.useInvitation(tx, { tokenHash });
    if (invitation === undefined) throw identityProblem('identity.one_time_token_invalid');
    const { id, email, roles, deskIds, ibId, invitedBy } = invitation;
    // Operators let in a first owner only: what one sent before somebody else became owner opens nothing any more.
    if (invitedBy.startsWith('platform ') && onlyRow(await hasOwner(tx, {})).found)
      throw identityProblem('identity.one_time_token_invalid');
    await refuseUnknownRoles(tx, roles, { clientId: null, ibId });
    await refuseTooMany(deps, tx, roles);
    const userId = await makeInvited(tx, { email, name: name ?? invitation.name, roles, ibId });
    await putPassword(tx, { userId, hash });
    if (isTenantTx(tx)) await putOnDesks(tx, userId, deskIds);
    tell(tx, 'invitation_accepted', id, { userId });
    return userId;
  });
}

/**
 * The invited person. A registration with his address that nobody proved may be a stranger's: its tokens end first, so that
 * none of them is used meanwhile, then it becomes his, and so does its password.
 */
async function makeInvited(tx: RealmTx, person: Omit<NewUser, 'isVerified'>): Promise<UserId> {
  const made = await createUserIfNew(tx, { ...person, isVerified: true });
  if (made !== undefined) return made;
  const present = await findUserByEmail(tx, person.email);
  if (present === undefined || !isMereRegistration(present)) throw identityProblem('identity.user_exists');
  for (const purpose of ['verify_email', 'reset_password']) await dropOneTimeTokens(tx, present.id, purpose);
  const userId = await takeOverRegistration(tx, present, person);
  await endSessionsOf(tx, userId, 'password');
  return userId;
}

type Asked = Parameters<StaffDeps['realmOf']>[0] & {
  readonly remoteAddress: string;
  readonly origin: RealmTx['origin'];
};

/** How many of his invitations are void now that somebody may decide nothing any more. */
export async function withdrawAllBy(tx: RealmTx, maker: UserId): Promise<void> {
  for (const { id } of await queries.withdrawInvitationsBy(tx, { maker })) tell(tx, 'invitation_withdrawn', id, {});
}

type Payload = Parameters<typeof emit>[1]['payload'];

/** Neither address nor token is part of an event. */
const tell = (tx: RealmTx, what: string, id: InvitationId, payload: Payload): void =>
  emit(tx, { stream: `invitation/${id}`, type: `identity.${what}`, schemaVersion: 1, payload });
