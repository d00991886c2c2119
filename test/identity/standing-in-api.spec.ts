import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as approvals from '../../src/identity/approvals/contract.ts';
import * as entries from '../../src/identity/entries/contract.ts';
import * as impersonation from '../../src/identity/impersonation/contract.ts';
import { revokeOtherSessions } from '../../src/identity/sessions/contract.ts';
import { me } from '../../src/identity/sign-in/contract.ts';
import { createIbOperation, moveIbOperation, readIb } from '../../src/ib/contract.ts';
import { createClient, listClients, readClient, updateClient } from '../../src/clients/people/contract.ts';
import { setUserStatus } from '../../src/identity/users/service.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson, type Person } from '../support/people.ts';

const BITES_WITHIN_MS = 5_000;
let people = 0;

describe('By the API', () => {
  let api: TestApi;
  let owner: Person;
  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme'] });
    owner = await makePerson(api, { roles: ['owner'] });
  });
  afterAll(() => api.close());

  /** A client with its user. */
  async function aClient() {
    const body = { firstName: 'Kim', lastName: 'Novák', email: `kim${(people += 1)}@example.com` };
    const { id } = (await api.call(createClient, { token: owner.token, body })).ok();
    return { id, user: await makePerson(api, { roles: ['client'], clientId: id }) };
  }

  const refusedAfter = async (ask: () => Promise<number>): Promise<void> => {
    await expect.poll(ask, { timeout: BITES_WITHIN_MS, interval: 200 }).toBe(401);
  };

  describe('looking through the eyes of a client', () => {
    const begin = async (userId: Person['id'], by: Person) =>
      api.call(impersonation.startImpersonation, { token: by.token, params: { userId }, body: { reason: 'a call' } });

    it('reads what the client reads, masked, and every answer says who looks; it changes nothing', async () => {
      const support = await makePerson(api, { roles: ['support'] });
      const client = await aClient();
      const begun = await begin(client.user.id, support);
      const { accessToken: token, surface, expiresIn } = begun.ok();
      expect({ status: begun.status, surface, expiresIn }).toEqual({ status: 201, surface: 'portal', expiresIn: 900 });
      const seen = await api.call(readClient, { token, params: { clientId: client.id } });
      expect(seen.headers['cascade-impersonated-by']).toBe(support.id);
      expect(seen.ok().masked.toSorted()).toEqual(['email', 'phone']);
      const banner = (await api.call(me, { token })).ok();
      expect(banner.impersonation).toMatchObject({ by: support.id });
      expect(banner.email).toBe('p***@e***.com'); // Support sees it masked everywhere else.
      const own = await api.call(readClient, { token: client.user.token, params: { clientId: client.id } });
      expect({ masked: own.ok().masked, header: own.headers['cascade-impersonated-by'] }).toEqual({ masked: [] });
      const stranger = await aClient();
      const other = await api.call(readClient, { token, params: { clientId: stranger.id } });
      expect([other.status, other.headers['cascade-impersonated-by']]).toEqual([404, support.id]);
      const write = await api.call(updateClient, { token, params: { clientId: client.id }, body: { country: 'CZ' } });
      expect(write.code).toBe('identity.forbidden');
      expect((await api.call(revokeOtherSessions, { token })).code).toBe('identity.impersonation_reads_only');
    });

    it('ends when it is ended, and within five seconds of the end of whoever looks', async () => {
      const admin = await makePerson(api, { roles: ['admin'] });
      const client = await aClient();
      const first = (await begin(client.user.id, admin)).ok();
      const ended = await api.call(impersonation.endImpersonation, { token: first.accessToken });
      expect(ended.status).toBe(204);
      const read = (token: string) => async () => (await api.call(me, { token })).status;
      await refusedAfter(read(first.accessToken));
      const second = (await begin(client.user.id, admin)).ok();
      expect(await read(second.accessToken)()).toBe(200);
      await api.withTenant(api.tenantOf('acme').id, { actor: 'test', causation: 'test' }, (tx) =>
        setUserStatus(tx, admin.id, 'suspended', 'test'),
      );
      await refusedAfter(read(second.accessToken));
      expect(await read(client.user.token)()).toBe(200);
    });

    it('is for who has the right and a fresh second factor, and never for the eyes of staff', async () => {
      const client = await aClient();
      const sales = await makePerson(api, { roles: ['sales'] });
      expect((await begin(client.user.id, sales)).code).toBe('identity.forbidden');
      const unproven = await makePerson(api, { roles: ['admin'], isProven: false });
      expect((await begin(client.user.id, unproven)).code).toBe('identity.second_factor_missing');
      expect((await begin(owner.id, await makePerson(api, { roles: ['support'] }))).code).toBe(
        'identity.impersonation_refused',
      );
      const programs = await api.call(impersonation.endImpersonation, { token: owner.token });
      expect(programs.code).toBe('identity.impersonation_none');
    });
  });

  describe('entering a tenant from the platform', () => {
    it('reads as auditor until the tenant ends it, which it sees with its reason', async () => {
      const operator = await makePerson(api, { tenant: null });
      const tenantId = api.tenantOf('acme').id;
      const bare = { tenant: null, token: operator.token };
      const body = { role: 'auditor', reason: 'ticket 7', minutes: 30 } as const;
      const grant = (await api.call(entries.createEntry, { ...bare, params: { tenantId }, body })).ok();
      const params = { tenantId, grantId: grant.id };
      const { accessToken: token } = (await api.call(entries.issueEntryToken, { ...bare, params })).ok();
      const client = await aClient();
      expect((await api.call(readClient, { token, params: { clientId: client.id } })).ok().masked).toContain('email');
      const change = { token, params: { clientId: client.id }, body: { country: 'CZ' } } as const;
      expect((await api.call(updateClient, change)).code).toBe('identity.forbidden');
      expect((await api.call(listClients, { token: operator.token })).code).toBe('identity.token_invalid');
      const shown = (await api.call(entries.listPlatformGrants, { token: owner.token })).ok();
      expect(shown.data).toMatchObject([
        { id: grant.id, operatorId: operator.id, reason: 'ticket 7', state: 'active' },
      ]);
      const revoked = await api.call(entries.revokePlatformGrant, {
        token: owner.token,
        params: { grantId: grant.id },
      });
      expect(revoked.ok()).toMatchObject({ state: 'revoked', revokedBy: owner.id });
      await refusedAfter(async () => (await api.call(listClients, { token })).status);
      expect((await api.call(entries.issueEntryToken, { ...bare, params })).code).toBe('identity.grant_ended');
      const listed = (await api.call(entries.listEntries, { ...bare, params: { tenantId } })).ok();
      expect(listed.data[0]).toMatchObject({ id: grant.id, state: 'revoked' });
    });
  });

  describe('what two people do', () => {
    const ask = async (by: Person) => {
      const ib = async (parentId: string | null) =>
        (await api.call(createIbOperation, { token: owner.token, body: { name: 'An IB', parentId } })).ok().id;
      const top = await ib(null);
      const ibId = await ib(top);
      const body = { parentId: null, reason: 'Works alone from now on' };
      const asked = (await api.call(moveIbOperation, { token: by.token, params: { ibId }, body })).ok();
      return { ibId, top, approvalId: asked.approvalId, hash: asked.hash };
    };
    const parentOf = async (ibId: Awaited<ReturnType<typeof ask>>['ibId']) =>
      (await api.call(readIb, { token: owner.token, params: { ibId } })).ok().parentId;

    it('is seen by both, done by the second with a fresh second factor, and not by the first', async () => {
      const admin = await makePerson(api, { roles: ['admin'] });
      const { ibId, top, approvalId, hash } = await ask(admin);
      const approve = (by: Person) =>
        api.call(approvals.approveApproval, { token: by.token, params: { approvalId }, body: { hash } });
      expect((await approve(admin)).code).toBe('identity.approval_own');
      expect((await approve(await makePerson(api, { roles: ['support'] }))).code).toBe('identity.forbidden');
      expect((await approve(await makePerson(api, { roles: ['compliance'] }))).code).toBe('identity.forbidden');
      expect(await parentOf(ibId)).toBe(top);
      const mine = await api.call(approvals.listApprovals, { token: admin.token, query: { mine: 'true' } });
      expect(mine.ok().data).toMatchObject([
        { id: approvalId, state: 'pending', hash, kind: 'ibs.move', subject: ibId },
      ]);
      const done = (await approve(owner)).ok();
      expect(done).toMatchObject({ state: 'approved', voices: [{ userId: owner.id, voice: 'approve' }] });
      expect(await parentOf(ibId)).toBeNull();
      const read = await api.call(approvals.readApproval, { token: admin.token, params: { approvalId } });
      expect(read.ok()).toEqual(done);
    });

    it('is rejected or taken back, and then done by nobody', async () => {
      const admin = await makePerson(api, { roles: ['admin'] });
      const first = await ask(admin);
      const params = { approvalId: first.approvalId };
      const no = await api.call(approvals.rejectApproval, { token: owner.token, params, body: { reason: 'not now' } });
      expect(no.ok().state).toBe('rejected');
      const late = { token: owner.token, params, body: { hash: first.hash } };
      expect((await api.call(approvals.approveApproval, late)).code).toBe('identity.approval_closed');
      const second = await ask(admin);
      const back = { token: admin.token, params: { approvalId: second.approvalId } };
      expect((await api.call(approvals.cancelApproval, back)).ok().state).toBe('cancelled');
      expect(await parentOf(second.ibId)).toBe(second.top);
    });
  });
});
