import { type ClientId, type IbId, idFromUuid, newUuid, UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { RealmTx, TenantTx } from '../../platform/tenant-tx.ts';
import { identityProblem } from '../errors.ts';
import * as queries from './queries.ts';
import { emailKeyOf } from '../../kernel/contact.ts';
import type { NewUser, User, UserStatus } from './types.ts';

/** The stream of a person's events. */
export const userStream = (userId: UserId): string => `user/${userId}`;

const newUserId = (): UserId => UserId.parse(idFromUuid('usr', newUuid(Date.now())));

/** Makes a person with his roles; `identity.user_exists` where the address is somebody's. */
export async function createUser(tx: RealmTx, user: NewUser): Promise<UserId> {
  const id = await createUserIfNew(tx, user);
  if (id === undefined) throw identityProblem('identity.user_exists');
  return id;
}

/** The same; undefined where the address is somebody's. */
export async function createUserIfNew(tx: RealmTx, user: NewUser): Promise<UserId | undefined> {
  const { id = newUserId(), email, name, phone, clientId, ibId, isVerified, roles } = user;
  const given = { id, email, emailKey: emailKeyOf(email), name, phone, clientId, ibId, isVerified };
  if ((await queries.insertUser(tx, given)).length === 0) return undefined;
  await queries.insertRoles(tx, { userId: id, roles });
  const payload = { roles: [...roles], clientId: clientId ?? null, ibId: ibId ?? null };
  emit(tx, { stream: userStream(id), type: 'identity.user_created', schemaVersion: 1, payload });
  return id;
}

/** A person; undefined where there is none. */
export const findUser = async (tx: RealmTx, id: UserId): Promise<User | undefined> =>
  (await queries.userById(tx, { id }))[0];

/** The person with an address, in whatever spelling; undefined where there is none. */
export const findUserByEmail = async (tx: RealmTx, email: string): Promise<User | undefined> =>
  (await queries.userByEmailKey(tx, { emailKey: emailKeyOf(email) }))[0];

/** The active people of these IBs and clients, with proved addresses, to be told of what concerns them. */
export const peopleOfParties = (
  tx: TenantTx,
  asked: { readonly ibIds: readonly IbId[]; readonly clientIds: readonly ClientId[] },
): Promise<
  { readonly email: string; readonly name: string; readonly ibId: IbId | null; readonly clientId: ClientId | null }[]
> => queries.peopleOfParties(tx, asked);

/** Takes a person for a change until the transaction ends; `identity.user_unknown` where there is none. */
async function takeUser(tx: RealmTx, id: UserId): Promise<User> {
  await queries.lockUser(tx, { id });
  const user = await findUser(tx, id);
  if (user === undefined) throw identityProblem('identity.user_unknown');
  return user;
}

/**
 * Suspends, closes or brings back a person. A change that ends his rights ends his sessions within the time for which
 * callers are kept; `endSessionsOf` (sessions) ends them for good.
 */
export async function setUserStatus(tx: RealmTx, id: UserId, status: UserStatus, reason: string): Promise<void> {
  const user = await takeUser(tx, id);
  if (user.status === status) return;
  await queries.putUserStatus(tx, { id, status });
  const payload = { before: user.status, after: status, reason };
  emit(tx, { stream: userStream(id), type: 'identity.user_status_changed', schemaVersion: 1, payload });
}

/** Gives a person these roles and takes all others. */
export async function setUserRoles(tx: RealmTx, id: UserId, roles: readonly string[]): Promise<void> {
  const user = await takeUser(tx, id);
  const given = roles.filter((role) => !user.roles.includes(role));
  const taken = user.roles.filter((role) => !roles.includes(role));
  if (given.length + taken.length === 0) return;
  await queries.insertRoles(tx, { userId: id, roles: given });
  await queries.deleteRoles(tx, { userId: id, roles: taken });
  const payload = { before: [...user.roles], after: [...new Set(roles)].toSorted() };
  emit(tx, { stream: userStream(id), type: 'identity.roles_changed', schemaVersion: 1, payload });
}

/** Says which client or IB a person is; null for none. */
export async function linkUser(
  tx: RealmTx,
  id: UserId,
  links: { readonly clientId: ClientId | null; readonly ibId: IbId | null },
): Promise<void> {
  const { clientId, ibId } = await takeUser(tx, id);
  if (clientId === links.clientId && ibId === links.ibId) return;
  await queries.setLinks(tx, { id, ...links });
  const payload = { before: { clientId, ibId }, after: { ...links } };
  emit(tx, { stream: userStream(id), type: 'identity.user_linked', schemaVersion: 1, payload });
}

/** Whether somebody signed up with this address and never proved it: it may be anybody's who typed it. */
export const isMereRegistration = ({ status, emailVerifiedAt, roles }: User): boolean =>
  status === 'active' && emailVerifiedAt === null && roles.every((role) => role === 'client');

/**
 * Makes of a mere registration the person who has proved the address otherwise, with his own name and these roles. Its client
 * stays, as nobody's sign-in. `identity.user_exists` where it has been proved since. The caller holds the lock of rights, has
 * made the registration's tokens useless before, and sets a password.
 */
export async function takeOverRegistration(
  tx: RealmTx,
  { id, roles: before, clientId }: User,
  { email, name, ibId = null, roles }: Omit<NewUser, 'isVerified'>,
): Promise<UserId> {
  const [taken] = await queries.takeOverRegistration(tx, { userId: id, email, name, ibId });
  if (taken === undefined) throw identityProblem('identity.user_exists');
  await queries.deleteRoles(tx, { userId: id, roles: before.filter((role) => !roles.includes(role)) });
  await queries.insertRoles(tx, { userId: id, roles });
  const payload = { before: { roles: [...before], clientId }, after: { roles: [...roles], clientId: null, ibId } };
  emit(tx, { stream: userStream(id), type: 'identity.registration_taken_over', schemaVersion: 1, payload });
  return id;
}

/** Notes that an address is its owner's. */
export async function verifyEmail(tx: RealmTx, id: UserId): Promise<void> {
  if ((await queries.setVerified(tx, { id })).length === 0) return;
  emit(tx, { stream: userStream(id), type: 'identity.email_verified', schemaVersion: 1, payload: {} });
}

/** How many people work here, the suspended ones included. */
export async function countStaff(tx: RealmTx): Promise<number> {
  return onlyRow(await queries.countStaff(tx, {})).people;
}

/** Whether any of these people signs in for an IB too: what concerns it is not theirs to decide. */
export const isAnyOfIb = async (
  tx: TenantTx,
  asked: { readonly userIds: readonly string[]; readonly ibId: IbId },
): Promise<boolean> => onlyRow(await queries.peopleOfIb(tx, asked)).found;

/** Whom one mail is sent to at most. */
const MAILBOXES_MAX = 20;

/**
 * Who is written to: the active people of an IB, one active person, or active people with any of some roles; each with a
 * proved address, the earliest 20.
 */
export const mailboxesOf = (
  tx: RealmTx,
  who: { readonly ibId: IbId } | { readonly userId: UserId } | { readonly roles: readonly string[] },
): Promise<{ readonly address: string; readonly name: string }[]> =>
  queries.mailboxes(tx, {
    ibId: 'ibId' in who ? who.ibId : null,
    userId: 'userId' in who ? who.userId : null,
    roles: 'roles' in who ? who.roles : [],
    max: MAILBOXES_MAX,
  });
