import { z } from 'zod';
import { systemClock } from '../../src/kernel/clock.ts';
import { operation } from '../../src/kernel/operation.ts';
import { createApp, type HttpServer, makeLimits, serve } from '../../src/http/index.ts';
import { httpProblem } from '../../src/http/errors.ts';
import { type Caller, type Guard, reachesEverything } from '../../src/platform/access.ts';
import { openCounter } from '../../src/platform/limits.ts';
import { operatorGuard } from '../../src/platform/operator-token.ts';
import { query } from '../../src/platform/query.ts';
import { idempotentRoute, type Route, route } from '../../src/platform/route.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { type TenantRequest, createTenantClient } from '../../src/platform/tenant-client.ts';
import { breach } from '../support/breach.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';
import { TOKEN } from './harness.ts';

const caller = (id: string): Caller => ({
  kind: 'user',
  id,
  surface: 'admin',
  roles: ['admin'],
  sessionId: null,
  clientId: null,
  ibId: null,
  deskIds: [],
  kycState: null,
  provenAt: null,
  impersonator: null,
  scopes: null,
});

/** Believes whoever says a name: `Bearer maria`. `Bearer weak` may do nothing. */
const namedGuard: Guard = {
  authenticate: async (authorization) => {
    const name = /^Bearer (\w+)$/.exec(authorization ?? '')?.[1];
    if (name === undefined) throw httpProblem('http.sign_in_required');
    return caller(name);
  },
  authorize: async (who, _operation, { requestId }) => {
    if (who.id === 'weak') throw httpProblem('http.foreign_origin');
    return {
      caller: who,
      reach: reachesEverything,
      masked: new Set<string>(),
      origin: { actor: who.id, causation: requestId },
    };
  },
};

const form = { on: 'tenant', tag: 'Tests', summary: 'Does what a test needs', problems: [] } as const;
const need = { action: 'pay', resource: 'money' } as const;

const saveNote = operation({
  ...form,
  id: 'saveNote',
  method: 'post',
  path: '/api/v1/notes',
  need,
  body: z.strictObject({
    text: z.string().min(1).max(50),
    tags: z.array(z.string().max(10)).max(2_000).optional(),
    inner: z.json().optional(),
    weight: z.number().optional(),
    secret: z
      .string()
      .regex(/^[a-z]+$/, 'has other characters than small letters')
      .optional(),
  }),
  answers: { 200: z.unknown() },
});
const listNotes = operation({
  ...form,
  id: 'listNotes',
  method: 'get',
  path: '/api/v1/notes',
  need: 'public',
  query: z.strictObject({ colour: z.enum(['red', 'blue']).optional() }),
  answers: { 200: z.unknown() },
});
const pay = operation({
  ...form,
  id: 'pay',
  method: 'post',
  path: '/api/v1/payments/{place}',
  need,
  isIdempotent: true,
  params: z.strictObject({ place: z.string() }),
  body: z.strictObject({ amount: z.string().max(20) }),
  answers: { 201: z.strictObject({ sum: z.string() }) },
});
const refresh = operation({
  ...form,
  id: 'refresh',
  method: 'post',
  path: '/api/v1/auth/refresh',
  need: 'public',
  readsCookie: true,
  answers: { 200: z.unknown() },
});
const where = operation({
  ...form,
  id: 'where',
  method: 'get',
  path: '/where',
  need: 'signed_in',
  answers: { 200: z.unknown() },
});

const pays = query('test.pays', z.object({}), 'insert into platform.test_payments values (:amount)');
const paid = query('test.paid', z.object({ count: z.coerce.number() }), 'select count(*) from platform.test_payments');

/** What happens in a payment before and after its row is written; a test sets it. */
export type Steps = { before: () => Promise<void>; after: (tx: TenantTx) => Promise<void> };

const routesOf = (steps: Steps): Route[] => [
  route(saveNote, async ({ body }) => ({ status: 200, json: body })),
  route(listNotes, async ({ query: asked }) => ({ status: 200, json: asked })),
  route(refresh, async () => ({ status: 200, json: {} })),
  route(where, async ({ remoteAddress, host, isSecure }) => ({ status: 200, json: { remoteAddress, host, isSecure } })),
  idempotentRoute(pay, async (tx, { body }) => {
    await steps.before();
    await pays(tx, { amount: body.amount });
    await steps.after(tx);
    return { status: 201, json: { sum: body.amount } };
  }),
];

type Options = {
  readonly limits?: Partial<Record<'tenant' | 'caller' | 'address' | 'refusals', number>>;
  readonly trustedProxies?: string[];
};

/** An application with two tenants, behind `namedGuard`. */
export async function openGuarded() {
  const tenancy = await openTestTenancy();
  const tenant = await tenancy.createTenant({ slug: 'acme', name: 'Acme Markets' });
  await tenancy.createTenant({ slug: 'zenith', name: 'Zenith Markets' });
  await breach(
    { tenancy, tenant },
    'create table platform.test_payments (amount text); grant select, insert on platform.test_payments to cascade_app',
  );
  const client = createTenantClient();
  const steps: Steps = { before: async () => undefined, after: async () => undefined };
  const servers: HttpServer[] = [];
  const listen = async ({ limits = {}, trustedProxies = [] }: Options = {}): Promise<HttpServer> => {
    const shared = { problemsUrl: 'https://docs.example.com/errors', clock: systemClock, log: testLog };
    const app = createApp({
      ...shared,
      tenantOfHost: tenancy.tenantOfHost,
      withTenant: tenancy.withTenant,
      guard: namedGuard,
      routes: routesOf(steps),
      mounts: [],
      baseHosts: [],
      trustedProxies,
      isOperator: operatorGuard(TOKEN),
      limits: makeLimits({
        counter: openCounter(undefined, 'test', testLog),
        tenantMaxOf: () => limits.tenant ?? 1_000_000,
        callerMax: limits.caller ?? 1_000_000,
        addressMax: limits.address ?? 1_000_000,
        refusalsMax: limits.refusals ?? 1_000_000,
      }),
    });
    const server = await serve(app, { ...shared, host: '127.0.0.1', port: 0, graceMs: 1_000, drainMs: 0 });
    servers.push(server);
    return server;
  };
  const first = await listen();
  const ask = (path: string, more: Partial<TenantRequest> & { host?: string; as?: string; port?: number } = {}) => {
    const { host = 'acme.localhost', as, port = first.port, ...request } = more;
    const headers = { ...(as === undefined ? {} : { authorization: `Bearer ${as}` }), ...request.headers };
    return client.send({ url: `http://${host}:${port}${path}`, ...request, headers, timeoutMs: 20_000 });
  };
  const post = (path: string, body: unknown, more: Parameters<typeof ask>[1] = {}) =>
    ask(path, {
      method: 'POST',
      as: 'maria',
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...more,
      headers: { 'content-type': 'application/json', ...more.headers },
    });
  const payments = async (): Promise<number> =>
    tenancy.withTenant(tenant.id, testOrigin, async (tx) => (await paid(tx, {}))[0]?.count ?? -1);
  const close = async (): Promise<void> => {
    await client.close();
    for (const server of servers) await server.stop();
    await tenancy.close();
  };
  return { tenancy, tenant, steps, listen, ask, post, payments, close, port: first.port };
}

export type Guarded = Awaited<ReturnType<typeof openGuarded>>;
