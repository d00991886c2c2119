import type { DeskId, UserId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import { onlyRow } from '../../platform/query.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { identityProblem } from '../errors.ts';
import type { PolicyRow } from '../policy/types.ts';
import { isTenantTx, tenantOf } from '../realm.ts';
import { activeRolesOf, allRoles, lockRights } from '../roles/queries.ts';
import { isStaffRole, staffRowsOf } from '../roles/rules.ts';
import { type Maker, refuseExcess, rowsOfRealm } from '../roles/store.ts';
import { countStaff, findUser } from '../users/service.ts';
import type { User } from '../users/types.ts';
import { staffProblem } from './errors.ts';
import type { StaffDeps } from './port.ts';
import { countOtherHolders, desksOfUsers, personById } from './queries.ts';
import type { Person } from './types.ts';
import { rolesNotGiven, topRoles, touchesOwner } from './rules.ts';

/** A person who is decided over, while nobody else decides over anybody; whoever is closed stays as he is. */
export async function takePerson(tx: RealmTx, userId: UserId): Promise<User> {
  await lockRights(tx, {});
  const user = await findUser(tx, userId);
  if (user === undefined) throw identityProblem('identity.user_unknown');
  if (user.status === 'closed') throw staffProblem('identity.user_closed');
  return user;
}

type RolesBeforeAndAfter = { readonly before: readonly string[]; readonly after: readonly string[] };

/**
 * Refuses a change of somebody's roles that its maker may not make: `identity.owner_only` for one that makes or unmakes an
 * owner, `identity.rights_exceeded` for rights that he does not have himself. The caller holds the lock of rights.
 */
export async function refuseRoles(tx: RealmTx, maker: Maker, { before, after }: RolesBeforeAndAfter): Promise<void> {
  if (touchesOwner(before, after)) await requireOwner(tx, maker);
  const rows: readonly PolicyRow[] = await rowsOfRealm(tx);
  await refuseExcess(tx, maker, { before: staffRowsOf(before, rows), after: staffRowsOf(after, rows) });
}

/** `identity.owner_only` unless the maker is an active owner, or the installation itself. */
export async function requireOwner(tx: RealmTx, { userId }: Maker): Promise<void> {
  if (userId === null) return;
  const roles = (await activeRolesOf(tx, { userId })).map(({ role }) => role);
  if (!roles.includes('owner')) throw staffProblem('identity.owner_only');
}

/** `identity.role_not_given` for a role that is none, or none for this person. */
export async function refuseUnknownRoles(
  tx: RealmTx,
  roles: readonly string[],
  links: Omit<Parameters<typeof rolesNotGiven>[2], 'isTenant'>,
): Promise<void> {
  const isTenant = isTenantTx(tx);
  const own = isTenant ? (await allRoles(tx, {})).map(({ name }) => name) : [];
  const wrong = rolesNotGiven(roles, own, { isTenant, ...links });
  if (wrong.length > 0) throw staffProblem('identity.role_not_given', { roles: wrong.slice(0, 20) });
}

/**
 * `identity.role_not_given` for staff who have not proved their address: the password may be that of somebody who signed up
 * with the address of another, and waits for him to be given rights.
 */
export function refuseUnproved({ emailVerifiedAt, roles: before }: User, roles: readonly string[]): void {
  const given = roles.filter((role) => isStaffRole(role) && !before.includes(role));
  if (emailVerifiedAt === null && given.length > 0)
    throw staffProblem('identity.role_not_given', { roles: given.slice(0, 20) });
}

/** `identity.owner_last` where nobody else who may sign in has the highest role. The caller holds the lock of rights. */
export async function refuseLastOfTop(tx: RealmTx, user: User, rolesAfter: readonly string[]): Promise<void> {
  if (user.status !== 'active') return;
  for (const role of topRoles) {
    if (!user.roles.includes(role) || rolesAfter.includes(role)) continue;
    const { others } = onlyRow(await countOtherHolders(tx, { role, userId: user.id }));
    if (others === 0) throw staffProblem('identity.owner_last', { role });
  }
}

/** Refuses one more of the staff than the tenant may have. */
export async function refuseTooMany(
  { refuseMore }: Pick<StaffDeps, 'refuseMore'>,
  tx: RealmTx,
  roles: readonly string[],
): Promise<void> {
  const tenantId = tenantOf(tx);
  if (tenantId !== null && roles.some(isStaffRole)) await refuseMore(tenantId, await countStaff(tx));
}

/** People with the desks that they are on. */
export type PersonOnDesks = Person & { readonly deskIds: readonly DeskId[] };

/** Puts to people the desks that they are on; the installation's own people have none. */
export async function withDesks(tx: RealmTx, people: readonly Person[]): Promise<PersonOnDesks[]> {
  const userIds = people.map(({ id }) => id);
  const rows = isTenantTx(tx) && userIds.length > 0 ? await desksOfUsers(tx, { userIds }) : [];
  const deskIdsOf = new Map(rows.map(({ userId, deskIds }) => [userId, deskIds]));
  return people.map((each) => ({ ...each, deskIds: deskIdsOf.get(each.id) ?? [] }));
}

/** A person whom the asker reaches; `identity.user_unknown` for any other. */
export async function personReached(
  tx: RealmTx,
  userId: UserId,
  { everything, userId: reachUserId }: Pick<Reach, 'everything' | 'userId'>,
): Promise<PersonOnDesks> {
  const [person] = await withDesks(tx, await personById(tx, { userId, everything, reachUserId }));
  if (person === undefined) throw identityProblem('identity.user_unknown');
  return person;
}
