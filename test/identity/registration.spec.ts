import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { register } from '../../src/identity/registration/contract.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

describe('Registering', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi({ environment: { CASCADE_SIGN_INS_PER_MINUTE: '30' } });
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
});
