import {
  type BuiltInRole,
  builtInRoles,
  operatorRole,
  policyTable,
  type PolicyRow,
} from '../../../src/identity/index.ts';
import { surfaceOfRole } from '../../../src/identity/policy/types.ts';
import { SessionId } from '../../../src/kernel/ids.ts';
import type { Caller, Reach } from '../../../src/platform/access.ts';
import type { TestApi } from '../../support/api.ts';
import { makePerson, type Person } from '../../support/people.ts';
import { operationOf, type TenantWorld, type Ties } from './world.ts';

/** Somebody of a role, with the token to call with and what the table of rights is asked about. */
export type Actor = {
  readonly role: string;
  readonly token: string;
  readonly tenant: string | null;
  readonly caller: Caller;
};

/** A role of the tenant's own making: its rows count like those of the table. */
const ownRole = 'desk_reader';
const ownRows = [
  { resource: 'clients', actions: ['list', 'read'], conditions: ['desk'], masked: ['phone'] },
  { resource: 'plans', actions: ['list'], conditions: ['all'], masked: [] },
] as const;

/** All that gives rights at the tenant of the matrix: the table, and the rows of its own role. */
export const rightsTable: readonly PolicyRow[] = [...policyTable, ...ownRows.map((row) => ({ ...row, role: ownRole }))];

export const roles: readonly string[] = [...builtInRoles, ownRole, operatorRole];

const callerOf = (role: string, person: Pick<Person, 'id'> & Partial<Person>, more: Partial<Caller> = {}): Caller => ({
  kind: 'user',
  id: person.id,
  surface: surfaceOfRole(role),
  roles: [role],
  sessionId: person.sessionId === undefined ? null : SessionId.parse(person.sessionId),
  clientId: null,
  ibId: null,
  deskIds: [],
  kycState: null,
  provenAt: new Date(),
  impersonator: null,
  scopes: null,
  ...more,
});

/** Everything that the table lets a program do. */
const scopes = policyTable
  .filter(({ role }) => role === 'api_key')
  .flatMap(({ resource, actions }) => actions.map((action) => `${resource}:${action}`));

/** One of every role at a tenant, and an operator. */
export async function makeCast(api: TestApi, tenant: string, world: TenantWorld): Promise<Actor[]> {
  const { own } = world;
  const make = async (role: BuiltInRole): Promise<Actor> => {
    if (role === 'sales')
      return { role, tenant, token: world.sales.token, caller: callerOf(role, world.sales, { deskIds: [own.deskId] }) };
    if (role === 'api_key') return program(api, tenant, world);
    const links = role === 'client' ? { clientId: own.clientId } : role === 'ib' ? { ibId: own.ibId } : {};
    const more = role === 'client' ? { kycState: own.kycState } : {};
    const person = await makePerson(api, { tenant, roles: [role], ...links });
    return { role, tenant, token: person.token, caller: callerOf(role, person, { ...links, ...more }) };
  };
  const body = { name: ownRole, description: 'Reads what its desk looks after', rows: ownRows };
  (await api.call(operationOf('createRole'), { tenant, token: world.owner.token, body })).ok();
  const reader = await makePerson(api, { tenant, roles: [ownRole], desks: [own.deskId] });
  const ofOwn = {
    role: ownRole,
    tenant,
    token: reader.token,
    caller: callerOf(ownRole, reader, { deskIds: [own.deskId] }),
  };
  const operator = await makePerson(api, { tenant: null });
  const ofPlatform = callerOf(operatorRole, operator, { kind: 'operator' });
  return [
    ...(await Promise.all(builtInRoles.map(make))),
    ofOwn,
    { role: operatorRole, tenant: null, token: operator.token, caller: ofPlatform },
  ];
}

async function program(api: TestApi, tenant: string, { owner }: TenantWorld): Promise<Actor> {
  const body = { name: 'Everything that a program may', scopes };
  const answer = await api.call(operationOf('createApiKey'), { tenant, token: owner.token, body });
  const made = answer.ok() as unknown as { key: string; apiKey: { id: string } };
  const caller = callerOf(
    'api_key',
    { id: made.apiKey.id as Person['id'] },
    { kind: 'api_key', provenAt: null, scopes },
  );
  return { role: 'api_key', tenant, token: made.key, caller };
}

/** Whether an object is reached by any of the ways: what the statements of the program do, said once more and naively. */
export const isReached = (reach: Reach, ties: Ties): boolean =>
  reach.everything ||
  (reach.userId !== null && reach.userId === ties.userId) ||
  (typeof ties.deskId === 'string' && (reach.deskIds as readonly string[]).includes(ties.deskId)) ||
  (reach.clientId !== null && reach.clientId === ties.clientId) ||
  (reach.ibId !== null && reach.ibId === ties.ibId) ||
  (reach.subtreeOf !== null && (ties.upline ?? []).includes(reach.subtreeOf));
