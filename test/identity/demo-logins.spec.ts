import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme } from '../../seeds/brokers.ts';
import { seedBrokerage } from '../../seeds/brokerage.ts';
import { DEMO_PASSWORD, DEMO_TOTP_SECRET, demoAddress, seedLogins, seedOperator } from '../../seeds/logins.ts';
import { listClients } from '../../src/clients/people/contract.ts';
import { listIbs } from '../../src/ib/contract.ts';
import { makeDemoPeople } from '../../src/identity/index.ts';
import { builtInRoles } from '../../src/identity/policy/types.ts';
import { login, me } from '../../src/identity/sign-in/contract.ts';
import { listUsers } from '../../src/identity/staff/contract.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { testOrigin } from '../support/tenancy.ts';

describe('The demo has people', () => {
  let api: TestApi;

  const seed = async () => {
    const { secret } = api.config;
    const make = await makeDemoPeople({ secret, password: DEMO_PASSWORD, totpSecret: DEMO_TOTP_SECRET });
    await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) => seedLogins(tx, make, 'acme'));
    await api.withControl((tx) => seedOperator(tx, make));
  };
  beforeAll(async () => {
    api = await openTestApi();
    const deps = {
      withTenant: api.withTenant,
      clock: systemClock,
      sealer: makeSealer(api.config.secret, 'trading.sources'),
    };
    await seedBrokerage(deps, api.tenantOf('acme').id, acme());
    await seed();
  });
  afterAll(() => api.close());

  const code = () => generateSync({ secret: DEMO_TOTP_SECRET });
  /** A code is good once for each of them, so that everybody signs in once. */
  const tokens = new Map<string, string>();
  const tokenOf = async (role: string): Promise<string> => {
    const known = tokens.get(role);
    if (known !== undefined) return known;
    const otp = ['client', 'ib'].includes(role) ? {} : { otp: code() };
    const body = { email: demoAddress(role, 'acme'), password: DEMO_PASSWORD, ...otp };
    const { accessToken } = (await api.call(login, { body })).ok();
    tokens.set(role, accessToken);
    return accessToken;
  };

  it.each(builtInRoles.filter((role) => role !== 'api_key'))(
    'of role %s, who sign in by what is printed',
    async (role) => {
      const seen = (await api.call(me, { token: await tokenOf(role) })).ok();
      expect(seen).toMatchObject({ email: `${role}@acme.example`, roles: [role] });
      expect(seen.secondFactor.state).toBe(['client', 'ib'].includes(role) ? 'none' : 'proven');
      if (role === 'client') expect(seen.clientId).toMatch(/^cli_/);
      if (role === 'ib') {
        const { data } = (await api.call(listIbs, { token: await tokenOf('ib') })).ok();
        expect(data.length).toBeGreaterThan(1); // It has others below it.
      }
    },
  );

  it('of whom sales sees the clients of its desk and no more', async () => {
    const query = { limit: '200' } as const;
    const seen = async (role: string) =>
      (await api.call(listClients, { token: await tokenOf(role), query })).ok().data.length;
    expect(await seen('sales')).toBe(3);
    expect(await seen('admin')).toBeGreaterThan(3);
  });

  it('who run the installation', async () => {
    const body = { email: 'operator@cascade.example', password: DEMO_PASSWORD, otp: code() };
    expect((await api.call(login, { tenant: null, body })).ok()).toMatchObject({
      surface: 'ops',
      secondFactor: 'proven',
    });
  });

  it('once: where somebody works nobody is added, though his address may be another by now', async () => {
    const acmeId = api.tenantOf('acme').id;
    await api.withTenant(acmeId, testOrigin, (tx) =>
      tx
        .sql('identity.users')
        .where({ email: 'owner@acme.example' })
        .update({ email: 'o@x.example', email_key: 'o@x.example' }),
    );
    await seed();
    const users = await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) =>
      tx.sql('identity.users').count({ users: '*' }),
    );
    expect(Number(users[0]?.['users'])).toBe(builtInRoles.length - 1);
    expect((await api.call(listUsers, {})).code).toBe('identity.sign_in_required');
  });
});
