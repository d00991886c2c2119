import type { SessionId, UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { afterCommit } from '../../platform/late.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { desksOf, putOnDesks } from '../desks/service.ts';
import { resetFactorsOf } from '../factors/service.ts';
import { withdrawAllBy } from '../invitations/service.ts';
import { originOf } from '../passkeys/rules.ts';
import type { Site } from '../passkeys/types.ts';
import { isTenantTx, tenantOf } from '../realm.ts';
import type { Maker } from '../roles/store.ts';
import { endSessionsOf } from '../sessions/service.ts';
import { linkUser, setUserRoles, setUserStatus, userStream } from '../users/service.ts';
import { staffProblem } from './errors.ts';
import type { StaffDeps } from './port.ts';
import { renameUser } from './queries.ts';
import { refuseLastOfTop, refuseRoles, refuseUnknownRoles, refuseUnproved, requireOwner, takePerson } from './store.ts';
import type { PersonChange } from './types.ts';

type Changing = Pick<StaffDeps, 'isIb'>;

/**
 * Changes what somebody is called, what he may do and where he works. Nobody gives rights that he does not have himself;
 * only an owner makes or unmakes an owner, and the last one stays one.
 */
export async function changePerson(
  { isIb }: Changing,
  tx: RealmTx,
  maker: Maker,
  userId: UserId,
  change: PersonChange,
): Promise<void> {
  const user = await takePerson(tx, userId);
  const tenantTx = isTenantTx(tx) ? tx : null;
  const ibId = change.ibId ?? user.ibId;
  if (change.ibId !== undefined && change.ibId !== user.ibId) {
    if (tenantTx === null || !(await isIb(tenantTx, change.ibId))) throw staffProblem('identity.ib_unknown');
    await linkUser(tx, userId, { clientId: user.clientId, ibId: change.ibId });
  }
  if (change.roles !== undefined) {
    const roles = [...new Set(change.roles)].toSorted();
    await refuseUnknownRoles(tx, roles, { clientId: user.clientId, ibId });
    refuseUnproved(user, roles);
    await refuseRoles(tx, maker, { before: user.roles, after: roles });
    await refuseLastOfTop(tx, user, roles);
    await setUserRoles(tx, userId, roles);
    // By an invitation to what he was he could come back.
    if (user.roles.some((role) => !roles.includes(role))) await withdrawAllBy(tx, userId);
  }
  if (change.name !== undefined && change.name !== user.name) {
    await renameUser(tx, { userId, name: change.name });
    // The names themselves stay out of the chain of events, which cannot forget.
    emit(tx, { stream: userStream(userId), type: 'identity.user_renamed', schemaVersion: 1, payload: {} });
  }
  if (change.deskIds !== undefined) {
    if (tenantTx === null) throw staffProblem('identity.role_not_given');
    const before = await desksOf(tx, userId);
    await putOnDesks(tenantTx, userId, change.deskIds);
    const payload = { before, after: await desksOf(tx, userId) };
    emit(tx, { stream: userStream(userId), type: 'identity.user_desks_changed', schemaVersion: 1, payload });
  }
}

type Ending = Pick<StaffDeps, 'sendMail' | 'forget'>;

/** Whom it is about, why, and from which page it was decided: mails lead back there. */
export type Decision = { readonly userId: UserId; readonly reason: string; readonly site: Site };

/** Suspends somebody: his sessions end, here at once and in other processes within seconds, and so do his invitations. */
export async function suspendPerson(
  deps: Ending,
  tx: RealmTx,
  maker: Maker,
  { userId, reason, site }: Decision,
): Promise<void> {
  const user = await takePerson(tx, userId);
  if (user.roles.includes('owner')) await requireOwner(tx, maker);
  await refuseLastOfTop(tx, user, []);
  await setUserStatus(tx, userId, 'suspended', reason);
  const ended = await endSessionsOf(tx, userId, 'suspended');
  await withdrawAllBy(tx, userId);
  forgetSessions(deps, tx, userId, ended);
  if (ended.length === 0) return;
  const data = { reason: 'suspended', link: `${originOf(site)}/`, at: new Date() } as const;
  await deps.sendMail(tx, { template: 'sessions_revoked', to: { address: user.email, name: user.name }, data });
}

/** Lets somebody in again; it gives rights, so that nobody gives more than he has. */
export async function resumePerson(
  tx: RealmTx,
  maker: Maker,
  { userId, reason }: Pick<Decision, 'userId' | 'reason'>,
): Promise<void> {
  const user = await takePerson(tx, userId);
  if (user.status !== 'active') await refuseRoles(tx, maker, { before: [], after: user.roles });
  await setUserStatus(tx, userId, 'active', reason);
}

/** Takes away the second factors of somebody who lost them, and ends his sessions: he signs in anew and sets up others. */
export async function resetFactors(
  deps: Ending,
  tx: RealmTx,
  maker: Maker,
  { userId, site }: Pick<Decision, 'userId' | 'site'>,
): Promise<void> {
  const user = await takePerson(tx, userId);
  if (user.roles.includes('owner')) await requireOwner(tx, maker);
  await resetFactorsOf(deps, tx, { userId, site });
  forgetSessions(deps, tx, userId, await endSessionsOf(tx, userId, 'factor_reset'));
}

/** Only once it holds: who asks before the commit would be remembered as he was. */
const forgetSessions = ({ forget }: Ending, tx: RealmTx, userId: UserId, ended: readonly SessionId[]): void =>
  afterCommit(tx, `identity.forget/${userId}`, () => forget(tenantOf(tx), ended));
