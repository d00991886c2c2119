import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { register } from '../../src/identity/registration/contract.ts';
import { setQuotas } from '../../src/tenancy/quotas/service.ts';
import { quotasByDefault } from '../../src/tenancy/quotas/rules.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

describe('Registering', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme', 'zenith'], environment: { CASCADE_SIGN_INS_PER_MINUTE: '30' } });
  });
  afterAll(() => api.close());

  it('counts no mail for a password that is refused, and says what there was too much of', async () => {
    const person = { email: 'kim@example.com', firstName: 'Kim', lastName: 'Lee', country: 'CY' } as const;
    const sign = async (password: string) => api.call(register, { body: { ...person, password } });
    for (const weak of ['short', 'kim@example.com', 'short', 'short', 'short'])
      expect((await sign(weak)).code).toBe('identity.password_weak');
    const good = 'orange bicycle under the bridge';
    for (let mails = 0; mails < 3; mails += 1) expect((await sign(good)).status).toBe(202);
    const more = await sign(good);
    expect([more.status, more.body]).toEqual([
      429,
      expect.objectContaining({
        code: 'http.rate_limited',
        limit: 'sign-in',
        detail:
          'Too many sign-ins, registrations or requests for a mail in 60 seconds; a mail to one address counts several times',
      }),
    ]);
  });

  it('is refused alike for known and unknown addresses when the tenant has as many clients as its quota allows', async () => {
    const person = { firstName: 'Kim', lastName: 'Lee', country: 'CY', password: 'orange bicycle under the bridge' };
    const sign = (email: string) => api.call(register, { tenant: 'zenith', body: { ...person, email } });
    expect((await sign('first@example.com')).status).toBe(202);
    const { id } = api.tenantOf('zenith');
    await api.tenancy.withControl((tx) => setQuotas(tx, id, { ...quotasByDefault, clientsMax: 1 }));
    const [known, unknown] = [await sign('first@example.com'), await sign('second@example.com')];
    expect([known.status, known.code]).toEqual([403, 'identity.sign_up_closed']);
    expect([unknown.status, unknown.code]).toEqual([403, 'identity.sign_up_closed']);
  });
});
