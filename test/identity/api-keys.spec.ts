import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as contract from '../../src/identity/api-keys/contract.ts';
import { callerOfApiKey } from '../../src/identity/api-keys/service.ts';
import { scopesExceeding } from '../../src/identity/api-keys/rules.ts';
import { policyTable } from '../../src/identity/policy/table.ts';
import { me } from '../../src/identity/sign-in/contract.ts';
import { listUsers } from '../../src/identity/staff/contract.ts';
import { setUserRoles, setUserStatus } from '../../src/identity/users/service.ts';
import { ApiKeyId } from '../../src/kernel/ids.ts';
import { createClient, listClients } from '../../src/clients/people/contract.ts';
import { query } from '../../src/platform/query.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson, type PersonWords } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const storedText = query(
  'test.stored_keys',
  z.object({ text: z.string() }),
  `select k::text as text from identity.api_keys k union all select payload::text from platform.events`,
);
const expire = query(
  'test.expire_key',
  z.object({}),
  `update identity.api_keys set used_at = clock_timestamp() - :age::interval where id = :apiKeyId`,
);
const readUse = query(
  'test.read_use',
  z.object({ usedAt: z.date().nullable() }),
  `select used_at as "usedAt" from identity.api_keys where id = :apiKeyId`,
);

describe('An API key', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme', 'zenith'] });
  });
  afterAll(() => api.close());

  const person = (words: PersonWords = {}) => makePerson(api, words);
  const inAcme = <T>(work: Parameters<typeof api.withTenant<T>>[2]) =>
    api.withTenant(api.tenantOf('acme').id, testOrigin, work);
  const make = async (more: object = {}) => {
    const { token } = await person();
    const body = { name: 'Reports', scopes: ['clients:list'], ...more };
    return { token, ...(await api.call(contract.createApiKey, { token, body })).ok() };
  };

  it('is shown once, kept as a hash, and does what its scopes say and nothing else', async () => {
    const { token, key, apiKey } = await make();
    expect(key).toMatch(/^csk_[0-9A-HJKMNP-TV-Z]{26}_[\w-]{43}$/);
    expect(key.startsWith(apiKey.prefix)).toBe(true);
    const kept = JSON.stringify(await inAcme((tx) => storedText(tx, {})));
    expect(kept).not.toContain(key.slice(-43));
    const { data } = (await api.call(contract.listApiKeys, { token })).ok();
    expect(JSON.stringify(data)).not.toContain(key.slice(-43));
    expect((await api.call(listClients, { token: key })).status).toBe(200);
    expect((await api.call(listUsers, { token: key })).code).toBe('identity.forbidden');
    expect((await api.call(me, { token: key })).ok()).toMatchObject({ kind: 'api_key', id: apiKey.id });
    expect((await api.call(listClients, { tenant: 'zenith', token: key })).code).toBe('identity.token_invalid');
  });

  it.each([
    ['another secret', (key: string) => `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['another id', (key: string) => `csk_${'0'.repeat(26)}${key.slice(30)}`],
    ['no secret', (key: string) => key.slice(0, 31)],
    ['more at its end', (key: string) => `${key}A`],
    ['SQL in it', (key: string) => `${key.slice(0, -10)}';select--`],
  ])('is no good with %s', async (_what, spoil) => {
    const { key } = await make();
    expect((await api.call(listClients, { token: spoil(key) })).code).toBe('identity.token_invalid');
  });

  it('is revoked within 5 seconds, for good', async () => {
    const { token, key, apiKey } = await make();
    expect((await api.call(listClients, { token: key })).status).toBe(200);
    const params = { apiKeyId: apiKey.id };
    expect((await api.call(contract.revokeApiKey, { token, params })).status).toBe(204);
    expect((await api.call(contract.revokeApiKey, { token, params })).status).toBe(204);
    const code = async () => (await api.call(listClients, { token: key })).code;
    await expect.poll(code, { timeout: 5_000, interval: 100 }).toBe('identity.token_invalid');
    const query = { isLive: 'false', limit: '200' } as const;
    const { data } = (await api.call(contract.listApiKeys, { token, query })).ok();
    expect(data.find(({ id }) => id === apiKey.id)).toMatchObject({ isLive: false });
    const absent = { apiKeyId: ApiKeyId.parse('key_00000000000000000000000000') };
    expect((await api.call(contract.revokeApiKey, { token, params: absent })).code).toBe('identity.api_key_unknown');
  });

  it('ends by the clock of the database', async () => {
    const { token } = await person();
    const past = { name: 'Late', scopes: ['clients:list'], expiresAt: '2020-01-01T00:00:00Z' };
    expect((await api.call(contract.createApiKey, { token, body: past })).code).toBe('identity.expiry_past');
    const expiresAt = new Date(Date.now() + 1_000).toISOString();
    const { key } = await make({ expiresAt });
    const caller = () => inAcme((tx) => callerOfApiKey(tx, key, '192.0.2.1'));
    expect(await caller()).toMatchObject({ kind: 'api_key', scopes: ['clients:list'] });
    await expect.poll(caller, { timeout: 5_000, interval: 100 }).toBeUndefined();
  });

  it('works from the networks that it was made for alone', async () => {
    const { key, apiKey } = await make({ addresses: ['203.0.113.77/24', '2001:db8::/32'] });
    expect(apiKey.addresses).toEqual(['203.0.113.0/24', '2001:db8::/32']);
    const from = (address: string | undefined) => inAcme((tx) => callerOfApiKey(tx, key, address));
    for (const address of ['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::7'])
      expect(await from(address)).toBeDefined();
    for (const address of ['203.0.114.9', '2001:db9::7', '', 'nonsense', undefined])
      expect(await from(address)).toBeUndefined();
    expect((await api.call(listClients, { token: key })).code).toBe('identity.token_invalid'); // The test is on 127.0.0.1.
    const local = await make({ addresses: ['127.0.0.0/8'] });
    expect((await api.call(listClients, { token: local.key })).status).toBe(200);
  });

  it('notes when it was last used, at most once a minute', async () => {
    const { key, apiKey } = await make();
    const use = () => inAcme((tx) => callerOfApiKey(tx, key, '192.0.2.1'));
    const usedAt = async () => (await inAcme((tx) => readUse(tx, { apiKeyId: apiKey.id })))[0]?.usedAt;
    expect(await usedAt()).toBeNull();
    await use();
    const first = await usedAt();
    expect(first).toBeInstanceOf(Date);
    await use();
    expect(await usedAt()).toEqual(first);
    await inAcme((tx) => expire(tx, { apiKeyId: apiKey.id, age: '61 seconds' }));
    await use();
    expect((await usedAt())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Infinity);
  });

  it('may no more than its maker may at this moment, and nothing once he is suspended', async () => {
    const maker = await person();
    const body = { name: 'Reports', scopes: ['clients:create', 'plans:list'] };
    const { key } = (await api.call(contract.createApiKey, { token: maker.token, body })).ok();
    const caller = () => inAcme((tx) => callerOfApiKey(tx, key, '192.0.2.1'));
    expect((await caller())?.scopes).toEqual(['clients:create', 'plans:list']);
    await inAcme((tx) => setUserRoles(tx, maker.id, ['auditor']));
    expect((await caller())?.scopes).toEqual(['plans:list']);
    const create = async () => (await api.call(createClient, { token: key, body: { name: 'Late Ltd' } })).code;
    await expect.poll(create, { timeout: 5_000, interval: 200 }).toBe('identity.forbidden');
    await inAcme((tx) => setUserStatus(tx, maker.id, 'suspended', 'test'));
    expect(await caller()).toBeUndefined();
    await expect.poll(create, { timeout: 5_000, interval: 200 }).toBe('identity.token_invalid');
    await inAcme((tx) => setUserStatus(tx, maker.id, 'active', 'test'));
    expect((await caller())?.scopes).toEqual(['plans:list']);
  });

  it('is made after a step up, by whoever may make keys, for scopes that programs have and its maker too', async () => {
    const body = { name: 'Reports', scopes: ['clients:list'] };
    const unproven = await person({ isProven: false });
    expect((await api.call(contract.createApiKey, { token: unproven.token, body })).status).toBe(403);
    const sales = await person({ roles: ['sales'] });
    expect((await api.call(contract.createApiKey, { token: sales.token, body })).code).toBe('identity.forbidden');
    const admin = await person();
    for (const scope of ['users:list', 'api_keys:create', 'tenants:create', 'clients:destroy']) {
      const given = { name: 'Too much', scopes: [scope] };
      const answer = await api.call(contract.createApiKey, { token: admin.token, body: given });
      expect([scope, answer.code]).toEqual([scope, 'identity.scope_unknown']);
    }
    const rowsOf = (role: string) => policyTable.filter((row) => row.role === role);
    expect(scopesExceeding(['clients:list'], rowsOf('sales'), policyTable)).toEqual(['clients:list']); // Not all clients are his.
    expect(scopesExceeding(['clients:list'], rowsOf('auditor'), policyTable)).toEqual(['clients:list']); // He sees them masked.
    expect(scopesExceeding(['clients:list'], rowsOf('admin'), policyTable)).toEqual([]);
  });
});
