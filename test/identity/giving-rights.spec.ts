import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { register, verifyEmail } from '../../src/identity/registration/contract.ts';
import { createRole, updateRole } from '../../src/identity/roles/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import * as staff from '../../src/identity/staff/contract.ts';
import { UserId } from '../../src/kernel/ids.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { query } from '../../src/platform/query.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const PASSWORD = 'orange bicycle under the bridge';
const provenLongAgo = query(
  'test.proven_long_ago',
  z.object({}),
  `update identity.sessions set proven_at = proven_at - interval '6 minutes' where id = :sessionId`,
);

describe('Rights are given', () => {
  let api: TestApi;
  const mails: Mail[] = [];
  beforeAll(async () => {
    api = await openTestApi({ dependencies: { sendMail: async (_tx, mail) => void mails.push(mail) } });
  });
  afterAll(() => api.close());

  const inviteTo = (token: string, email: string, roles: string[]) =>
    api.call(staff.inviteUser, { token, body: { email, name: 'Robin', roles } });
  /** Answers the invitation that was sent to an address; undefined where it is good. */
  const accept = async (email: string) => {
    const mail = mails.findLast(({ to }) => to.address === email);
    const token = mail?.template === 'invitation' ? mail.data.token : '';
    return (await api.call(staff.acceptInvitation, { body: { token, password: PASSWORD } })).code;
  };

  it('by no invitation of whoever has lost a role since: he could else come back by it', async () => {
    const admin = await makePerson(api);
    const owner = await makePerson(api, { roles: ['owner'] });
    const [email, kept] = ['one@example.com', 'two@example.com'];
    expect((await inviteTo(admin.token, email, ['admin'])).status).toBe(201);
    const demotion = { token: owner.token, params: { userId: admin.id }, body: { roles: ['support'] } };
    expect((await api.call(staff.updateUser, demotion)).status).toBe(200);
    expect(await accept(email)).toBe('identity.one_time_token_invalid');
    await inviteTo(owner.token, kept, ['support']);
    const promotion = { token: owner.token, params: { userId: owner.id }, body: { roles: ['owner', 'sales'] } };
    expect((await api.call(staff.updateUser, promotion)).status).toBe(200);
    expect(await accept(kept)).toBeUndefined();
  });

  it('by whoever gave a second factor just now, not by a token that was stolen later', async () => {
    const late = await makePerson(api, { roles: ['owner'] });
    const other = await makePerson(api, { roles: ['sales'] });
    await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) => provenLongAgo(tx, { sessionId: late.sessionId }));
    const { token } = late;
    const params = { userId: other.id };
    const rows = [{ resource: 'plans', actions: ['list'], conditions: ['all' as const], masked: [] }];
    const roles = { name: 'late', description: 'Late', rows };
    const answers = [
      await inviteTo(token, 'three@example.com', ['finance']),
      await api.call(staff.updateUser, { token, params, body: { roles: ['finance'] } }),
      await api.call(staff.resumeUser, { token, params, body: { reason: 'back again' } }),
      await api.call(createRole, { token, body: roles }),
      await api.call(updateRole, { token, params: { name: 'late' }, body: { rows } }),
    ];
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 'identity.step_up_needed'));
  });

  it('by an invitation to an address that a stranger signed up with: nothing of the stranger stays', async () => {
    const owner = await makePerson(api, { roles: ['owner'] });
    const stranger = 'the password of a stranger here';
    const signUp = (email: string) => {
      const body = {
        email,
        password: stranger,
        firstName: 'Not',
        lastName: 'Robin',
        country: 'DE',
        phone: '+4930123456',
      };
      return api.call(register, { body });
    };
    const [before, after] = ['five@example.com', 'six@example.com'];
    await signUp(before);
    for (const email of [before, after]) expect((await inviteTo(owner.token, email, ['support'])).status).toBe(201);
    const invitations = mails.filter(({ template }) => template === 'invitation').slice(-2);
    await signUp(after);
    for (const email of [before, after]) {
      const verification = mails.findLast(({ template, to }) => template === 'verify_email' && to.address === email);
      const invitation = invitations.find(({ to }) => to.address === email);
      if (!(invitation?.template === 'invitation' && verification?.template === 'verify_email')) throw new Error(email);
      const body = { token: invitation.data.token, password: PASSWORD };
      expect((await api.call(staff.acceptInvitation, { body })).status).toBe(204);
      const late = await api.call(verifyEmail, { body: { token: verification.data.token } });
      expect(late.code).toBe('identity.one_time_token_invalid');
      expect((await api.call(login, { body: { email, password: stranger } })).status).toBe(401);
      expect((await api.call(login, { body: { email, password: PASSWORD } })).ok()).toMatchObject({ surface: 'admin' });
      const listed = await api.call(staff.listUsers, { token: owner.token, query: { q: email } });
      expect(listed.ok().data).toMatchObject([{ name: 'Robin', phone: null, roles: ['support'], clientId: null }]);
    }
  });

  it('by no invitation to whoever has proved his address, be it after he was invited', async () => {
    const owner = await makePerson(api, { roles: ['owner'] });
    const email = 'seven@example.com';
    const body = { email, password: PASSWORD, firstName: 'Kim', lastName: 'Lee', country: 'DE' };
    await api.call(register, { body });
    expect((await inviteTo(owner.token, email, ['support'])).status).toBe(201);
    const invitation = mails.at(-1);
    const verification = mails.findLast(({ template }) => template === 'verify_email');
    const tokenOf = (mail: Mail | undefined) => (mail !== undefined && 'token' in mail.data ? mail.data.token : '');
    expect((await api.call(verifyEmail, { body: { token: tokenOf(verification) } })).status).toBe(204);
    const answer = { token: tokenOf(invitation), password: PASSWORD };
    expect((await api.call(staff.acceptInvitation, { body: answer })).code).toBe('identity.user_exists');
    expect((await inviteTo(owner.token, email, ['support'])).code).toBe('identity.user_exists');
  });

  it('to nobody who has not proved his address: the password may be that of whoever signed up with it', async () => {
    const owner = await makePerson(api, { roles: ['owner'] });
    const email = 'four@example.com';
    const signUp = { email, password: PASSWORD, firstName: 'Robin', lastName: 'Robin', country: 'DE' };
    expect((await api.call(register, { body: signUp })).status).toBe(202);
    const listed = await api.call(staff.listUsers, { token: owner.token, query: { q: email } });
    const [user] = listed.ok().data;
    const params = { userId: UserId.parse(user?.id) };
    const change = { token: owner.token, params, body: { roles: ['client', 'finance'] } };
    expect((await api.call(staff.updateUser, change)).code).toBe('identity.role_not_given');
  });
});
