import type { UserId } from '../../kernel/ids.ts';
import type { RealmTx, TenantTx } from '../../platform/tenant-tx.ts';
import { policyTable } from '../policy/table.ts';
import { isBuiltIn, type PolicyRow } from '../policy/types.ts';
import { isTenantTx } from '../realm.ts';
import { rolesProblem } from './errors.ts';
import { activeRolesOf, allRoles } from './queries.ts';
import { exceeding, grantsOf, staffRowsOf } from './rules.ts';

/** The rows of the roles that the tenant made for its staff. */
export const rolesOf = async (tx: TenantTx): Promise<PolicyRow[]> =>
  (await allRoles(tx, {})).flatMap(({ name, rows }) => rows.map((row) => ({ role: name, ...row })));

/** Who gives rights: a person, or the installation itself (its command line, its demo), which may give any. */
export type Maker = { readonly userId: UserId | null };

/** All rows that hold here: the table, and the tenant's own where there is a tenant. */
export async function rowsOfRealm(tx: RealmTx): Promise<PolicyRow[]> {
  if (!isTenantTx(tx)) return [...policyTable];
  return [...policyTable, ...(await rolesOf(tx)).filter(({ role }) => !isBuiltIn(role))];
}

/**
 * `identity.rights_exceeded` where a change gives somebody what its maker does not have himself at this moment. The
 * caller holds the lock of rights. Roles before and after are names, rows those that hold before and after.
 */
export async function refuseExcess(
  tx: RealmTx,
  maker: Maker,
  change: {
    readonly before: readonly PolicyRow[];
    readonly after: readonly PolicyRow[];
  },
): Promise<void> {
  if (maker.userId === null) return;
  const roles = (await activeRolesOf(tx, { userId: maker.userId })).map(({ role }) => role);
  const own = grantsOf(staffRowsOf(roles, await rowsOfRealm(tx)));
  const rights = exceeding(own, grantsOf(change.before), grantsOf(change.after));
  if (rights.length > 0) throw rolesProblem('identity.rights_exceeded', { rights: rights.slice(0, 20) });
}
