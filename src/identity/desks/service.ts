import { systemClock } from '../../kernel/clock.ts';
import { type DeskId, idFromUuid, newUuid, type UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { RealmTx, TenantTx } from '../../platform/tenant-tx.ts';
import { isTenantTx } from '../realm.ts';
import { lockRights } from '../roles/queries.ts';
import { desksProblem } from './errors.ts';
import {
  activeStaff,
  addMembers,
  allDesks,
  desksOfUser,
  insertDesk,
  joinDesks,
  leaveOtherDesks,
  lockDesk,
  notStaff,
  removeOtherMembers,
  renameDesk,
  unknownDesks,
} from './queries.ts';
import type { Desk } from './types.ts';

const DESKS_MAX = 200;

/** The desks that somebody is on; the installation's own people have none. */
export const desksOf = async (tx: RealmTx, userId: UserId): Promise<DeskId[]> =>
  isTenantTx(tx) ? (await desksOfUser(tx, { userId })).map(({ deskId }) => deskId) : [];

/** Whether somebody works here at this moment. */
export const isActiveStaff = async (tx: TenantTx, id: UserId): Promise<boolean> =>
  (await activeStaff(tx, { id })).length === 1;

/** Whether there is such a desk. */
export const isDesk = async (tx: TenantTx, id: DeskId): Promise<boolean> =>
  (await unknownDesks(tx, { deskIds: [id] })).length === 0;

/** All desks with their members, by name. */
export const listDesksOf = (tx: TenantTx): Promise<Desk[]> => allDesks(tx, {});

/** Makes a desk. */
export async function makeDesk(
  tx: TenantTx,
  { name, memberIds = [] }: { readonly name: string; readonly memberIds?: readonly UserId[] | undefined },
): Promise<Desk> {
  await lockRights(tx, {}); // So that the number of desks and who is staff hold until the commit.
  const id = newUuid(systemClock.now().getTime());
  const [made] = await insertDesk(tx, { id, name, most: DESKS_MAX });
  if (made === undefined) {
    const isFull = (await allDesks(tx, {})).length >= DESKS_MAX;
    throw isFull ? desksProblem('identity.desks_too_many', { most: DESKS_MAX }) : desksProblem('identity.desk_exists');
  }
  const deskId = idFromUuid('dsk', id) as DeskId;
  await setMembers(tx, deskId, memberIds);
  const after = await existing(tx, deskId);
  tell(tx, 'made', null, after);
  return after;
}

/** Renames a desk, or says who its members are. */
export async function changeDesk(
  tx: TenantTx,
  deskId: DeskId,
  change: { readonly name?: string | undefined; readonly memberIds?: readonly UserId[] | undefined },
): Promise<Desk> {
  await lockRights(tx, {});
  const before = await existing(tx, deskId);
  if (change.name !== undefined && (await renameDesk(tx, { deskId, name: change.name })).length === 0)
    throw desksProblem('identity.desk_exists');
  if (change.memberIds !== undefined) await setMembers(tx, deskId, change.memberIds);
  const after = await existing(tx, deskId);
  tell(tx, 'changed', before, after);
  return after;
}

/** Puts somebody on exactly these desks; `identity.desk_unknown` for one that is none. */
export async function putOnDesks(tx: TenantTx, userId: UserId, deskIds: readonly DeskId[]): Promise<void> {
  await refuseUnknownDesks(tx, deskIds);
  await leaveOtherDesks(tx, { userId, deskIds });
  await joinDesks(tx, { userId, deskIds });
}

/** `identity.desk_unknown` where one of them is none. */
export async function refuseUnknownDesks(tx: TenantTx, deskIds: readonly DeskId[]): Promise<void> {
  const [unknown] = await unknownDesks(tx, { deskIds });
  if (unknown !== undefined) throw desksProblem('identity.desk_unknown', { deskId: unknown.id });
}

async function setMembers(tx: TenantTx, deskId: DeskId, memberIds: readonly UserId[]): Promise<void> {
  const [stranger] = await notStaff(tx, { memberIds });
  if (stranger !== undefined) throw desksProblem('identity.member_unknown', { userId: stranger.id });
  await removeOtherMembers(tx, { deskId, memberIds });
  await addMembers(tx, { deskId, memberIds });
}

async function existing(tx: TenantTx, deskId: DeskId): Promise<Desk> {
  const [desk] = await lockDesk(tx, { deskId });
  if (desk === undefined) throw desksProblem('identity.desk_unknown');
  return desk;
}

const textOf = ({ name, memberIds }: Desk) => ({ name, memberIds: [...memberIds] });

const tell = (tx: TenantTx, what: 'made' | 'changed', before: Desk | null, after: Desk): void =>
  emit(tx, {
    stream: `desk/${after.id}`,
    type: `identity.desk_${what}`,
    schemaVersion: 1,
    payload: { before: before === null ? null : textOf(before), after: textOf(after) },
  });
