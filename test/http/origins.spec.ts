import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Guarded, openGuarded } from './guarded.ts';

describe('A page', () => {
  let http: Guarded;
  beforeAll(async () => {
    http = await openGuarded();
  });
  afterAll(() => http.close());

  const from = (origin: string, headers: Record<string, string> = {}) =>
    http.ask('/api/v1/notes', { headers: { origin, ...headers } });
  const allowed = async (origin: string) => (await from(origin)).headers['access-control-allow-origin'];

  it('of the very host may read answers, with credentials, and caches are told that the origin matters', async () => {
    const origin = `http://acme.localhost:${http.port}`;
    const { headers } = await from(origin);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(String(headers['vary'])).toContain('Origin');
    expect(String((await http.ask('/api/v1/notes')).headers['vary'])).toContain('Origin');
  });

  it('of another tenant, scheme, port or site may not, and no star is ever said', async () => {
    for (const origin of [
      `http://zenith.localhost:${http.port}`,
      `https://acme.localhost:${http.port}`,
      'http://acme.localhost:1',
      'http://acme.localhost.evil.example',
      `http://localhost:${http.port}`,
      `http://acme.localhost:${http.port}/`,
      'null',
      'x'.repeat(1_000),
    ])
      expect(await allowed(origin)).toBeUndefined();
  });

  it('asks beforehand, and is told the methods of that address for ten minutes', async () => {
    const origin = `http://acme.localhost:${http.port}`;
    const ask = (more: Record<string, string>) =>
      http.ask('/api/v1/notes', { method: 'OPTIONS', headers: { ...more, 'access-control-request-method': 'POST' } });
    const { status, headers } = await ask({ origin });
    expect([status, headers['access-control-allow-methods'], headers['access-control-max-age']]).toEqual([
      204,
      'GET, HEAD, POST',
      '600',
    ]);
    expect(headers['access-control-allow-headers']).toContain('Idempotency-Key');
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(405);
  });

  it('of elsewhere cannot use a cookie that the browser adds by itself; programs may', async () => {
    const post = (headers: Record<string, string>) => http.ask('/api/v1/auth/refresh', { method: 'POST', headers });
    const own = `http://acme.localhost:${http.port}`;
    expect((await post({})).status).toBe(200);
    expect((await post({ origin: own, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: own, 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
    ])
      expect((await post(headers as Record<string, string>)).json()).toMatchObject({
        status: 403,
        code: 'http.foreign_origin',
      });
  });
});
