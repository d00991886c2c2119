import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/kernel/clock.ts';
import { defineProblems } from '../../src/kernel/problem.ts';
import { type HttpServer, type RequestObservation, createApp, serve } from '../../src/http/index.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { operatorGuard } from '../../src/platform/operator-token.ts';
import { query } from '../../src/platform/query.ts';
import type { Route } from '../../src/platform/route.ts';
import { type TenantClient, type TenantRequest, type TenantResponse, createTenantClient } from '../../src/platform/tenant-client.ts';
import { type TestTenant, openTestTenant, testOrigin } from '../support/tenancy.ts';

const TOKEN = 'operator-token-of-the-tests-0123456789';
const SCHEMA = new URL('../../../shared/external/problem-details/problem.schema.json', import.meta.url);
const testProblem = defineProblems({ 'test.teapot': { status: 418, title: 'I am a teapot' }, 'test.busy': { status: 429, title: 'Too many' } });
const one = query('test.one', z.object({ one: z.int() }), 'select 1 as one');

describe('The HTTP application', () => {
  let acme: TestTenant;
  let client: TenantClient;
  let server: HttpServer;
  const lines: string[] = [];
  const observed: RequestObservation[] = [];
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();

  const routesOf = (tenant: TestTenant): Route[] => {
    const form = { permission: 'public', bodyBytesMax: 0, answers: z.unknown() } as const;
    const failWith = (path: string, error: () => Error): Route => ({
      ...form, on: 'tenant', method: 'get', path,
      handle: async () => { throw error(); },
    });
    return [
      { ...form, on: 'bare', method: 'get', path: '/hello', handle: async () => ({ status: 200, json: { hello: 'bare' } }) },
      { ...form, on: 'bare', method: 'get', path: '/secret', permission: 'operator', handle: async () => ({ status: 200, json: { secret: 1n } }) },
      { ...form, on: 'bare', method: 'post', path: '/secret', permission: 'operator', handle: async () => ({ status: 204 }) },
      { ...form, on: 'tenant', method: 'get', path: '/things/:thingId',
        handle: async ({ tenantId, params, query: asked, requestId }) => ({ status: 200, json: { tenantId, params, asked, requestId } }) },
      { ...form, on: 'tenant', method: 'post', path: '/echo/:sourceId', permission: 'signed', bodyBytesMax: 1000,
        handle: async ({ body, headers }) => ({ status: 200, json: { bytes: body.toString('hex'), type: headers['content-type'] } }) },
      { ...form, on: 'tenant', method: 'get', path: '/two-queries', handle: async ({ tenantId }) => {
        await tenant.tenancy.withTenant(tenantId, testOrigin, async (tx) => { await one(tx, {}); await one(tx, {}); });
        return { status: 200, json: {} };
      } },
      { ...form, on: 'tenant', method: 'get', path: '/slow', handle: async () => {
        entered.resolve();
        await gate.promise;
        return { status: 200, json: { slow: true } };
      } },
      failWith('/teapot', () => testProblem('test.teapot', { detail: 'Short and stout', handle: 'left', units: 12n })),
      failWith('/busy', () => testProblem('test.busy', { retryAfterSeconds: 7 })),
      failWith('/broken', () => new Error('select secret from vault where password = 12345')),
      failWith('/away', () => Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })),
      failWith('/deadlock', () => Object.assign(new Error('select * from ledger.accounts for update'), { code: '40P01' })),
    ];
  };
  const listen = (settings: { trustedProxies?: string[]; graceMs?: number; drainMs?: number } = {}): Promise<HttpServer> => {
    const log = createLogger({ level: 'silent', role: 'test' });
    const logged = createLogger({ level: 'info', role: 'test' }, { write: (line: string) => void lines.push(line) });
    const shared = { problemsUrl: 'https://docs.example.com/errors', clock: systemClock };
    const app = createApp({
      ...shared, log: logged, tenantOfHost: acme.tenancy.tenantOfHost, routes: routesOf(acme),
      mounts: [{ path: '/ops/board', handler: (_request, response) => void response.end('board') }],
      baseHosts: ['cascade.example'], trustedProxies: settings.trustedProxies ?? [], isOperator: operatorGuard(TOKEN),
      onRequest: (each) => void observed.push(each),
    });
    return serve(app, { ...shared, log, host: '127.0.0.1', port: 0, graceMs: settings.graceMs ?? 5_000, drainMs: settings.drainMs ?? 0 });
  };
  beforeAll(async () => {
    acme = await openTestTenant();
    client = createTenantClient();
    server = await listen();
  });
  afterEach(() => void lines.splice(0));
  afterAll(async () => {
    await client.close();
    await server.stop();
    await acme.close();
  });

  const ask = (host: string, path: string, more: Partial<TenantRequest> = {}): Promise<TenantResponse> =>
    client.send({ url: `http://${host}:${server.port}${path}`, ...more });
  const codeOf = async (asked: Promise<TenantResponse>): Promise<[number, unknown]> => {
    const response = await asked;
    return [response.status, z.object({ code: z.string() }).parse(response.json()).code];
  };
  /** Sends bytes as they are and gives all that comes back until the other side closes. */
  const raw = async (text: string, port = server.port): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(text);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => void chunks.push(chunk));
    await once(socket, 'close');
    return Buffer.concat(chunks).toString();
  };
  const loggedLines = () => lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));

  describe('decides by the host name before anything else', () => {
    it('so that the tenant of the host is the tenant of the request', async () => {
      const response = await ask('acme.localhost', '/things/7?colour=blue');
      expect(response.json()).toMatchObject({ tenantId: acme.tenant.id, params: { thingId: '7' }, asked: { colour: 'blue' } });
    });

    it('so that an unknown host is a 404 of its own whatever is asked for', async () => {
      expect(await codeOf(ask('zenith.localhost', '/things/7'))).toEqual([404, 'tenancy.host_unknown']);
      expect(await codeOf(ask('zenith.localhost', '/no/such/path'))).toEqual([404, 'tenancy.host_unknown']);
      expect(await codeOf(ask('acme.localhost', '/no/such/path'))).toEqual([404, 'http.not_found']);
    });

    it('so that bare routes and tenants’ routes never answer for each other', async () => {
      expect((await ask('localhost', '/hello')).json()).toEqual({ hello: 'bare' });
      expect((await ask('127.0.0.1', '/hello')).status).toBe(200);
      expect(await raw('GET /hello HTTP/1.1\r\nHost: cascade.example\r\nConnection: close\r\n\r\n')).toContain('"hello":"bare"');
      expect((await ask('acme.localhost', '/hello')).status).toBe(404);
      expect((await ask('localhost', '/things/7')).status).toBe(404);
      expect((await ask('acme.localhost', '/ops/board')).status).toBe(404);
    });

    it('where X-Forwarded-Host counts from a trusted proxy only', async () => {
      const headers = { 'x-forwarded-host': 'evil.example, acme.localhost' };
      expect((await ask('localhost', '/things/7', { headers })).status).toBe(404);
      const behindProxy = await listen({ trustedProxies: ['127.0.0.0/8'] });
      const asked = { url: `http://localhost:${behindProxy.port}/things/7`, headers };
      expect((await client.send(asked)).json()).toMatchObject({ tenantId: acme.tenant.id });
      await behindProxy.stop();
    });

    it('and refuses two Host headers, or an address line that names another host', async () => {
      expect(await raw('GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: acme.localhost\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
      const absolute = await raw('GET http://acme.localhost/things/7 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      expect(absolute).toContain('http.host_ambiguous');
    });
  });

  describe('answers errors as problem documents', () => {
    it('with type, title, status, detail, instance, code and members', async () => {
      const response = await ask('acme.localhost', '/teapot', { headers: { 'x-request-id': 'from-the-caller-1' } });
      expect(response.status).toBe(418);
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.headers['x-request-id']).toBe('from-the-caller-1');
      expect(response.json()).toEqual({
        type: 'https://docs.example.com/errors#test.teapot', title: 'I am a teapot', status: 418, detail: 'Short and stout',
        instance: 'urn:request:from-the-caller-1', code: 'test.teapot', handle: 'left', units: '12',
      });
    });

    it.skipIf(!existsSync(SCHEMA))('which keep the published schema of problem documents', async () => {
      const schema = z.object({ properties: z.record(z.string(), z.looseObject({ type: z.string() })) }).parse(JSON.parse(readFileSync(SCHEMA, 'utf8')));
      const types: Record<string, z.ZodType> = { string: z.string(), integer: z.int().min(100).max(599) };
      const shape = z.looseObject(Object.fromEntries(Object.entries(schema.properties).map(([name, { type }]) => [name, types[type]?.optional() ?? z.never()])));
      expect(shape.safeParse({ status: 'no number' }).success).toBe(false);
      for (const path of ['/teapot', '/busy', '/broken', '/away', '/nowhere', '/things/%zz'])
        expect(shape.safeParse((await ask('acme.localhost', path)).json()).error).toBeUndefined();
    });

    it('which say nothing of what went wrong inside', async () => {
      const response = await ask('acme.localhost', '/broken');
      expect(response.status).toBe(500);
      expect(Object.keys(z.record(z.string(), z.unknown()).parse(response.json())).sort()).toEqual(['code', 'instance', 'status', 'title', 'type']);
      expect(response.text()).not.toMatch(/select|vault|12345/);
      expect(lines.join('')).toContain('vault'); // The log has it.
    });

    it('with 503 and Retry-After while a database is away or in each other’s way', async () => {
      for (const path of ['/away', '/deadlock']) {
        const response = await ask('acme.localhost', path);
        expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
        expect(response.text()).not.toMatch(/ECONNREFUSED|10\.1\.2\.3|select/);
      }
      expect((await ask('acme.localhost', '/busy')).headers['retry-after']).toBe('7');
    });

    it('for another method, an address that cannot be decoded and a parameter given twice', async () => {
      const other = await ask('acme.localhost', '/things/7', { method: 'POST' });
      expect([other.status, other.headers['allow']]).toEqual([405, 'GET, HEAD']);
      expect(await codeOf(ask('acme.localhost', '/things/%zz'))).toEqual([400, 'http.bad_request']);
      expect(await codeOf(ask('acme.localhost', '/things/7?a=1&a=2'))).toEqual([400, 'http.query_repeated']);
      expect((await ask('acme.localhost', '/things/7?__proto__=1')).json()).toMatchObject({ asked: {} });
    });

    it('even for bytes that are no request', async () => {
      expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*http\.bad_request/);
      expect(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 [\s\S]*http\.headers_too_large/);
    });
  });

  describe('hands a body over as it was sent', () => {
    const post = (body: Uint8Array | string, headers: Record<string, string> = {}) => ask('acme.localhost', '/echo/src_1', { method: 'POST', body, headers });
    it('byte by byte, whatever its type says', async () => {
      const bytes = Buffer.from([0, 255, 123, 34, 10, 200]);
      expect((await post(bytes, { 'content-type': 'application/json' })).json()).toEqual({ bytes: bytes.toString('hex'), type: 'application/json' });
      expect((await post('')).json()).toMatchObject({ bytes: '' });
      expect((await post(Buffer.alloc(1000))).status).toBe(200);
    });

    it('and refuses one that is too large, announced or not', async () => {
      const response = await post(Buffer.alloc(1001));
      expect(response.json()).toMatchObject({ status: 413, code: 'http.body_too_large', bytesMax: 1000 });
      const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
      const streamed = await raw(`POST /echo/src_1 HTTP/1.1\r\nHost: acme.localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`);
      expect(streamed).toMatch(/^HTTP\/1\.1 413 [\s\S]*http\.body_too_large/);
      expect(await raw('GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx')).toMatch(/^HTTP\/1\.1 413/);
    });

    it('and survives a caller that goes away in the middle', async () => {
      const socket = net.connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write('POST /echo/src_1 HTTP/1.1\r\nHost: acme.localhost\r\nContent-Length: 500\r\n\r\nhalf', resolve));
      socket.destroy();
      await expect.poll(() => lines.some((line) => line.includes('http.body_incomplete')), { timeout: 10_000 }).toBe(true);
      expect((await ask('localhost', '/hello')).status).toBe(200);
    });
  });

  describe('keeps what is the operator’s behind the token', () => {
    const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}` });
    it('given as Bearer, or as the password of HTTP Basic', async () => {
      expect((await ask('localhost', '/secret', { headers: { authorization: `Bearer ${TOKEN}` } })).json()).toEqual({ secret: '1' });
      expect((await ask('localhost', '/secret', { headers: basic(TOKEN) })).status).toBe(200);
      expect((await ask('localhost', '/ops/board/sub', { headers: basic(TOKEN) })).text()).toBe('board');
    });

    it('and asks for it otherwise', async () => {
      for (const headers of [{}, basic('wrong'), basic(`${TOKEN}x`), { authorization: `Bearer ${TOKEN.slice(1)}` }, { authorization: TOKEN }]) {
        const response = await ask('localhost', '/secret', { headers });
        expect(response.json()).toMatchObject({ status: 401, code: 'http.operator_token_required' });
        expect(response.headers['www-authenticate']).toMatch(/^Basic /);
        expect((await ask('localhost', '/ops/board', { headers })).status).toBe(401);
      }
    });

    it('and lets no other site use a browser that has it', async () => {
      const change = (headers: Record<string, string>) => ask('localhost', '/secret', { method: 'POST', headers: { ...basic(TOKEN), ...headers } });
      expect((await change({})).status).toBe(204);
      expect((await change({ origin: `http://localhost:${server.port}`, 'sec-fetch-site': 'same-origin' })).status).toBe(204);
      expect(await codeOf(change({ origin: 'https://evil.example' }))).toEqual([403, 'http.foreign_origin']);
      expect(await codeOf(change({ 'sec-fetch-site': 'cross-site' }))).toEqual([403, 'http.foreign_origin']);
    });
  });

  describe('can be watched', () => {
    it('by one line per request with its id, trace and tenant, and without anything secret', async () => {
      const headers = { traceparent: `00-${'4'.repeat(32)}-${'1'.repeat(16)}-01`, authorization: 'Bearer do-not-log-me', cookie: 'sid=do-not-log-me' };
      await ask('acme.localhost', '/things/7?token=do-not-log-me', { headers });
      await expect.poll(() => loggedLines().filter((line) => line['msg'] === 'answered')).toHaveLength(1);
      const [line] = loggedLines().filter((each) => each['msg'] === 'answered');
      expect(line).toMatchObject({ tenant: 'acme', traceId: '4'.repeat(32), method: 'GET', path: '/things/7', remoteAddress: '127.0.0.1', res: { status: 200 } });
      expect(line?.['requestId']).toMatch(/^req_/);
      expect(lines.join('')).not.toContain('do-not-log-me');
    });

    it('where a request id that is not sane is replaced', async () => {
      for (const id of ['short', 'has a space in it', 'x'.repeat(200), '{"json":"injection"}'])
        expect((await ask('localhost', '/hello', { headers: { 'x-request-id': id } })).headers['x-request-id']).toMatch(/^req_[0-9A-Z]{26}$/);
    });

    it('by the number of statements that a request sent', async () => {
      observed.splice(0);
      await ask('acme.localhost', '/two-queries');
      await expect.poll(() => observed).toHaveLength(1);
      expect(observed[0]).toMatchObject({ route: '/two-queries', method: 'GET', status: 200, queries: 3 }); // And what asks whose database it is.
    });
  });

  it('stops by finishing what is under way and taking nothing new', async () => {
    const stopping = await listen({ drainMs: 0 });
    const slow = client.send({ url: `http://acme.localhost:${stopping.port}/slow` });
    await entered.promise;
    expect(stopping.isDraining()).toBe(false);
    const stopped = stopping.stop();
    expect(stopping.isDraining()).toBe(true);
    await expect(client.send({ url: `http://127.0.0.1:${stopping.port}/hello` })).rejects.toMatchObject({ code: 'platform.request_unreachable' });
    gate.resolve();
    expect((await slow).json()).toEqual({ slow: true });
    await stopped;
  });

  it('cuts off what does not finish in time', async () => {
    const stopping = await listen({ graceMs: 50 });
    const socket = net.connect(stopping.port, '127.0.0.1');
    socket.write('POST /echo/src_1 HTTP/1.1\r\nHost: acme.localhost\r\nContent-Length: 500\r\n\r\nhalf');
    await once(socket, 'connect');
    await expect.poll(async () => (await client.send({ url: `http://localhost:${stopping.port}/hello` })).status).toBe(200);
    const closed = once(socket, 'close');
    await stopping.stop();
    await closed;
  });
});
