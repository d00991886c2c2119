import { z } from 'zod';
import { query, realmQuery } from '../../platform/query.ts';
import { RoleRows } from './contract.ts';

const role = z.object({
  name: z.string(),
  description: z.string(),
  rows: RoleRows,
  createdAt: z.date(),
  changedAt: z.date(),
});

/** All roles of the tenant's making; there are few (ROLES_MAX). */
export const allRoles = query(
  'identity.all_roles',
  role,
  `select name, description, rows, created_at as "createdAt", changed_at as "changedAt" from identity.roles order by name`,
);

export const lockRole = query(
  'identity.lock_role',
  role,
  `select name, description, rows, created_at as "createdAt", changed_at as "changedAt" from identity.roles where name = :name for update`,
);

/**
 * Whoever changes what somebody may do holds this to the end: rights are compared, owners counted and roles changed by
 * one at a time. Such changes are rare.
 */
export const lockRights = realmQuery(
  'identity.lock_rights',
  z.object({}),
  `select pg_advisory_xact_lock(hashtextextended('identity.rights', 0))::text as locked`,
);

/** The roles of somebody who may sign in. */
export const activeRolesOf = realmQuery(
  'identity.active_roles_of',
  z.object({ role: z.string() }),
  `
  select held.role from identity.user_roles held join identity.users u on u.id = held.user_id
   where held.user_id = :userId and u.status = 'active'`,
);

export const insertRole = query(
  'identity.insert_role',
  role,
  `
  insert into identity.roles (name, description, rows) values (:name, :description, :rows::jsonb)
  on conflict (name) do nothing
  returning name, description, rows, created_at as "createdAt", changed_at as "changedAt"`,
);

export const updateRole = query(
  'identity.update_role',
  role,
  `
  update identity.roles
     set description = :description, rows = :rows::jsonb, changed_at = date_trunc('milliseconds', clock_timestamp())
   where name = :name
  returning name, description, rows, created_at as "createdAt", changed_at as "changedAt"`,
);

export const deleteRole = query('identity.delete_role', z.object({}), `delete from identity.roles where name = :name`);

export const countHolders = query(
  'identity.count_holders',
  z.object({ holders: z.int() }),
  `
  select (select count(*) from identity.user_roles where role = :name)::int
       + (select count(*) from identity.invitations
           where :name = any (roles) and accepted_at is null and withdrawn_at is null and expires_at > clock_timestamp())::int as holders`,
);
