import { UserId } from '../../kernel/ids.ts';
import { type Route, route } from '../../platform/route.ts';
import type { Access } from '../../platform/access.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { policyTable } from '../policy/table.ts';
import { builtInRoles } from '../policy/types.ts';
import { createRole, listRoles, removeRole, updateRole } from './contract.ts';
import { changeRole, dropRole, listRolesOf, makeRole } from './service.ts';
import type { CustomRole } from './types.ts';

const makerOf = ({ caller }: Access) => ({ userId: UserId.parse(caller.id) });

/** The routes over roles. */
export const rolesRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(listRoles, async ({ tenantId, origin }) => {
    const own = await withTenant(tenantId, origin, listRolesOf);
    return { status: 200, json: { data: [...builtIn, ...own.map(shown)] } };
  }),
  route(createRole, async ({ tenantId, origin, access, body }) => ({
    status: 201,
    json: shown(await withTenant(tenantId, origin, (tx) => makeRole(tx, makerOf(access), body))),
  })),
  route(updateRole, async ({ tenantId, origin, access, params, body }) => ({
    status: 200,
    json: shown(await withTenant(tenantId, origin, (tx) => changeRole(tx, makerOf(access), params.name, body))),
  })),
  route(removeRole, async ({ tenantId, origin, params }) => {
    await withTenant(tenantId, origin, (tx) => dropRole(tx, params.name));
    return { status: 204 };
  }),
];

const rowOf = ({ resource, actions, conditions, masked }: CustomRole['rows'][number]) => ({
  resource,
  actions: [...actions],
  conditions: [...conditions],
  masked: [...masked],
});

const shown = ({ name, description, rows, createdAt, changedAt }: CustomRole) => ({
  name,
  description,
  isBuiltIn: false,
  rows: rows.map(rowOf),
  createdAt: createdAt.toISOString(),
  changedAt: changedAt.toISOString(),
});

const builtIn = builtInRoles.map((name) => ({
  name,
  description: 'Every tenant has this role.',
  isBuiltIn: true,
  rows: policyTable.filter(({ role }) => role === name).map(rowOf),
  createdAt: null,
  changedAt: null,
}));
