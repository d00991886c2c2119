import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bridge, DealGenerator, SIMULATED_SYMBOLS, type BridgeOptions } from '../../simulators/mt-server/index.ts';
import { createTenantClient, type TenantClient } from '../../src/platform/tenant-client.ts';
import { contentOf, parseFeedBody, verifyFeedSignature } from '../../src/trading/index.ts';

type Received = { readonly headers: IncomingHttpHeaders; readonly body: Buffer };
type Answer = (response: ServerResponse, received: Received) => void;

/** The other side: a real HTTP server that verifies and keeps what it accepted, in order. It answers first from `script`. */
class Receiver {
  readonly requests: Received[] = [];
  readonly stored = new Map<string, string>();
  script: Answer[] = [];
  server: Server | undefined;
  port = 0;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const received = { headers: request.headers, body: Buffer.concat(chunks) };
        this.requests.push(received);
        const answer = this.script.shift() ?? this.take;
        answer(response, received);
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  readonly take: Answer = (response, { headers, body }) => {
    const parts = {
      timestamp: String(headers['cascade-timestamp']),
      nonce: String(headers['cascade-nonce']),
      batch: String(headers['cascade-batch']),
      body,
    };
    if (!verifyFeedSignature(['the-secret'], parts, String(headers['cascade-signature']))) {
      problem(401, 'feed.signature_invalid')(response);
      return;
    }
    const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const counts = { accepted: 0, duplicates: 0, parked: 0, rejected: 0 };
    for (const result of parseFeedBody(text)) {
      if (!result.ok || result.line.type !== 'deal.add') counts.rejected += 1;
      else if (this.stored.has(String(result.line.deal.ticket))) counts.duplicates += 1;
      else {
        this.stored.set(String(result.line.deal.ticket), result.line.content);
        counts.accepted += 1;
      }
    }
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ ...counts, results: [], cursor: 0, highest: 0, missing: [] }));
  };
}

const problem =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ code, title: 'No', status }));
  };
const drop: Answer = (response) => response.destroy();

describe('the bridge of the simulated server', () => {
  let receiver: Receiver;
  let client: TenantClient;
  const deals = [
    ...new DealGenerator({
      seed: 1,
      symbols: SIMULATED_SYMBOLS,
      logins: [1n, 2n],
      clock: { zone: 'UTC', shiftMinutes: 0 },
      startUtcMs: Date.parse('2026-01-05T00:00:00Z'),
    }).deals(300),
  ];
  const bridge = (extra: Partial<BridgeOptions> = {}): Bridge =>
    new Bridge({
      client,
      origin: `http://acme.localhost:${receiver.port}`,
      sourceId: 'src_1',
      secret: 'the-secret',
      retryMsMin: 1,
      ...extra,
    });

  beforeEach(async () => {
    receiver = new Receiver();
    await receiver.start();
    client = createTenantClient();
  });
  afterEach(async () => {
    await client.close();
    await receiver.stop();
  });

  it('pushes deals in signed batches to the host of the tenant, counted by seq', async () => {
    const totals = await bridge().run(deals, { batchLinesMax: 120, firstSeq: 1 });
    expect(totals).toEqual({
      batches: 3,
      lines: 300,
      accepted: 300,
      duplicates: 0,
      parked: 0,
      rejected: 0,
      retries: 0,
    });
    expect(receiver.requests.map(({ headers }) => headers.host)).toEqual(
      Array(3).fill(`acme.localhost:${receiver.port}`),
    );
    const seqs = receiver.requests.flatMap(({ body }) =>
      parseFeedBody(body).map((result) => (result.ok ? result.line.seq : undefined)),
    );
    expect(seqs).toEqual([...Array(300).keys()].map((index) => index + 1));
    expect([...receiver.stored.values()]).toEqual(deals.map(contentOf));
  });

  it('packs the body if told to, and signs it as sent', async () => {
    expect(await bridge({ gzip: true }).run(deals)).toMatchObject({ accepted: 300, batches: 1 });
    expect(receiver.requests[0]?.body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  it('sends the same batch again after a failure that passes, signed anew under the same id', async () => {
    receiver.script = [
      drop,
      problem(503, 'platform.unavailable'),
      problem(429, 'platform.too_many', { 'retry-after': '0' }),
    ];
    expect(await bridge().run(deals)).toMatchObject({ accepted: 300, retries: 3, batches: 1 });
    const header = (name: string) => new Set(receiver.requests.map(({ headers }) => headers[name]));
    expect(receiver.requests).toHaveLength(4);
    expect([header('cascade-batch').size, header('cascade-nonce').size, header('cascade-signature').size]).toEqual([
      1, 4, 4,
    ]);
  });

  it('honours Retry-After', async () => {
    receiver.script = [problem(429, 'platform.too_many', { 'retry-after': '1' })];
    const from = performance.now();
    await bridge().push([{ type: 'heartbeat' }]);
    expect(performance.now() - from).toBeGreaterThan(950);
  });

  it('gives up after a bounded number of tries', async () => {
    receiver.script = Array<Answer>(5).fill(problem(503, 'platform.unavailable'));
    await expect(bridge({ attemptsMax: 3 }).run(deals)).rejects.toMatchObject({
      name: 'FeedUnreachable',
      cause: { status: 503 },
    });
    expect(receiver.requests).toHaveLength(3);
  });

  it('gives up at once where trying again cannot help, and says why', async () => {
    await expect(bridge({ secret: 'another' }).run(deals)).rejects.toMatchObject({
      name: 'FeedRefused',
      status: 401,
      code: 'feed.signature_invalid',
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('ends a wait and a run when told to stop', async () => {
    const stop = new AbortController();
    receiver.script = [
      (response) => {
        problem(503, 'platform.unavailable', { 'retry-after': '50' })(response);
        setImmediate(() => stop.abort());
      },
    ];
    await expect(bridge({ signal: stop.signal }).run(deals)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('repeats, delays and reorders on purpose, and loses nothing by it', async () => {
    const totals = await bridge({ duplicateShare: 0.5, reorderShare: 0.5, delayMsMax: 2, seed: 3 }).run(deals, {
      batchLinesMax: 20,
      firstSeq: 1,
    });
    expect(totals.accepted).toBe(300);
    expect(totals.duplicates).toBeGreaterThan(0);
    expect(totals.lines).toBe(300 + totals.duplicates);
    const tickets = [...receiver.stored.keys()].map(Number);
    expect(tickets).not.toEqual(tickets.toSorted((left, right) => left - right));
  });

  it('takes no answer longer than a bound and waits no longer than a time-out', async () => {
    const url = `http://acme.localhost:${receiver.port}/`;
    receiver.script = [(response) => response.end('x'.repeat(2000)), (response) => response.write('x'), drop];
    await expect(client.send({ url, responseBytesMax: 1000 })).rejects.toMatchObject({
      code: 'platform.response_too_large',
    });
    await expect(client.send({ url, timeoutMs: 50 })).rejects.toMatchObject({ code: 'platform.request_timed_out' });
    await expect(client.send({ url })).rejects.toMatchObject({ code: 'platform.request_unreachable' });
  });
});
