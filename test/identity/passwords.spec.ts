import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changePassword, forgotPassword, resetPassword } from '../../src/identity/passwords/contract.ts';
import {
  listSessions,
  logout,
  refresh,
  revokeOtherSessions,
  revokeSession,
} from '../../src/identity/sessions/contract.ts';
import { listDevices, listSignIns, login, me } from '../../src/identity/sign-in/contract.ts';
import { setUserStatus } from '../../src/identity/users/service.ts';
import { breach } from '../support/breach.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { cookieOf, openSignInApi, OTHER, PASSWORD, type SignInApi } from './sign-in-api.ts';

describe('Passwords and sessions by the API', () => {
  let api: SignInApi;
  beforeAll(async () => {
    api = await openSignInApi();
  });
  afterAll(() => api.close());

  it('takes a token of a mail once, however many come at the same time, and not after its time', async () => {
    const kim = await api.client();
    await api.call(forgotPassword, { body: { email: kim.email } });
    const token = api.tokenOf('reset_password');
    expect((await api.call(resetPassword, { body: { token, password: 'short' } })).code).toBe('identity.password_weak');
    const uses = await Promise.all(
      Array.from({ length: 20 }, (_none, index) =>
        api.call(resetPassword, { body: { token, password: `${OTHER} ${index}` } }),
      ),
    );
    expect(uses.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(uses.filter(({ code }) => code === 'identity.one_time_token_invalid')).toHaveLength(19);
    await api.call(forgotPassword, { body: { email: kim.email } });
    const late = api.tokenOf('reset_password');
    await breach(
      { tenancy: api.tenancy, tenant: api.tenantOf('acme') },
      "update identity.one_time_tokens set expires_at = expires_at - interval '15 minutes'",
    );
    expect((await api.call(resetPassword, { body: { token: late, password: OTHER } })).code).toBe(
      'identity.one_time_token_invalid',
    );
    expect((await api.call(resetPassword, { tenant: 'zenith', body: { token, password: OTHER } })).code).toBe(
      'identity.one_time_token_invalid',
    );
  });

  it('sends links with the port that answers, whatever port a request names', async () => {
    const { email } = await api.client();
    await api.call(forgotPassword, { body: { email }, headers: { host: 'acme.localhost:6666' } });
    const mail = api.mails.findLast(({ template }) => template === 'reset_password');
    expect(mail?.data.link).toMatch(new RegExp(`^http://acme[.]localhost:${api.port}/portal/`));
  });

  it('ends every session when a password is set anew, and tells', async () => {
    const kim = await api.client();
    await api.call(me, { token: kim.token });
    await api.call(forgotPassword, { body: { email: kim.email } });
    expect(
      (await api.call(resetPassword, { body: { token: api.tokenOf('reset_password'), password: OTHER } })).status,
    ).toBe(204);
    expect(api.mails.at(-1)).toMatchObject({ template: 'password_changed', to: { address: kim.email } });
    expect((await api.call(me, { token: kim.token })).status).toBe(401);
    expect((await api.go(kim.cookie)).code).toBe('identity.refresh_invalid');
    expect((await api.call(login, { body: { email: kim.email, password: PASSWORD } })).status).toBe(401);
    expect((await api.call(login, { body: { email: kim.email, password: OTHER } })).status).toBe(200);
  });

  it('changes a password for who knows the present one, and ends the other sessions', async () => {
    const kim = await api.client();
    const other = (await api.call(login, { body: { email: kim.email, password: PASSWORD } })).ok().accessToken;
    const change = (currentPassword: string, password: string) =>
      api.call(changePassword, { token: kim.token, body: { currentPassword, password } });
    expect((await change('another one than the present', OTHER)).code).toBe('identity.password_wrong');
    expect((await change(PASSWORD, 'short')).code).toBe('identity.password_weak');
    expect((await change(PASSWORD, OTHER)).status).toBe(204);
    expect((await api.call(me, { token: kim.token })).status).toBe(200);
    expect((await api.call(me, { token: other })).status).toBe(401);
    for (let failure = 0; failure < 5; failure += 1) await change('another one than the present', PASSWORD);
    expect((await change(OTHER, PASSWORD)).code).toBe('identity.sign_in_delayed');
  });

  it('sends three mails in 15 minutes at most, however often strangers ask for them; the answer tells nothing', async () => {
    const kim = await api.client();
    const before = api.mails.length;
    for (let count = 0; count < 5; count += 1)
      expect((await api.call(forgotPassword, { body: { email: kim.email } })).status).toBe(202);
    const sent = api.mails.slice(before).filter(({ template }) => template === 'reset_password');
    expect(sent).toHaveLength(3);
    const body = { token: api.tokenOf('reset_password'), password: OTHER };
    expect((await api.call(resetPassword, { body })).status).toBe(204);
    await api.call(forgotPassword, { body: { email: kim.email } });
    expect(api.tokenOf('reset_password')).not.toBe(body.token);
  });

  it('lists one’s own sessions, devices and attempts, and ends sessions', async () => {
    const kim = await api.client();
    const signInAgain = () =>
      api.call(login, { body: { email: kim.email, password: PASSWORD }, headers: { 'user-agent': 'Elsewhere 1.0' } });
    const tokens = [(await signInAgain()).ok().accessToken, (await signInAgain()).ok().accessToken];
    const { data } = (await api.call(listSessions, { token: kim.token })).ok();
    expect(data.map(({ userAgent, isCurrent }) => [userAgent, isCurrent])).toEqual([
      ['Elsewhere 1.0', false],
      ['Elsewhere 1.0', false],
      [expect.any(String), true],
    ]);
    const sessionId = data[0]?.id;
    if (sessionId === undefined) throw new Error('there is no session');
    const stranger = await makePerson(api, { roles: ['client'] });
    expect((await api.call(revokeSession, { token: stranger.token, params: { sessionId } })).code).toBe(
      'identity.session_unknown',
    );
    expect((await api.call(revokeSession, { token: kim.token, params: { sessionId } })).status).toBe(204);
    expect((await api.call(me, { token: tokens[1] })).status).toBe(401);
    expect((await api.call(revokeOtherSessions, { token: kim.token })).ok()).toEqual({ ended: 1 });
    expect((await api.call(me, { token: tokens[0] })).status).toBe(401);
    expect((await api.call(listDevices, { token: kim.token })).ok().data).toHaveLength(2);
    expect((await api.call(listSignIns, { token: kim.token })).ok().data.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => 'signed_in'),
    );
  });

  it('reads the cookie for its own pages only, and forgets it at signing out', async () => {
    const kim = await api.client();
    for (const foreign of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' }, // Another tenant's host is one.
      { origin: 'null' },
    ])
      expect((await api.go(kim.cookie, foreign)).status).toBe(403);
    expect((await api.call(refresh, {})).code).toBe('identity.refresh_invalid');
    expect((await api.call(refresh, { tenant: 'zenith', headers: { cookie: kim.cookie } })).code).toBe(
      'identity.refresh_invalid',
    );
    const next = await api.go(kim.cookie, { origin: `http://acme.localhost:${api.port}` });
    expect(
      (await api.call(logout, { headers: { cookie: cookieOf(next), origin: 'https://evil.example' } })).status,
    ).toBe(403);
    const out = await api.call(logout, { headers: { cookie: cookieOf(next) } });
    expect([out.status, out.headers['set-cookie']]).toEqual([
      204,
      'cascade_refresh=; Max-Age=0; Path=/api/v1/auth; HttpOnly; SameSite=Strict',
    ]);
    expect((await api.call(me, { token: next.ok().accessToken })).status).toBe(401);
    expect((await api.go(cookieOf(next))).code).toBe('identity.refresh_invalid');
  });

  it('lets a suspended user’s open session die within 5 s, and his refresh at once', async () => {
    const kim = await makePerson(api, { roles: ['client'] });
    const isIn = async () => (await api.call(me, { token: kim.token })).status === 200;
    expect(await isIn()).toBe(true);
    await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) => setUserStatus(tx, kim.id, 'suspended', 'test'));
    const startedMs = performance.now();
    expect((await api.go(`cascade_refresh=${kim.refreshToken}`)).code).toBe('identity.refresh_invalid');
    while ((await isIn()) && performance.now() - startedMs < 10_000)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
