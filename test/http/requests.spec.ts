import net from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TOKEN, type TestHttp, openTestHttp } from './harness.ts';

describe('The HTTP application', () => {
  let http: TestHttp;
  beforeAll(async () => {
    http = await openTestHttp();
  });
  afterEach(() => void http.lines.splice(0));
  afterAll(() => http.close());

  describe('hands a body over as it was sent', () => {
    const post = (body: Uint8Array | string, headers: Record<string, string> = {}) =>
      http.ask('acme.localhost', '/echo/src_1', { method: 'POST', body, headers });
    it('byte by byte, whatever its type says', async () => {
      const bytes = Buffer.from([0, 255, 123, 34, 10, 200]);
      expect((await post(bytes, { 'content-type': 'application/json' })).json()).toEqual({
        bytes: bytes.toString('hex'),
        type: 'application/json',
      });
      expect((await post('')).json()).toMatchObject({ bytes: '' });
      expect((await post(Buffer.alloc(1000))).status).toBe(200);
    });

    it('and refuses one that is too large, announced or not', async () => {
      const response = await post(Buffer.alloc(1001));
      expect(response.json()).toMatchObject({ status: 413, code: 'http.body_too_large', bytesMax: 1000 });
      const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
      const streamed = await http.raw(
        `POST /echo/src_1 HTTP/1.1\r\nHost: acme.localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`,
      );
      expect(streamed).toMatch(/^HTTP\/1\.1 413 [\s\S]*http\.body_too_large/);
      expect(
        await http.raw('GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx'),
      ).toMatch(/^HTTP\/1\.1 413/);
    });

    it('and survives a caller that goes away in the middle', async () => {
      const socket = net.connect(http.server.port, '127.0.0.1');
      await once(socket, 'connect');
      await new Promise((resolve) =>
        socket.write('POST /echo/src_1 HTTP/1.1\r\nHost: acme.localhost\r\nContent-Length: 500\r\n\r\nhalf', resolve),
      );
      socket.destroy();
      await expect
        .poll(() => http.lines.some((line) => line.includes('http.body_incomplete')), { timeout: 10_000 })
        .toBe(true);
      expect((await http.ask('localhost', '/hello')).status).toBe(200);
    });
  });

  describe('keeps what is the operator’s behind the token', () => {
    const basic = (password: string) => ({
      authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`,
    });
    it('given as Bearer, or as the password of HTTP Basic', async () => {
      expect(
        (await http.ask('localhost', '/secret', { headers: { authorization: `Bearer ${TOKEN}` } })).json(),
      ).toEqual({
        secret: '1',
      });
      expect((await http.ask('localhost', '/secret', { headers: basic(TOKEN) })).status).toBe(200);
      expect((await http.ask('localhost', '/ops/board/sub', { headers: basic(TOKEN) })).text()).toBe('board');
    });

    it('and asks for it otherwise', async () => {
      for (const headers of [
        {},
        basic('wrong'),
        basic(`${TOKEN}x`),
        { authorization: `Bearer ${TOKEN.slice(1)}` },
        { authorization: TOKEN },
      ]) {
        const response = await http.ask('localhost', '/secret', { headers });
        expect(response.json()).toMatchObject({ status: 401, code: 'http.operator_token_required' });
        expect(response.headers['www-authenticate']).toMatch(/^Basic /);
        expect((await http.ask('localhost', '/ops/board', { headers })).status).toBe(401);
      }
    });

    it('and lets no other site use a browser that has it', async () => {
      const change = (headers: Record<string, string>) =>
        http.ask('localhost', '/secret', { method: 'POST', headers: { ...basic(TOKEN), ...headers } });
      expect((await change({})).status).toBe(204);
      expect(
        (await change({ origin: `http://localhost:${http.server.port}`, 'sec-fetch-site': 'same-origin' })).status,
      ).toBe(204);
      expect(await http.codeOf(change({ origin: 'https://evil.example' }))).toEqual([403, 'http.foreign_origin']);
      expect(await http.codeOf(change({ 'sec-fetch-site': 'cross-site' }))).toEqual([403, 'http.foreign_origin']);
    });
  });

  describe('can be watched', () => {
    it('by one line per request with its id, trace and tenant, and without anything secret', async () => {
      const headers = {
        traceparent: `00-${'4'.repeat(32)}-${'1'.repeat(16)}-01`,
        authorization: 'Bearer do-not-log-me',
        cookie: 'sid=do-not-log-me',
      };
      await http.ask('acme.localhost', '/things/7?token=do-not-log-me', { headers });
      await expect.poll(() => http.loggedLines().filter((line) => line['msg'] === 'answered')).toHaveLength(1);
      const [line] = http.loggedLines().filter((each) => each['msg'] === 'answered');
      expect(line).toMatchObject({
        tenant: 'acme',
        traceId: '4'.repeat(32),
        method: 'GET',
        path: '/things/7',
        remoteAddress: '127.0.0.1',
        res: { status: 200 },
      });
      expect(line?.['requestId']).toMatch(/^req_/);
      expect(http.lines.join('')).not.toContain('do-not-log-me');
    });

    it('where a request id that is not sane is replaced', async () => {
      for (const id of ['short', 'has a space in it', 'x'.repeat(200), '{"json":"injection"}'])
        expect(
          (await http.ask('localhost', '/hello', { headers: { 'x-request-id': id } })).headers['x-request-id'],
        ).toMatch(/^req_[0-9A-Z]{26}$/);
    });

    it('by the number of statements that a request sent', async () => {
      http.observed.splice(0);
      await http.ask('acme.localhost', '/two-queries');
      await http.ask('acme.localhost', '/two-queries');
      await expect.poll(() => http.observed).toHaveLength(2);
      expect(http.observed[0]).toMatchObject({ route: '/two-queries', method: 'GET', status: 200 });
      // The first also asks the registry where the tenant's database is.
      expect(Math.min(...http.observed.map((each) => each.queries))).toBe(2);
    });
  });

  it('stops by finishing what is under way and taking nothing new', async () => {
    const stopping = await http.listen({ drainMs: 0 });
    const slow = http.client.send({ url: `http://acme.localhost:${stopping.port}/slow` });
    await http.entered.promise;
    expect(stopping.isDraining()).toBe(false);
    const stopped = stopping.stop();
    expect(stopping.isDraining()).toBe(true);
    await expect(http.client.send({ url: `http://127.0.0.1:${stopping.port}/hello` })).rejects.toMatchObject({
      code: 'platform.request_unreachable',
    });
    http.gate.resolve();
    expect((await slow).json()).toEqual({ slow: true });
    await stopped;
  });

  it('cuts off what does not finish in time', async () => {
    const stopping = await http.listen({ graceMs: 50 });
    const socket = net.connect(stopping.port, '127.0.0.1');
    socket.write('POST /echo/src_1 HTTP/1.1\r\nHost: acme.localhost\r\nContent-Length: 500\r\n\r\nhalf');
    await once(socket, 'connect');
    await expect
      .poll(async () => (await http.client.send({ url: `http://localhost:${stopping.port}/hello` })).status)
      .toBe(200);
    const closed = once(socket, 'close');
    await stopping.stop();
    await closed;
  });
});
