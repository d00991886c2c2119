import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeCallerByGrant, makePolicy, rolesOf } from '../../src/identity/index.ts';
import { enter, issueEntryToken, revoke, revokeByOperator } from '../../src/identity/entries/service.ts';
import { beginImpersonation, endImpersonation } from '../../src/identity/impersonation/service.ts';
import { callerOfSession } from '../../src/identity/sessions/callers.ts';
import { endSession, openSession, sessionDefaults } from '../../src/identity/sessions/service.ts';
import { KeyRing, keyRingDefaults } from '../../src/identity/tokens/key-ring.ts';
import { makeTokens, type Tokens } from '../../src/identity/tokens/service.ts';
import type { AccessToken, SignInSurface, TokenSubject } from '../../src/identity/tokens/types.ts';
import { createUser, setUserRoles, setUserStatus } from '../../src/identity/users/service.ts';
import { ClientId, type UserId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { Problem } from '../../src/kernel/problem.ts';
import { type Access, type Caller, reachesEverything } from '../../src/platform/access.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { realmQuery } from '../../src/platform/query.ts';
import type { RealmTx } from '../../src/platform/tenant-tx.ts';
import { breach } from '../support/breach.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

const eventsLike = realmQuery(
  'test.events_of_type',
  z.object({ type: z.string(), actor: z.string(), payload: z.record(z.string(), z.unknown()) }),
  'select type, actor, payload from platform.events where type = any(:types::text[]) order by seq',
);
const code = (error: unknown): unknown => (error instanceof Problem ? error.code : error);
const none = { desksOf: () => Promise.resolve([]), kycStateOf: () => Promise.resolve('approved') };
const device = { address: '203.0.113.7', userAgent: 'test' };
const sessions = { key: Buffer.alloc(32), settings: sessionDefaults };
let people = 0;

/** A person with a session on a surface, and what he may do. */
async function signIn(tx: RealmTx, roles: readonly string[], surface: SignInSurface): Promise<Access> {
  const clientId = roles.includes('client') ? ClientId.parse(idFromUuid('cli', newUuid(Date.now()))) : null;
  const email = `person${(people += 1)}@example.com`;
  const userId = await createUser(tx, { email, name: `Person ${people}`, roles, clientId, isVerified: true });
  const { sessionId } = await openSession(tx, sessions, { userId, surface, isProven: surface !== 'portal', device });
  const caller = await callerOfSession(tx, none, { sessionId, surface });
  if (caller === undefined) throw new Error('nobody is behind a session that was just opened');
  return { caller, reach: reachesEverything, masked: new Set(), origin: { actor: caller.id, causation: 'test' } };
}

describe('Somebody stands in for another', () => {
  let acme: TestTenant;
  let tokens: Tokens;
  let byGrant: ReturnType<typeof makeCallerByGrant>;
  beforeAll(async () => {
    acme = await openTestTenant();
    const { withTenant, withControl } = acme.tenancy;
    const sealer = makeSealer('a secret of at least thirty-two characters', 'test');
    const keys = new KeyRing({ withControl, sealer, settings: keyRingDefaults, log: testLog });
    tokens = makeTokens({ keys, issuer: 'http://localhost' });
    const policy = makePolicy({ withTenant, withControl, rowsOfTenant: rolesOf });
    byGrant = makeCallerByGrant({ withTenant, withControl, policy, ...none });
  });
  afterAll(() => acme.close());

  const inTenant: TestTenant['inTenant'] = (work) => acme.inTenant(work);
  /** Who is behind a token at this moment. */
  const behind = async ({ accessToken }: AccessToken): Promise<Caller | undefined> => {
    const { delegation, ...claims } = await tokens.verify(accessToken);
    if (delegation === null) throw new Error('nobody stands in for anybody');
    return byGrant({ ...claims, delegation });
  };

  describe('looking through the eyes of a client', () => {
    const scene = async (roles: readonly string[] = ['support']) => {
      const staff = await inTenant((tx) => signIn(tx, roles, 'admin'));
      const client = await inTenant((tx) => signIn(tx, ['client'], 'portal'));
      const begin = (userId: UserId, by = staff) =>
        inTenant((tx) => beginImpersonation(tx, by, { userId, surface: undefined, reason: 'a call' }));
      return { staff, client, userId: client.caller.id as UserId, begin };
    };
    const tokenOf = ({ subject }: { subject: TokenSubject }) => tokens.issue(subject);

    it('is the client on its surface, without a session or a second factor, named after who looks', async () => {
      const { staff, client, userId, begin } = await scene();
      const token = await tokenOf(await begin(userId));
      expect(token.expiresIn).toBe(900);
      expect(await behind(token)).toEqual({
        ...client.caller,
        sessionId: null,
        provenAt: null,
        impersonator: staff.caller.id,
      });
    });

    it('is refused for staff, whatever else they are, for who is suspended, and for nobody', async () => {
      const { staff, userId, begin } = await scene();
      const both = await inTenant((tx) => signIn(tx, ['auditor', 'client'], 'portal'));
      const own = await inTenant((tx) => signIn(tx, ['desk_lead'], 'admin'));
      for (const { caller } of [both, own, staff])
        expect(await begin(caller.id as UserId).catch(code)).toBe('identity.impersonation_refused');
      await inTenant((tx) => setUserStatus(tx, userId, 'suspended', 'test'));
      expect(await begin(userId).catch(code)).toBe('identity.impersonation_refused');
      const nobody = idFromUuid('usr', newUuid(Date.now())) as UserId;
      expect(await begin(nobody).catch(code)).toBe('identity.user_unknown');
    });

    it('ends with the session of who looks, with his right, with his suspension, and with the client’s', async () => {
      const endings: ((one: Awaited<ReturnType<typeof scene>>) => Promise<unknown>)[] = [
        ({ staff: { caller } }) =>
          inTenant((tx) => {
            if (caller.sessionId === null) throw new Error('a session');
            return endSession(tx, { userId: caller.id as UserId, sessionId: caller.sessionId, because: 'asked' });
          }),
        ({ staff: { caller } }) => inTenant((tx) => setUserRoles(tx, caller.id as UserId, ['auditor'])),
        ({ staff: { caller } }) => inTenant((tx) => setUserStatus(tx, caller.id as UserId, 'suspended', 'test')),
        ({ userId }) => inTenant((tx) => setUserStatus(tx, userId, 'suspended', 'test')),
        ({ userId }) => inTenant((tx) => setUserRoles(tx, userId, ['client', 'admin'])),
        () => breach(acme, `update identity.impersonations set ends_at = clock_timestamp() where ended_at is null`),
      ];
      for (const end of endings) {
        const one = await scene();
        const token = await tokenOf(await one.begin(one.userId));
        expect(await behind(token)).toBeDefined();
        await end(one);
        expect(await behind(token)).toBeUndefined();
      }
    });

    it('ends when it is ended, and both leave an event with who and why', async () => {
      const { staff, userId, begin } = await scene(['owner']);
      const begun = await begin(userId);
      const token = await tokenOf(begun);
      const seen = await behind(token);
      if (seen === undefined) throw new Error('somebody');
      await inTenant((tx) => endImpersonation(tx, seen));
      expect(await behind(token)).toBeUndefined();
      expect(await inTenant((tx) => endImpersonation(tx, seen)).catch(code)).toBe('identity.impersonation_none');
      expect(await inTenant((tx) => endImpersonation(tx, staff.caller)).catch(code)).toBe(
        'identity.impersonation_none',
      );
      const types = ['identity.impersonation_started', 'identity.impersonation_ended'];
      const events = (await inTenant((tx) => eventsLike(tx, { types }))).filter(
        ({ payload }) => payload['impersonationId'] === begun.id,
      );
      expect(events).toMatchObject([
        { type: types[0], payload: { impersonatorId: staff.caller.id, userId, reason: 'a call', surface: 'portal' } },
        { type: types[1], payload: { impersonatorId: staff.caller.id, userId } },
      ]);
    });

    it('is bound to what it was begun for: another grant, person, session or surface under the same name is nobody', async () => {
      const { client, userId, begin } = await scene();
      const { subject } = await begin(userId);
      const { delegation, ...claims } = await tokens.verify((await tokens.issue(subject)).accessToken);
      if (delegation === null || client.caller.sessionId === null) throw new Error('a delegation');
      const other = await scene();
      const changes = [
        { userId: other.userId },
        { sessionId: client.caller.sessionId },
        { surface: 'partner' as const },
        { delegation: { ...delegation, grant: 'imp_00000000000000000000000000' } },
        { delegation: { ...delegation, grant: `'; drop table identity.users` } },
      ];
      expect(await byGrant({ ...claims, delegation })).toBeDefined();
      for (const change of changes) expect(await byGrant({ ...claims, delegation, ...change })).toBeUndefined();
    });
  });

  describe('entering a tenant from the platform', () => {
    const deps = () => ({ withTenant: acme.tenancy.withTenant, withControl: acme.tenancy.withControl, tokens });
    const operator = () => acme.tenancy.withControl((tx) => signIn(tx, ['operator'], 'ops'));
    const entered = async (minutes = 30) => {
      const access = await operator();
      const grant = await enter(deps(), access, acme.tenant.id, { role: 'auditor', reason: 'ticket 7', minutes });
      const place = { tenantId: acme.tenant.id, grantId: grant.id };
      return { access, grant, place, token: await issueEntryToken(deps(), access, place) };
    };

    it('is a reader of the role that was granted, for the minutes that were granted, and both sides know it', async () => {
      const { access, grant, token } = await entered(45);
      expect(grant).toMatchObject({
        operatorId: access.caller.id,
        role: 'auditor',
        reason: 'ticket 7',
        state: 'active',
      });
      expect(grant.endsAt.getTime() - grant.grantedAt.getTime()).toBe(45 * 60_000);
      expect(await behind(token)).toMatchObject({
        kind: 'platform',
        id: access.caller.id,
        surface: 'admin',
        roles: ['auditor'],
        sessionId: null,
      });
      const types = ['identity.entry_granted', 'identity.entry_used'];
      const mine = ({ payload }: { payload: Record<string, unknown> }) => payload['grantId'] === grant.id;
      const there = (await inTenant((tx) => eventsLike(tx, { types }))).filter(mine);
      const here = (await acme.tenancy.withControl((tx) => eventsLike(tx, { types }))).filter(mine);
      expect(there.map(({ type, actor }) => [type, actor])).toEqual(
        types.map((type) => [type, `platform ${access.caller.id}`]),
      );
      expect(here.map(({ type, actor }) => [type, actor])).toEqual(types.map((type) => [type, access.caller.id]));
      expect(there[0]?.payload).toMatchObject({ reason: 'ticket 7', role: 'auditor', minutes: 45 });
    });

    it('ends when the tenant ends it, when the operator does, when its time is over, and with the operator’s session or right', async () => {
      const endings: ((one: Awaited<ReturnType<typeof entered>>) => Promise<unknown>)[] = [
        ({ grant }) => inTenant((tx) => revoke(tx, grant.id)),
        ({ access, place }) => revokeByOperator(deps(), access, place),
        () => breach(acme, `update identity.platform_grants set ends_at = clock_timestamp()`),
        ({ access }) =>
          acme.tenancy.withControl((tx) => setUserStatus(tx, access.caller.id as UserId, 'suspended', 'test')),
        ({ access }) => acme.tenancy.withControl((tx) => setUserRoles(tx, access.caller.id as UserId, [])),
        ({ access: { caller } }) =>
          acme.tenancy.withControl((tx) => {
            if (caller.sessionId === null) throw new Error('a session');
            return endSession(tx, { userId: caller.id as UserId, sessionId: caller.sessionId, because: 'asked' });
          }),
      ];
      for (const end of endings) {
        const one = await entered();
        expect(await behind(one.token)).toBeDefined();
        await end(one);
        expect(await behind(one.token)).toBeUndefined();
      }
    });

    it('gives a token to nobody but who entered, and none after the end', async () => {
      const { access, grant, place } = await entered();
      const other = await operator();
      expect(await issueEntryToken(deps(), other, place).catch(code)).toBe('identity.grant_unknown');
      await inTenant((tx) => revoke(tx, grant.id));
      expect(await issueEntryToken(deps(), access, place).catch(code)).toBe('identity.grant_ended');
      expect(await inTenant((tx) => revoke(tx, grant.id))).toMatchObject({ id: grant.id, state: 'revoked' });
      const absent = {
        ...place,
        grantId: grant.id.replace(/.$/, (last) => (last === '0' ? '1' : '0')) as typeof grant.id,
      };
      expect(await issueEntryToken(deps(), access, absent).catch(code)).toBe('identity.grant_unknown');
    });

    it('lasts an hour at most, whoever writes it', async () => {
      const long = breach(
        acme,
        `insert into identity.platform_grants (id, operator_id, role, reason, ends_at)
         values (gen_random_uuid(), gen_random_uuid(), 'auditor', 'x', clock_timestamp() + interval '2 hours')`,
      );
      await expect(long).rejects.toThrow('check constraint');
    });
  });
});
