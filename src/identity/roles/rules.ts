import { type Condition, type MaskableField, operatorRole, type PolicyRow, surfaceOfRole } from '../policy/types.ts';
import type { RoleRow } from './types.ts';

/** Per right (`resource:action`), which objects rows give and what they mask; the same sums as deciding makes. */
export type Grants = ReadonlyMap<string, { readonly conditions: Set<Condition>; readonly masked: Set<MaskableField> }>;

/** What rows give in sum: the union of the objects, and a field is clear only where every row leaves it clear. */
export function grantsOf(rows: readonly RoleRow[]): Grants {
  const grants = new Map<string, { conditions: Set<Condition>; masked: Set<MaskableField> }>();
  for (const row of rows)
    for (const action of row.actions) {
      const right = `${row.resource}:${action}`;
      const grant = grants.get(right) ?? { conditions: new Set<Condition>(), masked: new Set<MaskableField>() };
      for (const condition of row.conditions) grant.conditions.add(condition);
      for (const field of row.masked) grant.masked.add(field);
      grants.set(right, grant);
    }
  return grants;
}

type Grant = { readonly conditions: Set<Condition>; readonly masked: Set<MaskableField> };

/** Whether the one is no more than the other: no further objects, and no field clear that the other has masked. */
const isWithin = (one: Grant, other: Grant | undefined): boolean =>
  other !== undefined &&
  (other.conditions.has('all') || isSubset(one.conditions, other.conditions)) &&
  isSubset(other.masked, one.masked);

const isSubset = (part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean =>
  [...part].every((each) => whole.has(each));

/**
 * The rights that somebody would gain by a change and that its maker does not have to the same extent. A change of what
 * was there before counts too: taking away a role that masks a field shows the field.
 */
export const exceeding = (maker: Grants, before: Grants, after: Grants): string[] =>
  [...after]
    .filter(([right, grant]) => !isWithin(grant, before.get(right)) && !isWithin(grant, maker.get(right)))
    .map(([right]) => right);

/** Whether a role is for staff or operators: client and IB give only what belongs to that very client or IB. */
export const isStaffRole = (role: string): boolean => ['admin', 'ops'].includes(surfaceOfRole(role));

/** The rows of some roles that count in the back office or on the operator console. */
export const staffRowsOf = (roles: readonly string[], rows: readonly PolicyRow[]): PolicyRow[] =>
  rows.filter(({ role }) => roles.includes(role) && isStaffRole(role));

const aboutPeople = new Set(['roles', 'users', 'api_keys', 'desks']);

/** What only owners and admins may do to people, roles, desks and keys: whoever has it can give himself the rest. */
const isReserved = (staffRows: readonly PolicyRow[], resource: string, action: string): boolean =>
  aboutPeople.has(resource) &&
  !staffRows.some(
    (row) => !['owner', 'admin'].includes(row.role) && row.resource === resource && row.actions.includes(action),
  );

/** What is wrong with the rows of a role that a tenant makes, whoever makes it: it is made of what the table gives staff. */
export function roleFaults(
  rows: readonly RoleRow[],
  table: readonly PolicyRow[],
): { readonly unknown: string[]; readonly reserved: string[] } {
  const staffRows = table.filter(({ role }) => surfaceOfRole(role) === 'admin' && role !== operatorRole);
  const unknown = new Set<string>();
  const reserved = new Set<string>();
  for (const { resource, actions, conditions } of rows) {
    const ofResource = staffRows.filter((row) => row.resource === resource);
    const reaches = new Set(ofResource.flatMap((row) => row.conditions));
    const isReachKnown = conditions.every((condition) => condition === 'all' || reaches.has(condition));
    for (const action of actions) {
      const isKnown = isReachKnown && ofResource.some((row) => row.actions.includes(action));
      if (!isKnown) unknown.add(`${resource}:${action}`);
      else if (isReserved(staffRows, resource, action)) reserved.add(`${resource}:${action}`);
    }
  }
  return { unknown: [...unknown], reserved: [...reserved] };
}
