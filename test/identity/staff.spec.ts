import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { beginTotp, confirmTotp, stepUp } from '../../src/identity/factors/contract.ts';
import { login, me } from '../../src/identity/sign-in/contract.ts';
import * as staff from '../../src/identity/staff/contract.ts';
import { createDesk } from '../../src/identity/desks/contract.ts';
import { IbId, UserId } from '../../src/kernel/ids.ts';
import { createIb } from '../../src/ib/index.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { query } from '../../src/platform/query.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson, type PersonWords } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const PASSWORD = 'orange bicycle under the bridge';
const expireAll = query(
  'test.expire_invitations',
  z.object({}),
  `update identity.invitations set expires_at = clock_timestamp() where accepted_at is null`,
);
const close = query('test.close_user', z.object({}), `update identity.users set status = 'closed' where id = :userId`);
const eventsOf = query(
  'test.events_of_stream',
  z.object({ type: z.string(), actor: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select type, actor, payload from platform.events where stream = :stream order by seq`,
);
describe('The staff of a tenant', () => {
  let api: TestApi;
  const mails: Mail[] = [];
  let count = 0;

  beforeAll(async () => {
    api = await openTestApi({
      tenants: ['acme', 'zenith'],
      dependencies: { sendMail: async (_tx, mail) => void mails.push(mail) },
    });
  });
  afterAll(() => api.close());

  const person = (words: PersonWords = {}) => makePerson(api, words);
  const inAcme = <T>(work: Parameters<typeof api.withTenant<T>>[2]) =>
    api.withTenant(api.tenantOf('acme').id, testOrigin, work);
  const address = () => `invited${(count += 1)}@example.com`;
  const lastToken = (email: string): string => {
    const mail = mails.findLast(({ to }) => to.address === email);
    if (mail?.template !== 'invitation') throw new Error('no invitation was sent');
    expect(mail.data).toMatchObject({ validMinutes: 4_320, link: expect.stringContaining(mail.data.token) as unknown });
    return mail.data.token;
  };
  const inviteTo = async (token: string, roles: string[], more: object = {}) => {
    const email = address();
    const answer = await api.call(staff.inviteUser, { token, body: { email, name: 'Robin', roles, ...more } });
    return { email, answer };
  };
  const acceptBy = (token: string, password = PASSWORD) =>
    api.call(staff.acceptInvitation, { body: { token, password } });

  it('comes by invitation: mail, password, sign-in, second factor, and only then work', async () => {
    const admin = await person({ roles: ['admin'] });
    const { email, answer } = await inviteTo(admin.token, ['support']);
    expect(answer.ok()).toMatchObject({ email, roles: ['support'], invitedBy: admin.id, isExpired: false });
    expect((await acceptBy(lastToken(email))).status).toBe(204);
    const signedIn = (await api.call(login, { body: { email, password: PASSWORD } })).ok();
    expect(signedIn).toMatchObject({ surface: 'admin', secondFactor: 'to_set_up' });
    const token = signedIn.accessToken;
    expect((await api.call(staff.listUsers, { token })).code).toBe('identity.second_factor_missing');
    const { secret, uri } = (await api.call(beginTotp, { token })).ok();
    expect(uri).toContain('acme%20Markets');
    const { recoveryCodes } = (await api.call(confirmTotp, { token, body: { code: generateSync({ secret }) } })).ok();
    expect(recoveryCodes).toHaveLength(10);
    expect((await api.call(me, { token })).ok()).toMatchObject({ secondFactor: { state: 'proven', totp: true } });
    expect((await api.call(stepUp, { token, body: { otp: recoveryCodes?.[0] ?? '' } })).status).toBe(200);
    expect((await api.call(stepUp, { token, body: { otp: recoveryCodes?.[0] ?? '' } })).code).toBe(
      'identity.code_wrong',
    );
    const withoutCode = await api.call(login, { body: { email, password: PASSWORD } });
    expect(withoutCode.code).toBe('identity.second_factor_needed');
  });

  it('answers an invitation once, at 20 at the same time, and its token neither before nor after', async () => {
    const admin = await person();
    const { email } = await inviteTo(admin.token, ['sales']);
    const token = lastToken(email);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => acceptBy(token)));
    expect(outcomes.filter(({ status }) => status === 204)).toHaveLength(1);
    for (const { status } of outcomes) expect([204, 422, 503]).toContain(status);
    expect((await acceptBy(token)).code).toBe('identity.one_time_token_invalid');
    expect((await acceptBy('x'.repeat(43))).code).toBe('identity.one_time_token_invalid');
  });

  it('does not use an invitation up by a password that is too weak', async () => {
    const admin = await person();
    const { email } = await inviteTo(admin.token, ['sales']);
    expect((await acceptBy(lastToken(email), 'short')).code).toBe('identity.password_weak');
    expect((await acceptBy(lastToken(email))).status).toBe(204);
  });

  it('has invitations that are listed, sent again, withdrawn, and end after three days', async () => {
    const admin = await person();
    const { email, answer } = await inviteTo(admin.token, ['sales']);
    const { id: invitationId } = answer.ok();
    const first = lastToken(email);
    const listed = (await api.call(staff.listInvitations, { token: admin.token, query: { limit: '200' } })).ok();
    expect(listed.data.map(({ id }) => id)).toContain(invitationId);
    expect(JSON.stringify(listed)).not.toContain(first);
    const again = { token: admin.token, body: { email: email.toUpperCase(), name: 'Robin', roles: ['sales'] } };
    expect((await api.call(staff.inviteUser, again)).code).toBe('identity.invitation_waits');
    expect((await api.call(staff.resendInvitation, { token: admin.token, params: { invitationId } })).status).toBe(200);
    expect((await acceptBy(first)).code).toBe('identity.one_time_token_invalid');
    const second = lastToken(email);
    const withdrawn = { token: admin.token, params: { invitationId } };
    expect((await api.call(staff.withdrawInvitation, withdrawn)).status).toBe(204);
    expect((await api.call(staff.withdrawInvitation, withdrawn)).code).toBe('identity.invitation_unknown');
    expect((await acceptBy(second)).code).toBe('identity.one_time_token_invalid');
    const { email: late } = await inviteTo(admin.token, ['sales']);
    await inAcme((tx) => expireAll(tx, {}));
    expect((await acceptBy(lastToken(late))).code).toBe('identity.one_time_token_invalid');
    const anew = { token: admin.token, body: { email: late, name: 'Robin', roles: ['sales'] } };
    expect((await api.call(staff.inviteUser, anew)).status).toBe(201);
    expect((await acceptBy(lastToken(late))).status).toBe(204);
    const known = { token: admin.token, body: { email: late, name: 'Robin', roles: ['sales'] } };
    expect((await api.call(staff.inviteUser, known)).code).toBe('identity.user_exists');
  });

  it('is joined by an IB, whose role comes with the IB; one that does not exist is refused', async () => {
    const admin = await person();
    const ib = await inAcme((tx) => createIb(tx, { name: 'Maria', parent: null }));
    const { email, answer } = await inviteTo(admin.token, [], { ibId: ib.id });
    expect(answer.ok()).toMatchObject({ roles: ['ib'], ibId: ib.id });
    await acceptBy(lastToken(email));
    const signedIn = (await api.call(login, { body: { email, password: PASSWORD } })).ok();
    expect(signedIn).toMatchObject({ surface: 'partner', secondFactor: 'none' });
    const absent = IbId.parse('ibr_00000000000000000000000000');
    expect((await inviteTo(admin.token, [], { ibId: absent })).answer.code).toBe('identity.ib_unknown');
    expect((await inviteTo(admin.token, ['ib'])).answer.code).toBe('identity.role_not_given');
    expect((await inviteTo(admin.token, ['client'])).answer.code).toBe('identity.role_not_given');
    expect((await inviteTo(admin.token, ['api_key'])).answer.code).toBe('identity.role_not_given');
    expect((await inviteTo(admin.token, ['operator'])).answer.code).toBe('identity.role_not_given');
    expect((await inviteTo(admin.token, ['no_such_role'])).answer.code).toBe('identity.role_not_given');
  });

  it('is listed, searched and filtered; whoever sees addresses masked cannot search them', async () => {
    const admin = await person({ name: 'Quentin Quill', email: 'needle@haystack.example' });
    const auditor = await person({ roles: ['auditor'] });
    const names = async (token: string, q: string) =>
      (await api.call(staff.listUsers, { token, query: { q } })).ok().data.map(({ name }) => name);
    expect(await names(admin.token, 'quentin q')).toEqual(['Quentin Quill']);
    expect(await names(admin.token, 'NEEDLE@hay')).toEqual(['Quentin Quill']);
    expect(await names(auditor.token, 'needle@hay')).toEqual([]);
    expect(await names(admin.token, '%')).toEqual([]);
    const seen = (await api.call(staff.readUser, { token: auditor.token, params: { userId: admin.id } })).ok();
    expect(seen.email).toBe('n***@h***.example');
    const query = { role: 'auditor', status: 'active', sort: '-createdAt', limit: '1' } as const;
    const { data } = (await api.call(staff.listUsers, { token: admin.token, query })).ok();
    expect(data.map(({ id }) => id)).toEqual([auditor.id]);
    const elsewhere = await person({ tenant: 'zenith' });
    const foreign = await api.call(staff.readUser, { token: admin.token, params: { userId: elsewhere.id } });
    expect(foreign.code).toBe('identity.user_unknown');
  });

  it('is changed with before and after in the record, and nobody’s name in it', async () => {
    const admin = await person();
    const target = await person({ roles: ['support'] });
    const desk = (await api.call(createDesk, { token: admin.token, body: { name: 'North' } })).ok();
    const body = { name: 'Alexandra Other', roles: ['sales', 'finance'], deskIds: [desk.id] };
    const changed = await api.call(staff.updateUser, { token: admin.token, params: { userId: target.id }, body });
    expect(changed.ok()).toMatchObject({ name: 'Alexandra Other', roles: ['finance', 'sales'], deskIds: [desk.id] });
    const events = await inAcme((tx) => eventsOf(tx, { stream: `user/${target.id}` }));
    expect(events).toContainEqual({
      type: 'identity.roles_changed',
      actor: admin.id,
      payload: { before: ['support'], after: ['finance', 'sales'] },
    });
    expect(events).toContainEqual({
      type: 'identity.user_desks_changed',
      actor: admin.id,
      payload: { before: [], after: [desk.id] },
    });
    expect(JSON.stringify(events)).not.toContain('Alexandra');
  });

  it('loses a right within 5 seconds of losing the role', async () => {
    const owner = await person({ roles: ['owner'] });
    const admin = await person();
    expect((await api.call(staff.listInvitations, { token: admin.token })).status).toBe(200);
    const asked = { token: owner.token, params: { userId: admin.id }, body: { roles: ['finance'] } };
    expect((await api.call(staff.updateUser, asked)).status).toBe(200);
    const code = async () => (await api.call(staff.listInvitations, { token: admin.token })).code;
    await expect.poll(code, { timeout: 5_000, interval: 100 }).toBe('identity.forbidden');
  });

  it('loses its sessions when it is suspended, within 5 seconds wherever it was seen last', async () => {
    const compliance = await person({ roles: ['compliance'] });
    const target = await person({ roles: ['support'] });
    expect((await api.call(me, { token: target.token })).status).toBe(200);
    const asked = { token: compliance.token, params: { userId: target.id }, body: { reason: 'left the firm' } };
    expect((await api.call(staff.suspendUser, asked)).ok()).toMatchObject({ status: 'suspended' });
    expect((await api.call(me, { token: target.token })).code).toBe('identity.token_invalid');
    expect(mails.findLast(({ to }) => to.address === target.email)).toMatchObject({ template: 'sessions_revoked' });
    // Support may look through others' eyes, which compliance may not: to give that back takes somebody who may.
    expect((await api.call(staff.resumeUser, asked)).code).toBe('identity.rights_exceeded');
    const admin = await person();
    expect((await api.call(staff.resumeUser, { ...asked, token: admin.token })).ok()).toMatchObject({
      status: 'active',
    });
    expect((await api.call(me, { token: target.token })).code).toBe('identity.token_invalid'); // He signs in anew.
  });

  it('is not brought back where it is closed for good', async () => {
    const admin = await person();
    const target = await person({ roles: ['support'] });
    await inAcme((tx) => close(tx, { userId: target.id }));
    const asked = { token: admin.token, params: { userId: target.id } };
    const body = { reason: 'by mistake' };
    expect((await api.call(staff.resumeUser, { ...asked, body })).code).toBe('identity.user_closed');
    expect((await api.call(staff.suspendUser, { ...asked, body })).code).toBe('identity.user_closed');
    const given = { ...asked, body: { roles: ['sales'] } };
    expect((await api.call(staff.updateUser, given)).code).toBe('identity.user_closed');
  });

  it('has nobody waiting at the door who was invited by somebody suspended', async () => {
    const owner = await person({ roles: ['owner'] });
    const admin = await person();
    const { email } = await inviteTo(admin.token, ['sales']);
    const asked = { token: owner.token, params: { userId: admin.id }, body: { reason: 'left the firm' } };
    await api.call(staff.suspendUser, asked);
    expect((await acceptBy(lastToken(email))).code).toBe('identity.one_time_token_invalid');
  });

  it('gets its second factors reset only after a step up, and starts over', async () => {
    const admin = await person();
    const unproven = await person({ isProven: false });
    const { email } = await inviteTo(admin.token, ['support']);
    await acceptBy(lastToken(email));
    const { accessToken } = (await api.call(login, { body: { email, password: PASSWORD } })).ok();
    const { secret } = (await api.call(beginTotp, { token: accessToken })).ok();
    await api.call(confirmTotp, { token: accessToken, body: { code: generateSync({ secret }) } });
    const { id } = (await api.call(me, { token: accessToken })).ok();
    const params = { userId: UserId.parse(id) };
    expect((await api.call(staff.resetUserFactors, { token: unproven.token, params })).status).toBe(403);
    expect((await api.call(staff.resetUserFactors, { token: admin.token, params })).status).toBe(204);
    expect((await api.call(me, { token: accessToken })).code).toBe('identity.token_invalid');
    const signedIn = (await api.call(login, { body: { email, password: PASSWORD } })).ok();
    expect(signedIn.secondFactor).toBe('to_set_up');
    expect(mails.findLast(({ to }) => to.address === email)).toMatchObject({ data: { change: 'reset' } });
  });

  it('gives nobody more rights than the giver has, and no owner but by an owner', async () => {
    const owner = await person({ roles: ['owner'] });
    const admin = await person();
    const target = await person({ roles: ['support'] });
    const give = (token: string, userId: UserId, roles: string[]) =>
      api.call(staff.updateUser, { token, params: { userId }, body: { roles } });
    expect((await give(admin.token, target.id, ['owner'])).code).toBe('identity.owner_only');
    expect((await give(admin.token, admin.id, ['admin', 'owner'])).code).toBe('identity.owner_only');
    expect((await inviteTo(admin.token, ['owner'])).answer.code).toBe('identity.owner_only');
    expect((await give(admin.token, owner.id, ['admin'])).code).toBe('identity.owner_only');
    const decision = { params: { userId: owner.id }, body: { reason: 'to see' } };
    expect((await api.call(staff.suspendUser, { token: admin.token, ...decision })).code).toBe('identity.owner_only');
    const reset = { token: admin.token, params: { userId: owner.id } };
    expect((await api.call(staff.resetUserFactors, reset)).code).toBe('identity.owner_only');
    expect((await give(owner.token, target.id, ['owner'])).ok()).toMatchObject({ roles: ['owner'] });
    expect((await give(owner.token, target.id, ['support'])).ok()).toMatchObject({ roles: ['support'] });
    const compliance = await person({ roles: ['compliance'] });
    await api.call(staff.suspendUser, { token: owner.token, params: { userId: admin.id }, body: { reason: 'to see' } });
    const back = { token: compliance.token, params: { userId: admin.id }, body: { reason: 'to see' } };
    expect((await api.call(staff.resumeUser, back)).code).toBe('identity.rights_exceeded');
  });

  it('may be client and IB beside, each on its own surface', async () => {
    const admin = await person();
    const ib = await inAcme((tx) => createIb(tx, { name: 'Omar', parent: null }));
    const target = await person({ roles: ['sales'] });
    const params = { userId: target.id };
    const body = { roles: ['sales', 'ib'], ibId: ib.id };
    expect((await api.call(staff.updateUser, { token: admin.token, params, body })).ok()).toMatchObject({
      roles: ['ib', 'sales'],
      ibId: ib.id,
    });
    const seen = (await api.call(me, { token: target.token })).ok();
    expect(seen).toMatchObject({ surface: 'admin', roles: ['sales'], ibId: null });
  });
});
