import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLimit } from '../../src/http/index.ts';
import { networkOf } from '../../src/platform/addresses.ts';
import { openCounter } from '../../src/platform/limits.ts';
import { testLog } from '../support/tenancy.ts';
import { type Guarded, openGuarded } from './guarded.ts';

describe('Requests are counted', () => {
  let http: Guarded;
  beforeAll(async () => {
    http = await openGuarded();
  });
  afterAll(() => http.close());

  it('by caller and tenant, and every answer says what is left', async () => {
    const { port } = await http.listen({ limits: { caller: 2, tenant: 3 } });
    const save = (as: string, host = 'acme.localhost') => http.post('/api/v1/notes', { text: 'x' }, { as, host, port });
    const first = await save('maria');
    expect(first.headers['ratelimit-policy']).toBe('"caller";q=2;w=60, "tenant";q=3;w=60');
    expect(first.headers['ratelimit']).toMatch(/^"caller";r=1;t=\d+, "tenant";r=2;t=\d+$/);
    expect((await save('maria')).status).toBe(200);
    const third = await save('maria');
    expect([third.status, third.json()]).toEqual([
      429,
      expect.objectContaining({ code: 'http.rate_limited', limit: 'caller' }),
    ]);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
    expect((await save('omar')).status).toBe(200);
    expect((await save('lena')).json()).toMatchObject({ status: 429, limit: 'tenant' });
    expect((await save('lena', 'zenith.localhost')).status).toBe(200);
  });

  it('by tenant within the limits of its callers: neither strangers nor one caller use up what its people have', async () => {
    const { port } = await http.listen({ limits: { tenant: 3, caller: 2 } });
    const save = (as: string) => http.post('/api/v1/notes', { text: 'x' }, { port, as });
    const listed = async () => (await http.ask('/api/v1/notes', { port })).status;
    for (let count = 0; count < 4; count += 1) expect((await save('-')).status).toBe(401);
    for (let count = 0; count < 3; count += 1) expect(await listed()).toBe(200);
    expect(await listed()).toBe(429);
    for (const status of [200, 200, 429, 429]) expect((await save('maria')).status).toBe(status);
    expect((await save('omar')).status).toBe(200);
    expect((await save('omar')).json()).toMatchObject({ status: 429, limit: 'tenant' });
  });

  it('by address where nobody need say who he is', async () => {
    const { port } = await http.listen({ limits: { address: 2 } });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await http.ask('/api/v1/notes', { port })).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await http.post('/api/v1/notes', { text: 'x' }, { port })).status).toBe(200);
  });

  it('by address where who asks is refused again and again: then nothing is looked at any more', async () => {
    const { port } = await http.listen({ limits: { refusals: 3 } });
    const statuses = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await http.ask('/where', { port })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await http.ask('/where', { port, as: 'maria' })).status).toBe(429);
    expect((await http.ask('/api/v1/notes', { port })).status).toBe(200);
  });

  it('by the address behind trusted proxies, and by nobody else’s word', async () => {
    const from = async (port: number, forwarded: string) =>
      (
        await http.ask('/where', {
          port,
          as: 'maria',
          headers: { 'x-forwarded-for': forwarded, 'x-forwarded-proto': 'https' },
        })
      ).json();
    expect(await from(http.port, '203.0.113.9')).toMatchObject({ remoteAddress: '127.0.0.1', isSecure: false });
    const { port } = await http.listen({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'] });
    expect(await from(port, '198.51.100.1, 203.0.113.9, 10.1.1.1')).toMatchObject({
      remoteAddress: '203.0.113.9',
      isSecure: true,
    });
    expect(await from(port, '203.0.113.9, nonsense')).toMatchObject({ remoteAddress: '127.0.0.1' });
    expect(await from(port, '10.1.1.1')).toMatchObject({ remoteAddress: '127.0.0.1' });
  });

  it('for what asks before it is known, with an IPv6 address as its /64', async () => {
    const limit = makeLimit(openCounter(undefined, 'test', testLog), 2);
    await limit('login/tnt_1/2001:db8::1', 1);
    await limit('login/tnt_1/2001:db8::ffff', 1);
    await expect(limit('login/tnt_1/2001:db8:0:0:1::', 1)).rejects.toMatchObject({
      code: 'http.rate_limited',
      status: 429,
    });
    await limit('login/tnt_1/2001:db8:0:1::', 1);
    await limit('forgot/tnt_1/2001:db8::1', 1);
  });
});

describe('A network', () => {
  it('is the address of IPv4, and the first 64 bits of IPv6 however it is written', () => {
    expect(networkOf('203.0.113.9')).toBe('203.0.113.9');
    for (const same of ['2001:db8::1', '2001:0db8:0:0::', '2001:DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8::%eth0'])
      expect(networkOf(same)).toBe('2001:db8:0:0::/64');
    expect([networkOf('::1'), networkOf('fe80::1')]).toEqual(['0:0:0:0::/64', 'fe80:0:0:0::/64']);
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(networkOf(address)).toMatch(/^([0-9a-f]{1,4}:){4}:\/64$/);
      }),
    );
  });
});
