import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { policyTable } from '../policy/table.ts';
import { isBuiltIn, operatorRole, type PolicyRow } from '../policy/types.ts';
import { rolesProblem } from './errors.ts';
import { allRoles, countHolders, deleteRole, insertRole, lockRights, lockRole, updateRole } from './queries.ts';
import { roleFaults } from './rules.ts';
import { type Maker, refuseExcess } from './store.ts';
import type { CustomRole, RoleRow } from './types.ts';

/** They are read as a whole for whoever has one of them. */
const ROLES_MAX = 100;

/** Names that mean something else already. */
const isTaken = (name: string): boolean => isBuiltIn(name) || name === operatorRole || name === 'platform';

/** All roles of the tenant's making, by name. */
export const listRolesOf = (tx: TenantTx): Promise<CustomRole[]> => allRoles(tx, {});

/** Makes a role; `identity.right_unknown`, `identity.right_reserved` or `identity.rights_exceeded` for rows that it cannot have. */
export async function makeRole(
  tx: TenantTx,
  maker: Maker,
  { name, description, rows }: Pick<CustomRole, 'name' | 'description' | 'rows'>,
): Promise<CustomRole> {
  await lockRights(tx, {});
  if (isTaken(name)) throw rolesProblem('identity.role_exists');
  await refuseRows(tx, maker, { before: [], after: named(name, rows) });
  if ((await allRoles(tx, {})).length >= ROLES_MAX) throw rolesProblem('identity.roles_too_many', { most: ROLES_MAX });
  const [made] = await insertRole(tx, { name, description, rows: JSON.stringify(rows) });
  if (made === undefined) throw rolesProblem('identity.role_exists');
  tell(tx, 'made', name, { before: null, after: textOf(made) });
  return made;
}

/** Changes a role for all who have it. */
export async function changeRole(
  tx: TenantTx,
  maker: Maker,
  name: string,
  change: { readonly description?: string | undefined; readonly rows?: readonly RoleRow[] | undefined },
): Promise<CustomRole> {
  await lockRights(tx, {});
  const before = await existing(tx, name);
  const { description = before.description, rows = before.rows } = change;
  await refuseRows(tx, maker, { before: named(name, before.rows), after: named(name, rows) });
  const after = onlyRow(await updateRole(tx, { name, description, rows: JSON.stringify(rows) }));
  tell(tx, 'changed', name, { before: textOf(before), after: textOf(after) });
  return after;
}

/** Removes a role; `identity.role_in_use` while somebody has it or is invited to it. */
export async function dropRole(tx: TenantTx, name: string): Promise<void> {
  await lockRights(tx, {});
  const before = await existing(tx, name);
  if (onlyRow(await countHolders(tx, { name })).holders > 0) throw rolesProblem('identity.role_in_use');
  await deleteRole(tx, { name });
  tell(tx, 'removed', name, { before: textOf(before), after: null });
}

async function existing(tx: TenantTx, name: string): Promise<CustomRole> {
  const [role] = await lockRole(tx, { name });
  if (role === undefined) throw rolesProblem('identity.role_unknown');
  return role;
}

const named = (role: string, rows: readonly RoleRow[]): PolicyRow[] => rows.map((row) => ({ role, ...row }));

async function refuseRows(
  tx: TenantTx,
  maker: Maker,
  change: { readonly before: readonly PolicyRow[]; readonly after: readonly PolicyRow[] },
): Promise<void> {
  const { unknown, reserved } = roleFaults(change.after, policyTable);
  if (unknown.length > 0) throw rolesProblem('identity.right_unknown', { rights: unknown.slice(0, 20) });
  if (reserved.length > 0) throw rolesProblem('identity.right_reserved', { rights: reserved.slice(0, 20) });
  await refuseExcess(tx, maker, change);
}

type RoleText = { readonly description: string; readonly rows: string };

/** Rows as one text each: what was given can be read off an event without knowing today's form. */
const textOf = ({ description, rows }: CustomRole): RoleText => ({ description, rows: JSON.stringify(rows) });

const tell = (
  tx: TenantTx,
  what: 'made' | 'changed' | 'removed',
  name: string,
  payload: { readonly before: RoleText | null; readonly after: RoleText | null },
): void =>
  emit(tx, { stream: `role/${name}`, type: `identity.role_${what}`, schemaVersion: 1, payload: { name, ...payload } });
