import net from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import { systemClock } from '../../src/kernel/clock.ts';
import { operation } from '../../src/kernel/operation.ts';
import { defineProblems } from '../../src/kernel/problem.ts';
import { type HttpServer, type RequestObservation, createApp, nobodySignsIn, serve } from '../../src/http/index.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { operatorGuard } from '../../src/platform/operator-token.ts';
import { query } from '../../src/platform/query.ts';
import { type Route, route } from '../../src/platform/route.ts';
import { type TenantRequest, type TenantResponse, createTenantClient } from '../../src/platform/tenant-client.ts';
import { type TestTenant, openTestTenant, testOrigin } from '../support/tenancy.ts';

export const TOKEN = 'operator-token-of-the-tests-0123456789';
const testProblem = defineProblems({
  'test.teapot': { status: 418, title: 'I am a teapot' },
  'test.busy': { status: 429, title: 'Too many' },
});
const one = query('test.one', z.object({ one: z.int() }), 'select 1 as one');

type Deferred = PromiseWithResolvers<void>;

const form = {
  on: 'tenant',
  method: 'get',
  tag: 'Tests',
  summary: 'Does what a test needs',
  need: 'public',
  answers: { 200: z.unknown() },
  problems: [],
} as const;

const secret = { ...form, on: 'bare', path: '/secret', need: 'operator_token' } as const;
const opened = {
  hello: operation({ ...form, id: 'hello', on: 'bare', path: '/hello' }),
  readSecret: operation({ ...secret, id: 'readSecret' }),
  writeSecret: operation({ ...secret, id: 'writeSecret', method: 'post', answers: { 204: null } }),
  readThing: operation({
    ...form,
    id: 'readThing',
    path: '/things/{thingId}',
    params: z.strictObject({ thingId: z.string() }),
    query: z.looseObject({ colour: z.string().optional() }),
  }),
  echo: operation({
    ...form,
    id: 'echo',
    method: 'post',
    path: '/echo/{sourceId}',
    need: 'signed',
    body: 'bytes',
    bodyBytesMax: 1000,
  }),
  twoQueries: operation({ ...form, id: 'twoQueries', path: '/two-queries' }),
  slow: operation({ ...form, id: 'slow', path: '/slow' }),
};

const failWith = (path: string, error: () => Error): Route =>
  route(operation({ ...form, id: `fail${path.replace('/', '_')}`, path }), async () => {
    throw error();
  });

/** Routes of every kind, some of which fail in every way. `slow` says that it was entered and waits for its gate. */
const routesOf = (tenant: TestTenant, entered: Deferred, gate: Deferred): Route[] => [
  route(opened.hello, async () => ({ status: 200, json: { hello: 'bare' } })),
  route(opened.readSecret, async () => ({ status: 200, json: { secret: 1n } })),
  route(opened.writeSecret, async () => ({ status: 204 })),
  route(opened.readThing, async ({ tenantId, params, query: asked, requestId }) => ({
    status: 200,
    json: { tenantId, params, asked, requestId },
  })),
  route(opened.echo, async ({ body, headers }) => ({
    status: 200,
    json: { bytes: body.toString('hex'), type: headers['content-type'] },
  })),
  route(opened.twoQueries, async ({ tenantId }) => {
    await tenant.tenancy.withTenant(tenantId, testOrigin, async (tx) => {
      await one(tx, {});
      await one(tx, {});
    });
    return { status: 200, json: {} };
  }),
  route(opened.slow, async () => {
    entered.resolve();
    await gate.promise;
    return { status: 200, json: { slow: true } };
  }),
  failWith('/teapot', () => testProblem('test.teapot', { detail: 'Short and stout', handle: 'left', units: 12n })),
  failWith('/busy', () => testProblem('test.busy', { retryAfterSeconds: 7 })),
  failWith('/broken', () => new Error('select secret from vault where password = 12345')),
  failWith('/away', () => Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })),
  failWith('/deadlock', () => Object.assign(new Error('select * from ledger.accounts for update'), { code: '40P01' })),
];

/** The application with a tenant `acme`, listening on a free port, and ways to talk to it. */
export async function openTestHttp() {
  const acme = await openTestTenant();
  const client = createTenantClient();
  const lines: string[] = [];
  const observed: RequestObservation[] = [];
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const listen = (
    settings: { trustedProxies?: string[]; graceMs?: number; drainMs?: number } = {},
  ): Promise<HttpServer> => {
    const log = createLogger({ level: 'silent', role: 'test' });
    const logged = createLogger({ level: 'info', role: 'test' }, { write: (line: string) => void lines.push(line) });
    const shared = { problemsUrl: 'https://docs.example.com/errors', clock: systemClock };
    const app = createApp({
      ...shared,
      log: logged,
      tenantOfHost: acme.tenancy.tenantOfHost,
      routes: routesOf(acme, entered, gate),
      mounts: [{ path: '/ops/board', handler: (_request, response) => void response.end('board') }],
      baseHosts: ['cascade.example'],
      trustedProxies: settings.trustedProxies ?? [],
      isOperator: operatorGuard(TOKEN),
      guard: nobodySignsIn,
      withTenant: acme.tenancy.withTenant,
      onRequest: (each) => void observed.push(each),
    });
    return serve(app, {
      ...shared,
      log,
      host: '127.0.0.1',
      port: 0,
      graceMs: settings.graceMs ?? 5_000,
      drainMs: settings.drainMs ?? 0,
    });
  };
  const server = await listen();
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
  const close = async (): Promise<void> => {
    await client.close();
    await server.stop();
    await acme.close();
  };
  return { acme, client, server, lines, observed, entered, gate, listen, ask, codeOf, raw, loggedLines, close };
}

export type TestHttp = Awaited<ReturnType<typeof openTestHttp>>;
