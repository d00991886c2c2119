import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type TestHttp, openTestHttp } from './harness.ts';

/** As the RFC prints it: long lines are broken with a backslash. */
const SCHEMA = new URL('../../../shared/external/problem-details/problem.schema.json', import.meta.url);

describe('The HTTP application', () => {
  let http: TestHttp;
  beforeAll(async () => {
    http = await openTestHttp();
  });
  afterEach(() => void http.lines.splice(0));
  afterAll(() => http.close());

  describe('decides by the host name before anything else', () => {
    it('so that the tenant of the host is the tenant of the request', async () => {
      const response = await http.ask('acme.localhost', '/things/7?colour=blue');
      expect(response.json()).toMatchObject({
        tenantId: http.acme.tenant.id,
        params: { thingId: '7' },
        asked: { colour: 'blue' },
      });
    });

    it('so that an unknown host is a 404 of its own whatever is asked for', async () => {
      expect(await http.codeOf(http.ask('zenith.localhost', '/things/7'))).toEqual([404, 'tenancy.host_unknown']);
      expect(await http.codeOf(http.ask('zenith.localhost', '/no/such/path'))).toEqual([404, 'tenancy.host_unknown']);
      expect(await http.codeOf(http.ask('acme.localhost', '/no/such/path'))).toEqual([404, 'http.not_found']);
    });

    it('so that bare routes and tenants’ routes never answer for each other', async () => {
      expect((await http.ask('localhost', '/hello')).json()).toEqual({ hello: 'bare' });
      expect((await http.ask('127.0.0.1', '/hello')).status).toBe(200);
      expect(await http.raw('GET /hello HTTP/1.1\r\nHost: cascade.example\r\nConnection: close\r\n\r\n')).toContain(
        '"hello":"bare"',
      );
      expect((await http.ask('acme.localhost', '/hello')).status).toBe(404);
      expect((await http.ask('localhost', '/things/7')).status).toBe(404);
      expect((await http.ask('acme.localhost', '/ops/board')).status).toBe(404);
    });

    it('where X-Forwarded-Host counts from a trusted proxy only', async () => {
      const headers = { 'x-forwarded-host': 'evil.example, acme.localhost' };
      expect((await http.ask('localhost', '/things/7', { headers })).status).toBe(404);
      const behindProxy = await http.listen({ trustedProxies: ['127.0.0.0/8'] });
      const asked = { url: `http://localhost:${behindProxy.port}/things/7`, headers };
      expect((await http.client.send(asked)).json()).toMatchObject({ tenantId: http.acme.tenant.id });
      await behindProxy.stop();
    });

    it('and refuses two Host headers, or an address line that names another host', async () => {
      expect(
        await http.raw('GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: acme.localhost\r\nConnection: close\r\n\r\n'),
      ).toMatch(/^HTTP\/1\.1 400/);
      const absolute = await http.raw(
        'GET http://acme.localhost/things/7 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      );
      expect(absolute).toContain('http.host_ambiguous');
    });
  });

  describe('answers errors as problem documents', () => {
    it('with type, title, status, detail, instance, code and members', async () => {
      const response = await http.ask('acme.localhost', '/teapot', {
        headers: { 'x-request-id': 'from-the-caller-1' },
      });
      expect(response.status).toBe(418);
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.headers['x-request-id']).toBe('from-the-caller-1');
      expect(response.json()).toEqual({
        type: 'https://docs.example.com/errors#test.teapot',
        title: 'I am a teapot',
        status: 418,
        detail: 'Short and stout',
        instance: 'urn:request:from-the-caller-1',
        code: 'test.teapot',
        handle: 'left',
        units: '12',
      });
    });

    it.skipIf(!existsSync(SCHEMA))('which keep the published schema of problem documents', async () => {
      const schema = z
        .object({ properties: z.record(z.string(), z.looseObject({ type: z.string() })) })
        .parse(JSON.parse(readFileSync(SCHEMA, 'utf8').replaceAll('\\\n', '')));
      const types: Record<string, z.ZodType> = { string: z.string(), integer: z.int().min(100).max(599) };
      const shape = z.looseObject(
        Object.fromEntries(
          Object.entries(schema.properties).map(([name, { type }]) => [name, types[type]?.optional() ?? z.never()]),
        ),
      );
      expect(shape.safeParse({ status: 'no number' }).success).toBe(false);
      for (const path of ['/teapot', '/busy', '/broken', '/away', '/nowhere', '/things/%zz'])
        expect(shape.safeParse((await http.ask('acme.localhost', path)).json()).error).toBeUndefined();
    });

    it('which say nothing of what went wrong inside', async () => {
      const response = await http.ask('acme.localhost', '/broken');
      expect(response.status).toBe(500);
      expect(Object.keys(z.record(z.string(), z.unknown()).parse(response.json())).sort()).toEqual([
        'code',
        'instance',
        'status',
        'title',
        'type',
      ]);
      expect(response.text()).not.toMatch(/select|vault|12345/);
      expect(http.lines.join('')).toContain('vault'); // The log has it.
    });

    it('with 503 and Retry-After while a database is away or in each other’s way', async () => {
      for (const path of ['/away', '/deadlock']) {
        const response = await http.ask('acme.localhost', path);
        expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
        expect(response.text()).not.toMatch(/ECONNREFUSED|10\.1\.2\.3|select/);
      }
      expect((await http.ask('acme.localhost', '/busy')).headers['retry-after']).toBe('7');
    });

    it('for another method, an address that cannot be decoded and a parameter given twice', async () => {
      const other = await http.ask('acme.localhost', '/things/7', { method: 'POST' });
      expect([other.status, other.headers['allow']]).toEqual([405, 'GET, HEAD']);
      expect(await http.codeOf(http.ask('acme.localhost', '/things/%zz'))).toEqual([400, 'http.bad_request']);
      expect(await http.codeOf(http.ask('acme.localhost', '/things/7?a=1&a=2'))).toEqual([400, 'http.query_repeated']);
      expect((await http.ask('acme.localhost', '/things/7?__proto__=1')).json()).toMatchObject({ asked: {} });
    });

    it('even for bytes that are no request', async () => {
      expect(await http.raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*http\.bad_request/);
      expect(await http.raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 431 [\s\S]*http\.headers_too_large/,
      );
    });
  });
});
