import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSync } from 'otplib';
import { z } from 'zod';
import { beginTotp, confirmTotp } from '../../src/identity/factors/contract.ts';
import { forgotPassword } from '../../src/identity/passwords/contract.ts';
import { register, resendVerification, verifyEmail } from '../../src/identity/registration/contract.ts';
import { login, me } from '../../src/identity/sign-in/contract.ts';
import { realmQuery } from '../../src/platform/query.ts';
import type { Answered } from '../support/api.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { cookieOf, openSignInApi, OTHER, PASSWORD, type SignInApi } from './sign-in-api.ts';

const rolesOfClient = realmQuery(
  'test.client_of_user',
  z.object({ name: z.string(), roles: z.array(z.string()) }),
  `
  select c.name, array(select role from identity.user_roles r where r.user_id = u.id) as roles
    from identity.users u join clients.clients c on c.id = u.client_id where u.email_key = :email`,
);

describe('Signing in by the API', () => {
  let api: SignInApi;
  beforeAll(async () => {
    api = await openSignInApi();
  });
  afterAll(() => api.close());

  it('lets a newcomer register, prove the address, sign in with a second factor and refresh', async () => {
    const body = { ...api.newcomer(), phone: '+35722000000', referralCode: 'NOBODYS-CODE' };
    expect((await api.call(register, { body })).ok()).toEqual({ accepted: true });
    const early = await api.call(login, { body: { email: body.email, password: PASSWORD } });
    expect([early.status, early.code]).toEqual([403, 'identity.email_unverified']);
    expect(api.mails.at(-1)).toMatchObject({ template: 'verify_email', to: { address: body.email, name: 'Kim Lee' } });
    await api.call(verifyEmail, { body: { token: api.tokenOf('verify_email') } });
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
    const refreshed = await api.go(cookieOf(second));
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
    const known = await api.client();
    api.mails.length = 0;
    const again = await api.call(register, { body: { ...api.newcomer(), email: known.email.toUpperCase() } });
    const fresh = await api.call(register, { body: api.newcomer() });
    expect([again.status, again.body]).toEqual([fresh.status, fresh.body]);
    expect(api.mails.map(({ template, to }) => [template, to.address])).toEqual([
      ['already_registered', known.email],
      ['verify_email', expect.stringContaining('newcomer')],
    ]);
    for (const operation of [forgotPassword, resendVerification]) {
      api.mails.length = 0;
      const answers = [];
      for (const email of [known.email, 'nobody@example.com'])
        answers.push(await api.call(operation, { body: { email } }));
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
        new Set(['202 {"accepted":true}']),
      );
      expect(api.mails.map(({ template }) => template)).toEqual(operation === forgotPassword ? ['reset_password'] : []);
    }
  });

  it('gives who registers twice the password of the mail that he answers to', async () => {
    const body = api.newcomer();
    await api.call(register, { body });
    const earlier = api.tokenOf('verify_email');
    await api.call(register, { body: { ...body, password: OTHER } });
    await api.call(verifyEmail, { body: { token: api.tokenOf('verify_email') } });
    expect((await api.call(login, { body: { email: body.email, password: PASSWORD } })).code).toBe(
      'identity.credentials_wrong',
    );
    expect((await api.call(login, { body: { email: body.email, password: OTHER } })).status).toBe(200);
    expect((await api.call(verifyEmail, { body: { token: earlier } })).code).toBe('identity.one_time_token_invalid');
  });

  it('refuses weak passwords and fields that are not a newcomer’s to set', async () => {
    const body = api.newcomer();
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
        password,
        422,
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

  it('signs in operators on the bare host, and nobody else there', async () => {
    const operator = await makePerson(api, { tenant: null });
    const seen = (await api.call(me, { tenant: null, token: operator.token })).ok();
    expect(seen).toMatchObject({ kind: 'operator', surface: 'ops', roles: ['operator'], clientId: null });
    const kim = await api.client();
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
    const kim = await api.client();
    await api.go(kim.cookie);
    await api.go('cascade_refresh=' + 'x'.repeat(43));
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
      api.tokenOf('verify_email'),
    ];
    const all = api.lines.join('\n');
    expect(api.lines.length).toBeGreaterThan(50);
    for (const secret of secrets) expect(all.includes(secret)).toBe(false);
  });
});
