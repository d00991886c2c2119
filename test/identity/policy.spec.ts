import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IbId, ClientId, DeskId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { type Need, type OperationForm, operation } from '../../src/kernel/operation.ts';
import { Problem } from '../../src/kernel/problem.ts';
import type { Caller } from '../../src/platform/access.ts';
import { makePolicy, type Policy, type PolicyRow, policyTable } from '../../src/identity/index.ts';
import { decide } from '../../src/identity/policy/rules.ts';
import { maskableFields, surfaceOfRole } from '../../src/identity/policy/types.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { callerOf } from './callers.ts';

const clientId = ClientId.parse(idFromUuid('cli', newUuid(1)));
const ibId = IbId.parse(idFromUuid('ibr', newUuid(1)));
const deskId = DeskId.parse(idFromUuid('dsk', newUuid(1)));

const asked = (need: Need, more: Partial<OperationForm> = {}): OperationForm =>
  operation({
    id: 'anything',
    method: 'get',
    path: '/api/v1/anything',
    on: 'tenant',
    tag: 'Test',
    summary: 'Does anything',
    need,
    answers: { 204: null },
    problems: [],
    ...more,
  });
const listClients = asked({ action: 'list', resource: 'clients' });
const createClient = asked({ action: 'create', resource: 'clients' }, { method: 'post' });

describe('The table of rights', () => {
  it('has one row at most for a role, a resource and an action', () => {
    const all = policyTable.flatMap((row) => row.actions.map((action) => `${row.role} ${row.resource}:${action}`));
    expect(all.filter((each, place) => all.indexOf(each) !== place)).toEqual([]);
  });

  it('gives nothing that no row gives: not to another role, not for another action, not on another surface', () => {
    const right = { action: 'move', resource: 'ibs' };
    expect(decide(policyTable, callerOf({ roles: ['sales'] }), right).kind).toBe('refused');
    expect(decide(policyTable, callerOf({ roles: [] }), right).kind).toBe('refused');
    expect(decide(policyTable, callerOf({ roles: ['owner'] }), right).kind).toBe('given');
    expect(decide(policyTable, callerOf({ roles: ['owner'], surface: 'portal' }), right).kind).toBe('refused');
    expect(decide(policyTable, callerOf({ roles: ['owner'] }), { ...right, action: 'erase' }).kind).toBe('refused');
  });

  it('reaches what any of the rows reaches, and clears a field only where each of them does', () => {
    const sales = callerOf({ roles: ['sales'], deskIds: [deskId] });
    const right = { action: 'list', resource: 'clients' };
    expect(decide(policyTable, sales, right)).toEqual({
      kind: 'given',
      reach: { everything: false, userId: sales.id, deskIds: [deskId], clientId: null, ibId: null, subtreeOf: null },
      masked: new Set(),
    });
    expect(decide(policyTable, { ...sales, roles: ['sales', 'finance'] }, right)).toMatchObject({
      reach: { everything: true, userId: sales.id },
      masked: new Set(maskableFields),
    });
  });

  it('reaches for an IB its subtree, for a client itself, and nothing where they are none', () => {
    const ib = callerOf({ roles: ['ib'], surface: 'partner', ibId, provenAt: null });
    const client = callerOf({ roles: ['client'], surface: 'portal', clientId, provenAt: null });
    const right = { action: 'read', resource: 'clients' };
    expect(decide(policyTable, ib, right)).toMatchObject({
      reach: { everything: false, subtreeOf: ibId, clientId: null },
    });
    expect(decide(policyTable, client, right)).toMatchObject({
      reach: { everything: false, subtreeOf: null, clientId },
    });
    expect(decide(policyTable, { ...client, clientId: null }, right)).toMatchObject({ reach: { clientId: null } });
  });

  it('gives a program what its row and its scope both name', () => {
    const key = callerOf({
      kind: 'api_key',
      surface: 'api',
      roles: ['api_key'],
      scopes: ['clients:list', 'users:list'],
    });
    const kindOf = (action: string, resource: string) => decide(policyTable, key, { action, resource }).kind;
    expect([kindOf('list', 'clients'), kindOf('read', 'clients'), kindOf('list', 'users')]).toEqual([
      'given',
      'refused',
      'refused',
    ]);
  });

  it('gives the same whatever the order of rows and roles, and one role more neither narrows the reach nor takes a mask away', () => {
    const roles = [...new Set(policyTable.map(({ role }) => role))].filter((role) => surfaceOfRole(role) === 'admin');
    const rights = policyTable.flatMap(({ resource, actions }) => actions.map((action) => ({ resource, action })));
    fc.assert(
      fc.property(fc.subarray(roles), fc.constantFrom(...roles), fc.constantFrom(...rights), (some, one, right) => {
        const caller = callerOf({ roles: some });
        const few = decide(policyTable, caller, right);
        const more = decide(policyTable.toReversed(), { ...caller, roles: [one, ...some] }, right);
        if (few.kind !== 'given') return;
        expect(more.kind).toBe('given');
        if (more.kind !== 'given') return;
        expect(more.reach.everything || !few.reach.everything).toBe(true);
        expect([...few.masked].filter((field) => !more.masked.has(field))).toEqual([]);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

describe('A call is let through', () => {
  let acme: TestTenant;
  let policy: Policy;
  let ownRows: PolicyRow[] = [];
  let asks = 0;
  beforeAll(async () => {
    acme = await openTestTenant();
    const { withTenant, withControl } = acme.tenancy;
    policy = makePolicy({
      withTenant,
      withControl,
      rowsOfTenant: () => {
        asks += 1;
        return Promise.resolve(ownRows);
      },
    });
  });
  afterAll(() => acme.close());

  const answer = (caller: Caller, form: OperationForm, tenantId: TestTenant['tenant']['id'] | null = acme.tenant.id) =>
    policy.authorize(caller, form, { tenantId, requestId: 'req_1' }).then(
      ({ origin }) => origin.actor,
      (error: unknown) => (error instanceof Problem ? error.code : error),
    );

  it('with the caller as its actor, and the request as its cause', async () => {
    const caller = callerOf();
    const { origin } = await policy.authorize(caller, listClients, { tenantId: acme.tenant.id, requestId: 'req_1' });
    expect(origin).toEqual({ actor: caller.id, causation: 'req_1' });
    expect(await answer({ ...caller, roles: ['client'] }, listClients)).toBe('identity.forbidden');
  });

  it('of staff with a second factor only, but for what is their own', async () => {
    const caller = callerOf({ provenAt: null });
    expect(await answer(caller, listClients)).toBe('identity.second_factor_missing');
    expect(await answer(caller, asked('signed_in', { method: 'post' }))).toBe(caller.id);
    const operator = callerOf({ kind: 'operator', surface: 'ops', roles: ['operator'], provenAt: null });
    const listTenants = asked({ action: 'list', resource: 'tenants' }, { on: 'bare' });
    expect(await answer(operator, listTenants, null)).toBe('identity.second_factor_missing');
    expect(await answer({ ...operator, provenAt: new Date() }, listTenants, null)).toBe(operator.id);
    expect(await policy.rightsOf(caller, { tenantId: acme.tenant.id })).toEqual([]);
  });

  it('with a second factor at most five minutes old where it needs a step up, by the database’s clock', async () => {
    const step = { ...createClient, needsStepUp: true } as const;
    const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
    const caller = callerOf({ provenAt: ago(290) });
    expect(await answer(caller, step)).toBe(caller.id);
    expect(await answer({ ...caller, provenAt: ago(310) }, step)).toBe('identity.step_up_needed');
    const key = callerOf({
      kind: 'api_key',
      surface: 'api',
      roles: ['api_key'],
      scopes: ['clients:create'],
      provenAt: null,
    });
    expect(await answer(key, createClient)).toBe(key.id);
    expect(await answer(key, step)).toBe('identity.step_up_needed');
  });

  it('of a client in the states of admission that the row names, and else names them', async () => {
    const client = callerOf({ roles: ['client'], surface: 'portal', clientId, provenAt: null, kycState: 'approved' });
    const open = asked({ action: 'ask', resource: 'accounts' }, { method: 'post' });
    expect(await answer(client, open)).toBe(client.id);
    await expect(
      policy.authorize({ ...client, kycState: 'pending' }, open, { tenantId: acme.tenant.id, requestId: 'req_1' }),
    ).rejects.toMatchObject({ code: 'identity.kyc_required', members: { states: ['approved'] } });
    expect(await answer({ ...client, kycState: null }, open)).toBe('identity.kyc_required');
  });

  it('through borrowed eyes to read, with every field masked, named after both', async () => {
    const seen = callerOf({
      roles: ['client'],
      surface: 'portal',
      clientId,
      provenAt: null,
      sessionId: null,
      impersonator: 'usr_A',
    });
    const readClient = asked({ action: 'read', resource: 'clients' });
    const { origin, masked, reach } = await policy.authorize(seen, readClient, {
      tenantId: acme.tenant.id,
      requestId: 'r',
    });
    expect({ actor: origin.actor, masked, clientId: reach.clientId }).toEqual({
      actor: `usr_A as ${seen.id}`,
      masked: new Set(maskableFields),
      clientId,
    });
    const write = asked({ action: 'read', resource: 'clients' }, { method: 'post' });
    expect(await answer(seen, write)).toBe('identity.impersonation_reads_only');
    expect(await answer(seen, asked('signed_in', { method: 'delete' }))).toBe('identity.impersonation_reads_only');
    expect(await answer(seen, asked('signed_in', { method: 'post', id: 'endImpersonation' }))).toBe(
      `usr_A as ${seen.id}`,
    );
  });

  it('from the platform to read, as what the entry is for', async () => {
    const entered = callerOf({ kind: 'platform', roles: ['auditor'], sessionId: null, provenAt: null });
    expect(await answer(entered, listClients)).toBe(`platform ${entered.id}`);
    expect(
      await answer(
        { ...entered, roles: ['support'] },
        asked({ action: 'reveal', resource: 'clients' }, { method: 'post' }),
      ),
    ).toBe('identity.entry_reads_only');
    expect(await answer(entered, createClient)).toBe('identity.forbidden');
    expect(await answer(entered, asked('signed_in', { method: 'post' }))).toBe('identity.forbidden');
  });

  it('by roles of the tenant’s own, which are asked for again after two seconds at most, and never widen a built-in one', async () => {
    const row: PolicyRow = {
      role: 'desk_lead',
      resource: 'clients',
      actions: ['list'],
      conditions: ['desk'],
      masked: ['phone'],
    };
    ownRows = [row, { ...row, role: 'sales', conditions: ['all'] }];
    const lead = callerOf({ roles: ['desk_lead'], deskIds: [deskId] });
    const given = await policy.authorize(lead, listClients, { tenantId: acme.tenant.id, requestId: 'r' });
    expect(given).toMatchObject({ reach: { everything: false, deskIds: [deskId] }, masked: new Set(['phone']) });
    const both = await policy.authorize({ ...lead, roles: ['desk_lead', 'sales'] }, listClients, {
      tenantId: acme.tenant.id,
      requestId: 'r',
    });
    expect({ everything: both.reach.everything, asks }).toEqual({ everything: false, asks: 1 });
    ownRows = [];
    await expect.poll(() => answer(lead, listClients), { timeout: 4_000, interval: 100 }).toBe('identity.forbidden');
    expect(asks).toBe(2);
  });
});
