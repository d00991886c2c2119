import { ClientId, IbId } from '../../../src/kernel/ids.ts';
import type { TenantClient, TenantResponse } from '../../../src/platform/tenant-client.ts';
import { makePerson, type Person } from '../../support/people.ts';
import { type Broker, openBroker } from './broker.ts';
import { newCanary } from './canaries.ts';
import type { Installation } from './installation.ts';
import { SECRET } from './stage.ts';
import { until } from './wait.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** What a test asks of a tenant's host. */
export type Ask = {
  readonly method?: Method;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** A tenant all of whose texts carry its canary, with people of several roles who have signed in. */
export type Habitat = {
  readonly slug: string;
  readonly canary: string;
  readonly broker: Broker;
  readonly people: Readonly<Record<Role, Person>>;
  /** Whether the role of the tenant's own making, which has one name everywhere, reads clients here, or else IBs. */
  readonly readersReadClients: boolean;
  readonly apiKey: string;
  /** Ids of what is here, by kind. */
  readonly ids: Readonly<Record<Kind, readonly string[]>>;
  readonly ask: (ask: Ask) => Promise<TenantResponse>;
};

export const roles = ['owner', 'admin', 'finance', 'support', 'auditor', 'client', 'ib', 'reader'] as const;
export type Role = (typeof roles)[number];

/** Where the ids of each kind are listed. */
export const lists = {
  clients: '/api/v1/clients',
  ibs: '/api/v1/ibs',
  plans: '/api/v1/plans',
  users: '/api/v1/users',
  accounts: '/api/v1/accounts',
  desks: '/api/v1/desks',
  sources: '/api/v1/trading/sources',
  ledger: '/api/v1/ledger/accounts',
  approvals: '/api/v1/approvals',
  keys: '/api/v1/api-keys',
} as const;
export type Kind = keyof typeof lists;

const kinds = Object.keys(lists) as Kind[];

/** So many that some stay open for the minute after which they pay. */
const TRADES = 250;

/** Where a tenant answers. */
const originOf = (port: number, slug: string | null): string =>
  `http://${slug === null ? '' : `${slug}.`}localhost:${port}`;

/** Asks a tenant's host, or the installation's own where there is no slug. */
export const askAt =
  (client: TenantClient, port: number, slug: string | null) =>
  ({ method = 'GET', path, token, body, headers = {}, signal }: Ask): Promise<TenantResponse> =>
    client.send({
      url: `${originOf(port, slug)}${path}`,
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      timeoutMs: 60_000,
      responseBytesMax: 64 * 1_048_576,
    });

type Asking = (ask: Ask) => Promise<TenantResponse>;

async function good<Answer>(ask: Asking, asked: Ask): Promise<Answer> {
  const answer = await ask(asked);
  if (answer.status >= 300)
    throw new Error(`${asked.method ?? 'GET'} ${asked.path}: ${answer.status} ${answer.text()}`);
  return answer.json() as Answer;
}

const idsAt = async (ask: Asking, token: string, path: string): Promise<string[]> =>
  (await good<{ data: { id: string }[] }>(ask, { path, token })).data.map(({ id }) => id);

/** Makes a tenant with a brokerage, people, a desk, a role of its own, a key, trades, and something that waits for approval. */
export async function openHabitat(stage: Installation, client: TenantClient, place: number): Promise<Habitat> {
  const slug = `t${place}`;
  const canary = newCanary();
  const readersReadClients = place % 2 === 0;
  const broker = await openBroker(stage.tenancy, SECRET, { slug, canary, ibs: 5, clients: 8, randomSeed: place + 1 });
  const ask = askAt(client, stage.port, slug);
  const person = (role: string, more: object = {}): Promise<Person> =>
    makePerson(
      { deps: stage, tenantOf: () => broker.tenant },
      { tenant: slug, roles: [role], name: `${canary} ${role}`, email: `${role}.${canary}@example.com`, ...more },
    );
  const admin = await person('admin');
  const token = admin.token;
  const [clientId = ''] = await idsAt(ask, token, lists.clients);
  const [ibId = ''] = await idsAt(ask, token, lists.ibs);
  const resource = readersReadClients ? 'clients' : 'ibs';
  const rows = [{ resource, actions: ['list'], conditions: ['all'], masked: [] }];
  const owner = await person('owner');
  const role = { name: 'reader', description: `${canary} reads`, rows };
  await good(ask, { method: 'POST', path: '/api/v1/roles', token: owner.token, body: role });
  const desk = { name: `${canary} desk`, memberIds: [admin.id] };
  await good(ask, { method: 'POST', path: '/api/v1/desks', token: owner.token, body: desk });
  const scopes = ['clients:list', 'ibs:list', 'trades:list'];
  const key = { name: `${canary} key`, scopes };
  const made = await good<{ key: string }>(ask, { method: 'POST', path: '/api/v1/api-keys', token, body: key });
  const people = {
    owner,
    admin,
    finance: await person('finance'),
    support: await person('support'),
    auditor: await person('auditor'),
    client: await person('client', { clientId: ClientId.parse(clientId) }),
    ib: await person('ib', { ibId: IbId.parse(ibId) }),
    reader: await person('reader', { surface: 'admin' }),
  };
  const move = { parentId: null, reason: `${canary} moves` };
  const ibs = await idsAt(ask, token, lists.ibs);
  const moving = { method: 'POST', path: `/api/v1/ibs/${ibs.at(-1)}/move`, token, body: move } as const;
  await good(ask, { ...moving, headers: { 'idempotency-key': canary } });
  await broker.push(stage.port, deals(broker, TRADES));
  await until('the first deals are booked', 60_000, async () => (await broker.due()) === 0, 500);
  const ids = Object.fromEntries(
    await Promise.all(kinds.map(async (kind) => [kind, await idsAt(ask, token, lists[kind])] as const)),
  ) as Record<Kind, string[]>;
  const empty = kinds.filter((kind) => ids[kind].length === 0);
  if (empty.length > 0) throw new Error(`${slug} has no ${empty.join(', ')}`);
  return { slug, canary, broker, people, readersReadClients, apiKey: made.key, ids, ask };
}

/** Deals of the tenant's market with its canary as their comment; of some nobody knows the account, so that they are parked. */
export const deals = (broker: Broker, count: number): ReturnType<Broker['market']['trades']> =>
  broker.market
    .trades(count)
    .map((deal, place) => ({ ...deal, Comment: broker.canary, ...(place % 10 === 9 ? { Login: '77770001' } : {}) }));
