import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDesk, listDesks, updateDesk } from '../../src/identity/desks/contract.ts';
import { decide } from '../../src/identity/policy/rules.ts';
import { policyTable } from '../../src/identity/policy/table.ts';
import { builtInRoles, type Condition, type MaskableField, type PolicyRow } from '../../src/identity/policy/types.ts';
import * as contract from '../../src/identity/roles/contract.ts';
import { exceeding, roleFaults, grantsOf } from '../../src/identity/roles/rules.ts';
import { listUsers, readUser, updateUser } from '../../src/identity/staff/contract.ts';
import { changePerson } from '../../src/identity/staff/service.ts';
import type { Caller } from '../../src/platform/access.ts';
import { DeskId, UserId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson, type PersonWords } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const desk = DeskId.parse('dsk_00000000000000000000000001');
const callerOf = (roles: readonly string[]): Caller => ({
  kind: 'user',
  id: 'usr_00000000000000000000000001',
  surface: 'admin',
  roles,
  sessionId: null,
  clientId: null,
  ibId: null,
  deskIds: [desk],
  kycState: null,
  provenAt: null,
  impersonator: null,
  scopes: null,
});

/** Whether the one never reaches or sees what the other does not, right by right, as the guard itself decides. */
function isNoMore(rows: readonly PolicyRow[], one: readonly string[], other: readonly string[]): string[] {
  const rights = new Set(rows.flatMap((row) => row.actions.map((action) => `${row.resource}:${action}`)));
  return [...rights].filter((right) => {
    const [resource = '', action = ''] = right.split(':');
    const mine = decide(rows, callerOf(one), { resource, action });
    if (mine.kind !== 'given') return false;
    const theirs = decide(rows, callerOf(other), { resource, action });
    if (theirs.kind !== 'given') return true;
    const reachesMore =
      !theirs.reach.everything &&
      (mine.reach.everything ||
        (mine.reach.userId !== null && theirs.reach.userId === null) ||
        mine.reach.deskIds.length > theirs.reach.deskIds.length);
    return reachesMore || [...theirs.masked].some((field) => !mine.masked.has(field));
  });
}

const aRow = (role: string) =>
  fc.record({
    role: fc.constant(role),
    resource: fc.constantFrom('clients', 'trades'),
    actions: fc.uniqueArray(fc.constantFrom('list', 'read', 'create'), { minLength: 1 }),
    conditions: fc.uniqueArray(fc.constantFrom<Condition>('all', 'assigned', 'desk'), { minLength: 1 }),
    masked: fc.uniqueArray(fc.constantFrom<MaskableField>('email', 'phone', 'documents')),
  });
const someRows = (role: string) => fc.array(aRow(role), { maxLength: 4 });

describe('Nobody gives more than he has', () => {
  it('whatever the rows of the maker, of the role before and of the role after', () => {
    let accepted = 0;
    fc.assert(
      fc.property(someRows('maker'), someRows('before'), someRows('after'), (maker, before, after) => {
        const rights = exceeding(grantsOf(maker), grantsOf(before), grantsOf(after));
        const table = [...maker, ...before, ...after];
        const wider = isNoMore(table, ['after'], ['maker']);
        const gained = wider.filter((right) => isNoMore(table, ['after'], ['before']).includes(right));
        if (rights.length === 0) accepted += 1;
        expect(rights.toSorted()).toEqual(gained.toSorted());
      }),
      { numRuns: 2_000, seed: 20_261_120 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

const endWithRoles = query(
  'test.roles_of_user',
  z.object({ role: z.string() }),
  `select role from identity.user_roles where user_id = :userId order by role`,
);

describe('Roles of a tenant', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme', 'zenith'] });
  });
  afterAll(() => api.close());

  const person = (words: PersonWords = {}) => makePerson(api, words);
  const readClients = { resource: 'clients', actions: ['list', 'read'], conditions: ['all' as const], masked: [] };
  const roleOf = (
    name: string,
    rows: (typeof contract.createRole.body.shape.rows)['_zod']['input'] = [readClients],
  ) => ({
    name,
    description: 'For a test',
    rows,
  });

  it('are listed, the built-in ones with their rows as the table says', async () => {
    const { token } = await person();
    const { data } = (await api.call(contract.listRoles, { token })).ok();
    expect(data.filter(({ isBuiltIn }) => isBuiltIn).map(({ name }) => name)).toEqual([...builtInRoles]);
    const owner = data.find(({ name }) => name === 'owner');
    expect(owner?.rows).toHaveLength(policyTable.filter(({ role }) => role === 'owner').length);
  });

  it('are made, given, changed and removed, and a change bites within 5 seconds', async () => {
    const { token } = await person();
    const users = { resource: 'users', actions: ['list', 'read'], conditions: ['all' as const], masked: [] };
    const made = await api.call(contract.createRole, { token, body: roleOf('people_desk', [users]) });
    expect(made.ok()).toMatchObject({ name: 'people_desk', isBuiltIn: false, rows: [users] });
    const one = await person({ roles: ['people_desk'] });
    expect((await api.call(listUsers, { token: one.token })).status).toBe(200);
    const masked = { ...users, masked: ['email' as const] };
    const params = { name: 'people_desk' };
    expect((await api.call(contract.updateRole, { token, params, body: { rows: [masked] } })).status).toBe(200);
    const emailSeen = async () =>
      (await api.call(readUser, { token: one.token, params: { userId: one.id } })).ok().email;
    await expect.poll(emailSeen, { timeout: 5_000, interval: 100 }).toMatch(/^p\*\*\*@/);
    const clients = await api.call(contract.updateRole, { token, params, body: { rows: [readClients] } });
    expect(clients.status).toBe(200);
    const status = async () => (await api.call(listUsers, { token: one.token })).status;
    await expect.poll(status, { timeout: 5_000, interval: 100 }).toBe(403);
    expect((await api.call(contract.removeRole, { token, params })).code).toBe('identity.role_in_use');
    await api.call(updateUser, { token, params: { userId: one.id }, body: { roles: ['support'] } });
    expect((await api.call(contract.removeRole, { token, params })).status).toBe(204);
    expect((await api.call(contract.removeRole, { token, params })).code).toBe('identity.role_unknown');
  });

  it.each(['owner', 'admin', 'ib', 'client', 'api_key', 'operator', 'platform'])(
    'are never called %s',
    async (name) => {
      const { token } = await person();
      expect((await api.call(contract.createRole, { token, body: roleOf(name) })).code).toBe('identity.role_exists');
      const changed = await api.call(contract.updateRole, { token, params: { name }, body: { rows: [readClients] } });
      expect(changed.code).toBe('identity.role_unknown');
    },
  );

  it('hold nothing that only owners and admins may do to people, roles, desks and keys', async () => {
    const { token } = await person({ roles: ['owner'] });
    const reserved = [
      ['users', 'invite'],
      ['users', 'update'],
      ['users', 'reset'],
      ['roles', 'create'],
      ['roles', 'update'],
      ['roles', 'remove'],
      ['api_keys', 'create'],
      ['api_keys', 'revoke'],
      ['desks', 'update'],
    ] as const;
    for (const [resource, action] of reserved) {
      const rows = [{ resource, actions: [action], conditions: ['all' as const], masked: [] }];
      const answer = await api.call(contract.createRole, { token, body: roleOf('too_much', rows) });
      expect([resource, action, answer.code]).toEqual([resource, action, 'identity.right_reserved']);
    }
  });

  it('hold nothing that the table does not know for staff', async () => {
    const { token } = await person({ roles: ['owner'] });
    const rows = [
      { resource: 'tenants', actions: ['create'], conditions: ['all' as const], masked: [] },
      { resource: 'clients', actions: ['destroy'], conditions: ['all' as const], masked: [] },
      { resource: 'ledger', actions: ['list'], conditions: ['desk' as const], masked: [] },
    ];
    for (const row of rows) {
      const answer = await api.call(contract.createRole, { token, body: roleOf('odd', [row]) });
      expect([row.resource, answer.code]).toEqual([row.resource, 'identity.right_unknown']);
    }
    expect(
      roleFaults(
        policyTable.filter(({ role }) => role === 'sales').map((row) => row),
        policyTable,
      ),
    ).toEqual({
      unknown: [],
      reserved: [],
    });
  });

  it('are given by each built-in role to nobody beyond its own rights', async () => {
    const staff = ['owner', 'admin', 'compliance', 'finance', 'sales', 'support', 'auditor'];
    for (const maker of staff) {
      const by = await person({ roles: [maker] });
      for (const given of staff) {
        const target = await person({ roles: ['auditor'] });
        const change = api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) =>
          changePerson({ isIb: async () => false }, tx, { userId: by.id }, target.id, { roles: [given] }),
        );
        const code = await change.then(
          () => undefined,
          (error: unknown) => (error as { code?: string }).code,
        );
        const roles = await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) =>
          endWithRoles(tx, { userId: target.id }),
        );
        const isMore = isNoMore(policyTable, [given], [maker]).length > 0 && given !== 'auditor';
        const isOwnerMade = given === 'owner' && maker !== 'owner';
        const refusal = isMore ? 'identity.rights_exceeded' : undefined;
        expect([maker, given, code]).toEqual([maker, given, isOwnerMade ? 'identity.owner_only' : refusal]);
        expect(roles).toEqual([{ role: code === undefined ? given : 'auditor' }]);
      }
    }
  });

  it('leave events with before and after', async () => {
    const { token, id } = await person();
    await api.call(contract.createRole, { token, body: roleOf('told') });
    const body = { description: 'For another test' };
    await api.call(contract.updateRole, { token, params: { name: 'told' }, body });
    const events = query(
      'test.role_events',
      z.object({ type: z.string(), actor: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
      `select type, actor, payload->'before'->>'description' as before, payload->'after'->>'description' as after
         from platform.events where stream = 'role/told' order by seq`,
    );
    expect(await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) => events(tx, {}))).toEqual([
      { type: 'identity.role_made', actor: id, before: null, after: 'For a test' },
      { type: 'identity.role_changed', actor: id, before: 'For a test', after: 'For another test' },
    ]);
  });

  it('have desks beside them: named once, with members of the staff', async () => {
    const { token } = await person();
    const [one, ib] = [await person({ roles: ['sales'] }), await person({ roles: ['ib'] })];
    const made = await api.call(createDesk, { token, body: { name: 'South', memberIds: [one.id] } });
    expect(made.ok()).toMatchObject({ name: 'South', memberIds: [one.id] });
    expect((await api.call(createDesk, { token, body: { name: 'South' } })).code).toBe('identity.desk_exists');
    const params = { deskId: made.ok().id };
    const change = (body: object) => api.call(updateDesk, { token, params, body });
    expect((await change({ memberIds: [ib.id] })).code).toBe('identity.member_unknown');
    const absent = UserId.parse('usr_00000000000000000000000000');
    expect((await change({ memberIds: [absent] })).code).toBe('identity.member_unknown');
    expect((await change({ memberIds: [] })).ok()).toMatchObject({ memberIds: [] });
    expect((await change({ name: 'Far South' })).ok()).toMatchObject({ name: 'Far South' });
    const { data } = (await api.call(listDesks, { token: one.token })).ok();
    expect(data.map(({ name }) => name)).toEqual(['Far South']);
    const elsewhere = await person({ tenant: 'zenith' });
    const foreign = { tenant: 'zenith', token: elsewhere.token, params, body: { name: 'Mine' } };
    expect((await api.call(updateDesk, foreign)).code).toBe('identity.desk_unknown');
  });
});
