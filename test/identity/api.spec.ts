import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { beginTotp, confirmTotp } from '../../src/identity/factors/contract.ts';
import { changePassword, forgotPassword, resetPassword } from '../../src/identity/passwords/contract.ts';
import { register, resendVerification, verifyEmail } from '../../src/identity/registration/contract.ts';
import {
  listSessions,
  logout,
  refresh,
  revokeOtherSessions,
  revokeSession,
} from '../../src/identity/sessions/contract.ts';
import { listDevices, listSignIns, login, me } from '../../src/identity/sign-in/contract.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { type Answered, openTestApi, type TestApi } from '../support/api.ts';
import { breach } from '../support/breach.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const PASSWORD = 'orange bicycle under the bridge';
const OTHER = 'a green boat upon the river';
const rolesOfClient = realmQuery(
  'test.client_of_user',
  z.object({ name: z.string(), roles: z.array(z.string()) }),
  `
  select c.name, array(select role from identity.user_roles r where r.user_id = u.id) as roles
    from identity.users u join clients.clients c on c.id = u.client_id where u.email_key = :email`,
);

describe('Signing in by the API', () => {
  let api: TestApi;
  const mails: Mail[] = [];
  const lines: string[] = [];
  beforeAll(async () => {
    const log = createLogger({ level: 'trace', role: 'test' }, { write: (line: string) => void lines.push(line) });
    api = await openTestApi({
      tenants: ['acme', 'zenith'],
      environment: { CASCADE_SIGN_INS_PER_MINUTE: '100000', CASCADE_ADDRESS_REFUSALS_PER_MINUTE: '100000' },
      dependencies: { sendMail: async (_tx, mail) => void mails.push(mail), log },
    });
  });
  afterAll(() => api.close());

  let count = 0;
  const newcomer = () => {
    count += 1;
    return {
      email: `newcomer-${count}@example.com`,
      password: PASSWORD,
      firstName: 'Kim',
      lastName: 'Lee',
      country: 'CY',
    };
  };
  /** The token of the last mail of a kind. */
  const tokenOf = (template: Mail['template']): string => {
    const mail = mails.findLast((each) => each.template === template);
    if (mail === undefined || !('token' in mail.data)) throw new Error(`no ${template} with a token was sent`);
    expect(mail.data.link.endsWith(`#token=${mail.data.token}`)).toBe(true);
    return mail.data.token;
  };
  const cookieOf = ({ headers }: Pick<Answered<typeof login>, 'headers'>): string => {
    const line = [headers['set-cookie'] ?? []].flat().join('\n');
    expect(line).toMatch(/^cascade_refresh=[\w-]{43}; Max-Age=\d+; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/);
    return line.split(';')[0] ?? '';
  };
  /** Somebody who has registered, verified and signed in. */
  const client = async () => {
    const body = newcomer();
    expect((await api.call(register, { body })).status).toBe(202);
    expect((await api.call(verifyEmail, { body: { token: tokenOf('verify_email') } })).status).toBe(204);
    const answer = await api.call(login, { body: { email: body.email, password: PASSWORD } });
    return { ...body, token: answer.ok().accessToken, cookie: cookieOf(answer) };
  };
  const go = (cookie: string, more: Record<string, string> = {}) => api.call(refresh, { headers: { cookie, ...more } });

  it('lets a newcomer register, prove the address, sign in with a second factor and refresh', async () => {
    const body = { ...newcomer(), phone: '+35722000000', referralCode: 'NOBODYS-CODE' };
    expect((await api.call(register, { body })).ok()).toEqual({ accepted: true });
    const early = await api.call(login, { body: { email: body.email, password: PASSWORD } });
    expect([early.status, early.code]).toEqual([403, 'identity.email_unverified']);
    expect(mails.at(-1)).toMatchObject({ template: 'verify_email', to: { address: body.email, name: 'Kim Lee' } });
    await api.call(verifyEmail, { body: { token: tokenOf('verify_email') } });
    const first = (await api.call(login, { body: { email: body.email, password: PASSWORD } })).ok();
    expect(first).toMatchObject({ expiresIn: 600, surface: 'portal', secondFactor: 'none' });

    const enrolment = (await api.call(beginTotp, { token: first.accessToken })).ok();
    const code = (step: number) =>
      generateSync({ secret: enrolment.secret, epoch: Math.floor(Date.now() / 1000) + step * 30 });
    const confirmed = (await api.call(confirmTotp, { token: first.accessToken, body: { code: code(0) } })).ok();
    expect(confirmed.recoveryCodes).toHaveLength(10);
    const without = await api.call(login, { body: { email: body.email, password: PASSWORD } });
    expect([without.status, without.code, (without.body as { factors: unknown }).factors]).toEqual([
      401,
      'identity.second_factor_needed',
      ['totp', 'recovery_code'],
    ]);
    const second = await api.call(login, { body: { email: body.email, password: PASSWORD, otp: code(1) } });
    expect(second.ok().secondFactor).toBe('proven');
    const refreshed = await go(cookieOf(second));
    expect(refreshed.ok()).toMatchObject({ surface: 'portal', secondFactor: 'proven' });
    expect(cookieOf(refreshed)).not.toBe(cookieOf(second));
    const seen = (await api.call(me, { token: refreshed.ok().accessToken })).ok();
    expect(seen).toMatchObject({
      kind: 'user',
      email: body.email,
      name: 'Kim Lee',
      roles: ['client'],
      kycState: 'pending',
      impersonation: null,
      secondFactor: { state: 'proven', totp: true, passkeys: 0, recoveryCodesLeft: 10 },
    });
    expect(seen.rights.find(({ resource }) => resource === 'clients')?.actions).toContain('read');
    const [found] = await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) =>
      rolesOfClient(tx, { email: body.email }),
    );
    expect(found).toEqual({ name: 'Kim Lee', roles: ['client'] });
  });

  it('answers alike whether an address is known or not, and mails its owner', async () => {
    const known = await client();
    mails.length = 0;
    const again = await api.call(register, { body: { ...newcomer(), email: known.email.toUpperCase() } });
    const fresh = await api.call(register, { body: newcomer() });
    expect([again.status, again.body]).toEqual([fresh.status, fresh.body]);
    expect(mails.map(({ template, to }) => [template, to.address])).toEqual([
      ['already_registered', known.email],
      ['verify_email', expect.stringContaining('newcomer')],
    ]);
    for (const operation of [forgotPassword, resendVerification]) {
      mails.length = 0;
      const answers = [];
      for (const email of [known.email, 'nobody@example.com'])
        answers.push(await api.call(operation, { body: { email } }));
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
        new Set(['202 {"accepted":true}']),
      );
      expect(mails.map(({ template }) => template)).toEqual(operation === forgotPassword ? ['reset_password'] : []);
    }
  });

  it('gives who registers twice the password of the mail that he answers to', async () => {
    const body = newcomer();
    await api.call(register, { body });
    const earlier = tokenOf('verify_email');
    await api.call(register, { body: { ...body, password: OTHER } });
    await api.call(verifyEmail, { body: { token: tokenOf('verify_email') } });
    expect((await api.call(login, { body: { email: body.email, password: PASSWORD } })).code).toBe(
      'identity.credentials_wrong',
    );
    expect((await api.call(login, { body: { email: body.email, password: OTHER } })).status).toBe(200);
    expect((await api.call(verifyEmail, { body: { token: earlier } })).code).toBe('identity.one_time_token_invalid');
  });

  it('refuses weak passwords and fields that are not a newcomer’s to set', async () => {
    const body = newcomer();
    const faults: [string, string][] = [
      ['short', 'too_short'],
      ['x'.repeat(129), 'too_long'],
      ['aaaaaaaaaaaaaa', 'too_common'],
      ['abcabcabcabcabc', 'too_common'],
      ['1234567890123', 'too_common'],
      ['Password123456!', 'too_common'],
      [`my ${body.email}`, 'like_the_address'],
    ];
    for (const [password, fault] of faults) {
      const answer = await api.call(register, { body: { ...body, password } });
      expect([password, answer.status, answer.code, (answer.body as { fault: string }).fault]).toEqual([
        ...[password, 422],
        'identity.password_weak',
        fault,
      ]);
    }
    for (const more of [
      { roles: ['owner'] },
      { status: 'active' },
      { kycState: 'approved' },
      { emailVerifiedAt: '2026-01-01T00:00:00Z' },
      { firstName: 'a\u0000b' },
      { email: 'none' },
    ]) {
      const answer = await api.raw({
        path: register.path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, ...more }),
      });
      expect([JSON.stringify(more), answer.status >= 400 && answer.status < 500]).toEqual([JSON.stringify(more), true]);
    }
    expect((await api.call(login, { body: { email: body.email, password: PASSWORD } })).code).toBe(
      'identity.credentials_wrong',
    );
  });

  it('takes a token of a mail once, however many come at the same time, and not after its time', async () => {
    const kim = await client();
    await api.call(forgotPassword, { body: { email: kim.email } });
    const token = tokenOf('reset_password');
    expect((await api.call(resetPassword, { body: { token, password: 'short' } })).code).toBe('identity.password_weak');
    const uses = await Promise.all(
      Array.from({ length: 20 }, (_none, index) =>
        api.call(resetPassword, { body: { token, password: `${OTHER} ${index}` } }),
      ),
    );
    expect(uses.map(({ status }) => status).toSorted()).toEqual([204, ...Array.from({ length: 19 }, () => 422)]);
    await api.call(forgotPassword, { body: { email: kim.email } });
    const late = tokenOf('reset_password');
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

  it('ends every session when a password is set anew, and tells', async () => {
    const kim = await client();
    await api.call(me, { token: kim.token });
    await api.call(forgotPassword, { body: { email: kim.email } });
    mails.splice(0, mails.length, ...mails.slice(-1));
    expect(
      (await api.call(resetPassword, { body: { token: tokenOf('reset_password'), password: OTHER } })).status,
    ).toBe(204);
    expect(mails.at(-1)).toMatchObject({ template: 'password_changed', to: { address: kim.email } });
    expect((await api.call(me, { token: kim.token })).status).toBe(401);
    expect((await go(kim.cookie)).code).toBe('identity.refresh_invalid');
    expect((await api.call(login, { body: { email: kim.email, password: PASSWORD } })).status).toBe(401);
    expect((await api.call(login, { body: { email: kim.email, password: OTHER } })).status).toBe(200);
  });

  it('changes a password for who knows the present one, and ends the other sessions', async () => {
    const kim = await client();
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

  it('lists one’s own sessions, devices and attempts, and ends sessions', async () => {
    const kim = await client();
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
    const kim = await client();
    for (const foreign of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }])
      expect((await go(kim.cookie, foreign)).status).toBe(403);
    expect((await api.call(refresh, {})).code).toBe('identity.refresh_invalid');
    expect((await api.call(refresh, { tenant: 'zenith', headers: { cookie: kim.cookie } })).code).toBe(
      'identity.refresh_invalid',
    );
    const next = await go(kim.cookie, { origin: `http://acme.localhost:${api.port}` });
    expect(
      (await api.call(logout, { headers: { cookie: cookieOf(next), origin: 'https://evil.example' } })).status,
    ).toBe(403);
    const out = await api.call(logout, { headers: { cookie: cookieOf(next) } });
    expect([out.status, out.headers['set-cookie']]).toEqual([
      204,
      'cascade_refresh=; Max-Age=0; Path=/api/v1/auth; HttpOnly; SameSite=Strict',
    ]);
    expect((await api.call(me, { token: next.ok().accessToken })).status).toBe(401);
    expect((await go(cookieOf(next))).code).toBe('identity.refresh_invalid');
  });

  it('signs in operators on the bare host, and nobody else there', async () => {
    const operator = await makePerson(api, { tenant: null });
    const seen = (await api.call(me, { tenant: null, token: operator.token })).ok();
    expect(seen).toMatchObject({ kind: 'operator', surface: 'ops', roles: ['operator'], clientId: null });
    const kim = await client();
    expect((await api.call(login, { tenant: null, body: { email: kim.email, password: PASSWORD } })).code).toBe(
      'identity.credentials_wrong',
    );
    for (const tenant of [null, 'zenith']) {
      const foreign = await api.call(me, { tenant, token: kim.token });
      const bad = await api.call(me, { tenant, token: 'x.y.z' });
      expect([foreign.status, foreign.code]).toEqual([401, 'identity.token_invalid']);
      const said = ({ body }: Answered<typeof me>) => ({ ...(body as object), instance: '' });
      expect(said(foreign)).toEqual(said(bad));
    }
  });

  it('logs no token, password, code or address (A22)', async () => {
    const kim = await client();
    await go(kim.cookie);
    await go('cascade_refresh=' + 'x'.repeat(43));
    const [, payload = '', signature = ''] = kim.token.split('.');
    await api.call(me, { token: kim.token });
    await api.call(me, { token: `${kim.token}x` });
    const secrets = [
      payload,
      signature,
      kim.cookie.split('=')[1] ?? '',
      PASSWORD,
      OTHER,
      kim.email,
      tokenOf('verify_email'),
    ];
    const all = lines.join('\n');
    expect(lines.length).toBeGreaterThan(50);
    for (const secret of secrets) expect(all.includes(secret)).toBe(false);
  });
});
