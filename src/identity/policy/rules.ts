import type { OperationForm, Right } from '../../kernel/operation.ts';
import type { Caller, Reach } from '../../platform/access.ts';
import { type Condition, type MaskableField, type PolicyRow, isBuiltIn, operatorRole, surfaceOfRole } from './types.ts';

/** What the table says of a caller and a right. */
export type RightVerdict =
  | { readonly kind: 'given'; readonly reach: Reach; readonly masked: ReadonlySet<MaskableField> }
  | { readonly kind: 'kyc'; readonly states: readonly string[] }
  | { readonly kind: 'refused' };

const refused: RightVerdict = { kind: 'refused' };

const speaksOf = (row: PolicyRow, { action, resource }: Right): boolean =>
  row.resource === resource && row.actions.includes(action);

/** The roles of a caller that count where he signed in: nobody acts as staff through the client area. */
const rolesThatCount = (caller: Caller): readonly string[] =>
  caller.roles.filter((role) => surfaceOfRole(role) === caller.surface);

/** Whether a caller has a role that only the tenant's own table knows. */
export const needsRowsOfTenant = (caller: Caller): boolean =>
  rolesThatCount(caller).some((role) => !isBuiltIn(role) && role !== operatorRole);

/**
 * What rows give a caller: deny by default. He reaches the union of what his rows reach. A field is clear only where
 * every row that applies leaves it clear: an answer mixes what the one row and what the other reaches, so a row that
 * shows a field must not unmask what only the masking row gave. A program needs its scope as well as the row.
 */
export function decide(rows: readonly PolicyRow[], caller: Caller, right: Right): RightVerdict {
  const roles = rolesThatCount(caller);
  if (caller.scopes !== null && !caller.scopes.includes(`${right.resource}:${right.action}`)) return refused;
  const named = rows.filter((row) => roles.includes(row.role) && speaksOf(row, right));
  const applying = named.filter(({ kycStates }) => isAdmitted(caller, kycStates));
  if (applying.length > 0)
    return {
      kind: 'given',
      reach: reachOf(caller, new Set(applying.flatMap((row) => row.conditions))),
      masked: new Set(applying.flatMap((row) => row.masked)),
    };
  const states = [...new Set(named.flatMap(({ kycStates }) => kycStates ?? []))].toSorted();
  return states.length > 0 ? { kind: 'kyc', states } : refused;
}

const isAdmitted = ({ kycState }: Caller, states: readonly string[] | undefined): boolean =>
  states === undefined || (kycState !== null && states.includes(kycState));

function reachOf(caller: Caller, conditions: ReadonlySet<Condition>): Reach {
  const isOwn = conditions.has('own');
  return {
    everything: conditions.has('all'),
    userId: conditions.has('assigned') || (isOwn && caller.surface === 'admin') ? caller.id : null,
    deskIds: conditions.has('desk') ? caller.deskIds : [],
    clientId: isOwn && caller.surface === 'portal' ? caller.clientId : null,
    ibId: isOwn && caller.surface === 'partner' ? caller.ibId : null,
    subtreeOf: conditions.has('subtree') ? caller.ibId : null,
  };
}

/** What a signed-in caller reaches without any right: himself. */
export const reachOfOneself = (caller: Caller): Reach => reachOf(caller, new Set<Condition>(['own']));

/** All rights that rows give a caller at this moment, so that a screen can leave out what would be refused. */
export function rightsIn(rows: readonly PolicyRow[], caller: Caller): { resource: string; actions: string[] }[] {
  const actions = new Map<string, Set<string>>();
  for (const row of rows)
    for (const action of row.actions) {
      if (decide(rows, caller, { resource: row.resource, action }).kind !== 'given') continue;
      actions.set(row.resource, (actions.get(row.resource) ?? new Set()).add(action));
    }
  return [...actions]
    .map(([resource, names]) => ({ resource, actions: [...names].toSorted() }))
    .toSorted((left, right) => (left.resource < right.resource ? -1 : 1));
}

/** Staff and operators count as signed in only with a second factor; what is their own (setting one up) they may do before. */
export const lacksSecondFactor = (caller: Caller): boolean =>
  caller.provenAt === null &&
  caller.impersonator === null &&
  (caller.kind === 'operator' || (caller.kind === 'user' && caller.surface === 'admin'));

/** The operation by which a borrowed session ends itself; else it may only read. */
const endings: ReadonlySet<string> = new Set(['endImpersonation']);

/** Whether an operation changes something, as far as a session that may only read is concerned. */
export const isWrite = ({ id, method }: OperationForm): boolean => method !== 'get' && !endings.has(id);
