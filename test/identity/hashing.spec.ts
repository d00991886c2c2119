import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changePassword } from '../../src/identity/passwords/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import { putPassword } from '../../src/identity/users/queries.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

/** Hashing a password costs much, and all tenants of a process share it: a few must not take it from everybody. */
describe('Hashes of passwords are made', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme', 'zenith'], environment: { CASCADE_SIGN_INS_PER_MINUTE: '30' } });
  });
  afterAll(() => api.close());

  it('three times a minute at most for one who changes his password again and again', async () => {
    const { id: userId, token } = await makePerson(api, { roles: ['client'] });
    const passwordOf = (count: number) => `orange bicycle under the bridge ${count}`;
    const hash = await api.deps.identity.signIn.hasher.hash(passwordOf(0));
    await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) => putPassword(tx, { userId, hash }));
    const statuses = [];
    for (let count = 0; count < 4; count += 1) {
      const body = { currentPassword: passwordOf(count), password: passwordOf(count + 1) };
      statuses.push((await api.call(changePassword, { token, body })).status);
    }
    expect(statuses).toEqual([204, 204, 204, 429]);
  });

  it('thirty times a minute at most for one address that signs in, at however many tenants', async () => {
    const codes = [];
    for (let count = 0; count < 31; count += 1) {
      const body = { email: `nobody${count}@example.com`, password: 'whatever it may be' };
      codes.push((await api.call(login, { tenant: count % 2 === 0 ? 'acme' : 'zenith', body })).code);
    }
    expect(codes.slice(0, 30)).toEqual(codes.slice(0, 30).map(() => 'identity.credentials_wrong'));
    expect(codes.at(-1)).toBe('http.rate_limited');
  });
});
