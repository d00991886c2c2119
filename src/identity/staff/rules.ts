import type { ClientId, IbId } from '../../kernel/ids.ts';
import { isBuiltIn, operatorRole } from '../policy/types.ts';

/** Of these roles there is always an active holder: owners of a tenant, operators of the installation. */
export const topRoles: readonly string[] = ['owner', operatorRole];

/** Whether a change of roles makes or unmakes an owner. */
export const touchesOwner = (before: readonly string[], after: readonly string[]): boolean =>
  before.includes('owner') !== after.includes('owner');

/** Whom the roles are for: what of a person must be there for a role to mean anything. */
type Links = { readonly isTenant: boolean; readonly clientId: ClientId | null; readonly ibId: IbId | null };

/** Roles that cannot be given: unknown ones, a program's, a client's or IB's without the client or IB, another realm's. */
export const rolesNotGiven = (roles: readonly string[], own: readonly string[], links: Links): string[] =>
  roles.filter((role) => {
    if (!links.isTenant) return role !== operatorRole;
    if (role === 'client') return links.clientId === null;
    if (role === 'ib') return links.ibId === null;
    return role === 'api_key' || !(isBuiltIn(role) || own.includes(role));
  });
