import type { z } from 'zod';
import { systemClock } from '../../src/kernel/clock.ts';
import type { OperationForm } from '../../src/kernel/operation.ts';
import { makeLimit, serve } from '../../src/http/index.ts';
import { createApi } from '../../src/main/api-app.ts';
import type { ApiDependencies } from '../../src/main/api-routes.ts';
import { openIdentity } from '../../src/main/identity.ts';
import { openLive } from '../../src/main/live.ts';
import { createMetrics } from '../../src/ops/index.ts';
import { readConfig } from '../../src/platform/config.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { openCounter } from '../../src/platform/limits.ts';
import { operatorGuard } from '../../src/platform/operator-token.ts';
import { completeConfig } from '../../src/platform/secrets.ts';
import { type TenantResponse, createTenantClient } from '../../src/platform/tenant-client.ts';
import { QuotaBook, type Tenancy, type Tenant, UsageMeter } from '../../src/tenancy/index.ts';
import { type Conformance, readConformance } from './conformance.ts';
import { cheapSignIn } from './sign-in.ts';
import { busySnapshot } from './snapshots.ts';
import { openTestTenancy, testLog } from './tenancy.ts';

/** The token of the operator in tests. */
export const OPERATOR_TOKEN = 'operator-token-of-the-tests-0123456789';
/** Tests ask more often than people do. */
const UNLIMITED = Object.fromEntries(
  ['TENANT_REQUESTS', 'CALLER_REQUESTS', 'ADDRESS_REQUESTS', 'ADDRESS_REFUSALS', 'SIGN_INS'].map((name) => [
    `CASCADE_${name}_PER_MINUTE`,
    '1000000',
  ]),
);
const SECRET = 'a secret of at least thirty-two characters';

type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;

/** A request to an operation; what is left out of `host` is acme's. A body that is not of the operation's type is passed by `raw`. */
export type Asked<Op extends OperationForm> = {
  /** The tenant's first name, for example `acme`, or null for the installation's own host. */
  readonly tenant?: string | null;
  readonly token?: string | undefined;
  readonly params?: In<Op['params']>;
  readonly query?: In<Op['query']>;
  readonly body?: Op['body'] extends 'bytes' ? string | Uint8Array : In<Op['body']>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** An answer that is as the description says. */
export type Answered<Op extends OperationForm> = {
  readonly status: number;
  readonly headers: TenantResponse['headers'];
  readonly text: string;
  /** The body as JSON; undefined where there is none. */
  readonly body: unknown;
  /** The code of a problem; undefined where it is none. */
  readonly code: string | undefined;
  /** The body of the answer that works, or a failure of the test that says what was answered. */
  readonly ok: () => GoodBody<Op>;
};
type GoodBody<Op extends OperationForm> = {
  [Status in keyof Op['answers'] & number]: Op['answers'][Status] extends z.ZodType
    ? z.output<Op['answers'][Status]>
    : undefined;
}[keyof Op['answers'] & number];

/** What of the API a test wants otherwise. */
export type TestApiOptions = {
  readonly tenants?: readonly string[];
  /** Variables of the environment, for example of limits. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly dependencies?: Partial<ApiDependencies>;
};

export type TestApi = Awaited<ReturnType<typeof openTestApi>>;

/** The whole API in this process on a tenancy of its own; `close()` it in `afterAll`. */
export async function openTestApi({ tenants = ['acme'], environment = {}, dependencies = {} }: TestApiOptions = {}) {
  const tenancy = await openTestTenancy();
  const made = new Map<string, Tenant>();
  for (const slug of tenants) made.set(slug, await tenancy.createTenant({ slug, name: `${slug} Markets` }));
  const config = completeConfig(
    readConfig({ CASCADE_SECRET: SECRET, CASCADE_OPERATOR_TOKEN: OPERATOR_TOKEN, ...UNLIMITED, ...environment }),
    'required',
  );
  const settled = { ...dependenciesOf(tenancy, config), ...dependencies };
  const identity = dependencies.identity ?? identityOf(settled);
  const live = dependencies.live ?? openLive({ tenancy, identity, log: testLog });
  const deps: ApiDependencies = { ...settled, identity, live };
  const app = createApi(deps);
  const shared = { problemsUrl: config.problemsUrl, clock: systemClock, log: testLog };
  const server = await serve(app, { ...shared, host: '127.0.0.1', port: 0, graceMs: 2_000, drainMs: 0 });
  const client = createTenantClient();
  const conformance = readConformance();
  const urlOf = (tenant: string | null, path: string) =>
    `http://${tenant === null ? '' : `${tenant}.`}localhost:${server.port}${path}`;

  /** Sends any request; the answer is checked against nothing. */
  const raw: RawCall = async ({ tenant = 'acme', path, method = 'GET', headers = {}, body }) =>
    client.send({
      url: urlOf(tenant, path),
      method,
      headers,
      responseBytesMax: 16_777_216,
      timeoutMs: 30_000,
      ...(body === undefined ? {} : { body }),
    });

  const call = async <const Op extends OperationForm>(operation: Op, asked: Asked<Op> = {}): Promise<Answered<Op>> => {
    const json = operation.body !== undefined && operation.body !== 'bytes' && asked.body !== undefined;
    const answer = await raw({
      tenant: asked.tenant ?? (asked.tenant === null || operation.on === 'bare' ? null : 'acme'),
      method: methodOf(operation),
      path: pathOf(operation, asked.params, asked.query),
      headers: {
        ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...asked.headers,
      },
      ...(asked.body === undefined
        ? {}
        : { body: json ? JSON.stringify(asked.body) : (asked.body as string | Uint8Array) }),
    });
    return answeredOf(operation, answer, conformance);
  };

  const close = async (): Promise<void> => {
    await client.close();
    live.stop();
    await server.stop();
    await tenancy.close();
  };
  const tenantOf = (slug: string): Tenant => {
    const tenant = made.get(slug);
    if (tenant === undefined) throw new Error(`the test made no tenant ${slug}`);
    return tenant;
  };
  const { withTenant, withControl } = tenancy;
  return { tenancy, withTenant, withControl, tenantOf, config, deps, port: server.port, call, raw, close };
}

type RawCall = (asked: {
  readonly tenant?: string | null;
  readonly path: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}) => Promise<TenantResponse>;

/** Signing in at its cheapest, with the mails and limits of the test. */
const identityOf = ({ tenancy, config, sendMail, counter, quotas, log }: Omit<ApiDependencies, 'identity' | 'live'>) =>
  openIdentity({
    tenancy,
    config,
    sendMail,
    log,
    quotas,
    limit: makeLimit(counter, config.signInsMax),
    settings: cheapSignIn,
  });

const dependenciesOf = (
  tenancy: Tenancy,
  config: ApiDependencies['config'],
): Omit<ApiDependencies, 'identity' | 'live'> => ({
  tenancy,
  config,
  clock: systemClock,
  sealerOf: (purpose) => makeSealer(config.secret, purpose),
  isOperator: operatorGuard(config.operatorToken),
  metrics: createMetrics({
    queues: async () => [],
    pools: () => tenancy.poolStats(),
    relay: () => ({ waiting: 0, active: 0, handled: 0, parked: 0, failingTenants: 0, lagEventsMax: 0 }),
  }),
  snapshot: async () => busySnapshot,
  isDraining: () => false,
  checks: { database: async () => void (await tenancy.tenants()) },
  announceTrades: async () => undefined,
  nudgeOperation: async () => undefined,
  quotas: new QuotaBook({ withControl: tenancy.withControl, keptMs: 0, log: testLog }),
  usage: new UsageMeter({ withControl: tenancy.withControl, periodMs: 60_000, log: testLog }),
  sendMail: async () => undefined,
  counter: openCounter(undefined, 'test', testLog),
  log: testLog,
});

const methodOf = ({ method }: OperationForm) => method.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The address of an operation with its parameters filled in. */
export function pathOf(operation: OperationForm, params: unknown, query: unknown): string {
  const given = (params ?? {}) as Record<string, unknown>;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(given[name] ?? '')));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>))
    if (value !== undefined) search.set(name, textOf(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

function answeredOf<Op extends OperationForm>(
  operation: Op,
  answer: TenantResponse,
  conformance: Conformance,
): Answered<Op> {
  const faults = conformance.faultsOf(operation, answer);
  if (faults.length > 0)
    throw new Error(
      `${operation.id} answered off its description: ${faults.join('; ')}\n${answer.status} ${answer.text().slice(0, 2_000)}`,
    );
  const isJson = /^application\/(problem\+)?json/.test(String(answer.headers['content-type'] ?? ''));
  const body: unknown = isJson && answer.bytes.length > 0 ? answer.json() : undefined;
  const isProblem = String(answer.headers['content-type'] ?? '').startsWith('application/problem+json');
  return {
    status: answer.status,
    headers: answer.headers,
    text: answer.text(),
    body,
    code: isProblem ? (body as { code: string }).code : undefined,
    ok: () => {
      if (answer.status >= 400)
        throw new Error(`${operation.id} answered ${answer.status}: ${answer.text().slice(0, 2_000)}`);
      return body as GoodBody<Op>;
    },
  };
}
