import { z } from 'zod';
import { ClientId, DeskId, DiscrepancyId, IbId, PlatformGrantId, UserId } from '../../../src/kernel/ids.ts';
import type { OperationForm } from '../../../src/kernel/operation.ts';
import { allOperations } from '../../../src/main/api-routes.ts';
import type { TestApi } from '../../support/api.ts';
import { openBrokerage } from '../../support/brokerage.ts';
import { makePerson, type Person, type PersonWords } from '../../support/people.ts';
import { testOrigin } from '../../support/tenancy.ts';
import { issueUpTo, setDefault } from '../../payouts/statement-desk.ts';
import { plantAwards } from './awards.ts';
import type { Refs } from './bodies.ts';
import { plantPayouts } from './payouts.ts';
import { insertDesk, insertGrant, insertPasskey, insertDiscrepancy, freshId } from './rows.ts';

/** By which ways somebody may reach an object; one with none is reached only by who reaches everything. */
export type Ties = {
  readonly userId?: string | null;
  readonly deskId?: string | null;
  readonly clientId?: string | null;
  readonly ibId?: string | null;
  /** The IB itself and all above it. */
  readonly upline?: readonly string[];
};

/** An object as an address names it. */
export type Planted = {
  readonly params: Readonly<Record<string, string>>;
  readonly ties: Ties;
  /** What cannot be made in a moment, such as the file of an export: it stands for its kind, and is not there. */
  readonly isThere?: false;
};

/** A tenant full of objects. Keys are addresses up to their last parameter, for example `/api/v1/clients/{clientId}`. */
export type TenantWorld = {
  readonly owner: Person;
  readonly staff: readonly Person[];
  readonly own: {
    readonly clientId: ClientId;
    readonly kycState: string;
    readonly ibId: IbId;
    readonly deskId: DeskId;
  };
  readonly sales: Person;
  readonly objects: ReadonlyMap<string, readonly Planted[]>;
  readonly refs: Refs;
};

/** The operation of a name, as the API has it. */
export function operationOf(id: string): OperationForm {
  const found = allOperations().find((operation) => operation.id === id);
  if (found === undefined) throw new Error(`there is no operation ${id}`);
  return found;
}

/** Lists with the eyes of somebody, all that fits on a page; the rows as `row` reads them. */
async function list<Row>(api: TestApi, id: string, row: z.ZodType<Row>, by: { tenant: string | null; token: string }) {
  const operation = operationOf(id);
  const page = operation.query !== undefined && 'limit' in operation.query.shape ? { limit: '200' } : {};
  const answer = await api.call(operation, { ...by, query: page });
  return z.object({ data: z.array(row) }).parse(answer.ok()).data;
}

const OfClient = z.object({
  id: z.string(),
  ibId: z.string().nullable(),
  ownerUserId: z.string().nullable(),
  deskId: z.string().nullable(),
  kycState: z.string(),
});

/** Plants a tenant: a tree of four, clients of different people, what they trade and earn, and what people keep. */
export async function plantTenant(api: TestApi, tenant: string): Promise<TenantWorld> {
  const { id: tenantId } = api.tenantOf(tenant);
  const inTenant = <T>(work: Parameters<typeof api.withTenant<T>>[2]) => api.withTenant(tenantId, testOrigin, work);
  const person = (words: PersonWords) => makePerson(api, { tenant, ...words });
  await plantBrokerage(api, tenant);
  const owner = await person({ roles: ['owner'] });
  const by = { tenant, token: owner.token };
  const ibs = await list(api, 'listIbs', z.object({ id: z.string(), parentId: z.string().nullable() }), by);
  const uplineOf = (ibId: string | null): string[] =>
    ibId === null ? [] : [ibId, ...uplineOf(ibs.find(({ id }) => id === ibId)?.parentId ?? null)];
  const deskId = DeskId.parse(freshId('dsk'));
  await inTenant((tx) => insertDesk(tx, { id: deskId, name: 'Desk one' }));
  const sales = await person({ roles: ['sales'], desks: [deskId] });
  const colleague = await person({ roles: ['sales'] });
  const before = await list(api, 'listClients', OfClient, by);
  const assign = async (place: number, body: object): Promise<void> => {
    const clientId = before[place]?.id ?? '';
    (await api.call(operationOf('assignClient'), { ...by, params: { clientId }, body })).ok();
  };
  await assign(0, { userId: sales.id });
  await assign(1, { userId: colleague.id });
  await assign(2, { deskId });
  const clients = await list(api, 'listClients', OfClient, by);
  const tiesOf = (clientId: string | null): Ties => {
    const client = clients.find(({ id }) => id === clientId);
    if (client === undefined) return {};
    return { clientId, userId: client.ownerUserId, deskId: client.deskId, upline: uplineOf(client.ibId) };
  };
  const middle = ibs.find(({ id }) => uplineOf(id).length === 2 && ibs.some(({ parentId }) => parentId === id));
  const [first] = clients;
  if (first === undefined) throw new Error('a tenant without clients');
  const { kycState } = first;
  const own = { clientId: ClientId.parse(first.id), kycState, ibId: IbId.parse(middle?.id), deskId };
  const objects = await collect({
    api,
    by,
    tenantId,
    uplineOf,
    tiesOf,
    clients,
    ibs,
    deskId,
    colleague,
    own,
    inTenant,
  });
  return { owner, staff: [owner, sales, colleague], own, sales, objects, refs: refsOf(objects, own, colleague) };
}

/** Maria above Omar and Lena, Kim below Omar; two trades of each client are booked. */
async function plantBrokerage(api: TestApi, tenant: string): Promise<void> {
  const place = api.tenantOf(tenant);
  const names = ['Maria', 'Omar', 'Lena', 'Kim'].map((name) => `${name} of ${tenant}`);
  const parents = [null, 0, 0, 1];
  const rates = ['8.00', '7.00', '6.00', '4.00'];
  const brokerage = await openBrokerage(
    {
      tenancy: api.tenancy,
      tenant: place,
      inTenant: (work) => api.withTenant(place.id, testOrigin, work),
      close: api.close,
    },
    {
      seed: {
        ibs: names.map((name, at) => ({
          name,
          parent: parents[at] ?? null,
          rate: { plan: 0, rate: rates[at] ?? '0' },
        })),
        clients: [3, 1, 2, 0, 2, 3].map((ib, at) => ({
          name: `Client ${at} of ${tenant}`,
          email: `client${at}@${tenant}.example`,
          phone: `+44770090000${at}`,
          ib,
          accounts: [{ login: 900_001n + BigInt(at), group: 'real\\standard', currency: 'USD' as never }],
        })),
      },
    },
  );
  // Trades are numbered from 1 in each tenant: the other one has more, so that some of its numbers are nobody's here.
  const rounds = tenant === 'acme' ? [1, 2] : [1, 2, 3, 4];
  await brokerage.feed(rounds.flatMap(() => brokerage.logins.flatMap((login) => brokerage.deal({ login }))));
  await brokerage.book();
  const inTenant = <T>(work: Parameters<typeof api.withTenant<T>>[2]) => api.withTenant(place.id, testOrigin, work);
  await setDefault(inTenant);
  await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
}

type Collecting = {
  readonly api: TestApi;
  readonly by: { readonly tenant: string; readonly token: string };
  readonly tenantId: ReturnType<TestApi['tenantOf']>['id'];
  readonly uplineOf: (ibId: string | null) => string[];
  readonly tiesOf: (clientId: string | null) => Ties;
  readonly clients: readonly z.infer<typeof OfClient>[];
  readonly ibs: readonly { readonly id: string }[];
  readonly deskId: DeskId;
  readonly colleague: Person;
  readonly own: { readonly clientId: ClientId; readonly ibId: IbId };
  readonly inTenant: (work: Parameters<TestApi['withTenant']>[2]) => Promise<unknown>;
};

type Put = (key: string, params: Record<string, string>, ties?: Ties, isThere?: false) => void;

const Trade = z.object({ id: z.string(), dealId: z.string(), clientId: z.string().nullable() });
const LedgerAccount = z.object({ id: z.string(), owner: z.object({ kind: z.string(), id: z.string().nullable() }) });
const Statement = z.object({ id: z.string(), beneficiary: z.string() });
const WithId = z.object({ id: z.string() });

async function collect(world: Collecting): Promise<Map<string, Planted[]>> {
  const { api, by, tiesOf, uplineOf, clients, ibs, deskId, colleague, inTenant } = world;
  const objects = new Map<string, Planted[]>();
  const put: Put = (key, params, ties = {}, isThere) =>
    void objects.set(key, [
      ...(objects.get(key) ?? []),
      { params, ties, ...(isThere === undefined ? {} : { isThere }) },
    ]);
  for (const { id } of clients) put('/api/v1/clients/{clientId}', { clientId: id }, tiesOf(id));
  for (const { id } of ibs) put('/api/v1/ibs/{ibId}', { ibId: id }, { ibId: id, upline: uplineOf(id) });
  const accounts = await list(api, 'listAccounts', z.object({ id: z.string(), clientId: z.string() }), by);
  for (const { id, clientId } of accounts) put('/api/v1/accounts/{accountId}', { accountId: id }, tiesOf(clientId));
  for (const { id, dealId, clientId } of await list(api, 'listTrades', Trade, by)) {
    put('/api/v1/trades/{tradeId}', { tradeId: id }, tiesOf(clientId));
    put('/api/v1/trading/parked/{dealId}', { dealId });
  }
  for (const { id, owner } of await list(api, 'listLedgerAccounts', LedgerAccount, by))
    put(
      '/api/v1/ledger/accounts/{accountId}',
      { accountId: id },
      owner.kind === 'ib' ? { ibId: owner.id } : { clientId: owner.id },
    );
  for (const { id, beneficiary } of await list(api, 'listStatements', Statement, by))
    put(
      '/api/v1/statements/{statementId}',
      { statementId: id },
      beneficiary.startsWith('ibr_') ? { ibId: beneficiary } : { clientId: beneficiary },
    );
  for (const { id } of await list(api, 'listPlans', WithId, by)) {
    put('/api/v1/plans/{planId}', { planId: id });
    put('/api/v1/plans/{planId}/versions/{number}', { planId: id, number: '1' });
  }
  for (const { id } of await list(api, 'listFeedSources', WithId, by))
    put('/api/v1/trading/sources/{sourceId}', { sourceId: id });
  const grantId = PlatformGrantId.parse(freshId('gra'));
  const operatorId = UserId.parse(freshId('usr'));
  await inTenant((tx) => insertGrant(tx, { id: grantId, operatorId }));
  put('/api/v1/platform-grants/{grantId}', { grantId });
  const discrepancyId = DiscrepancyId.parse(freshId('dif'));
  await inTenant((tx) => insertDiscrepancy(tx, { id: discrepancyId }));
  put('/api/v1/discrepancies/{discrepancyId}', { discrepancyId });
  put('/api/v1/desks/{deskId}', { deskId });
  put('/api/v1/users/{userId}', { userId: colleague.id });
  put('/api/v1/auth/sessions/{sessionId}', { sessionId: colleague.sessionId }, { userId: colleague.id });
  const taskId = freshId('tsk');
  put('/api/v1/tasks/{taskId}', { taskId }, {}, false);
  put('/api/v1/tasks/{taskId}/files/{name}', { taskId, name: 'rows.csv' }, {}, false);
  const passkeyId = freshId('pas');
  await inTenant((tx) => insertPasskey(tx, { id: passkeyId, userId: colleague.id }));
  put('/api/v1/auth/passkeys/{passkeyId}', { passkeyId }, { userId: colleague.id });
  for (const { key, params, ties } of await plantAwards(world)) put(key, { ...params }, ties);
  for (const { key, params, ties } of await plantPayouts({ operationOf, ...world })) put(key, { ...params }, ties);
  await ask(world, put);
  return objects;
}

/** What is made by asking: an approval that waits, an invitation, a key. */
async function ask({ api, by, ibs, own }: Collecting, put: Put): Promise<void> {
  const call = async (id: string, body: object, params: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    (await api.call(operationOf(id), { ...by, params, body })).ok();
  const leaf = ibs.find(({ id }) => id !== own.ibId) ?? { id: '' };
  const kim = ibs.at(-1) ?? leaf;
  const root = await list(api, 'listIbs', z.object({ id: z.string(), parentId: z.string().nullable() }), by);
  const to = root.find(({ parentId }) => parentId === null)?.id;
  const from = root.find(({ parentId }) => parentId === own.ibId)?.id ?? kim.id;
  const { approvalId } = z
    .object({ approvalId: z.string() })
    .parse(await call('moveIb', { parentId: to, reason: 'For the matrix' }, { ibId: from }));
  put('/api/v1/approvals/{approvalId}', { approvalId });
  const rows = [{ resource: 'plans', actions: ['list'], conditions: ['all'], masked: [] }];
  await call('createRole', { name: `role_of_${by.tenant}`, description: 'For the matrix', rows });
  put('/api/v1/roles/{name}', { name: `role_of_${by.tenant}` });
  await call('createRole', { name: 'gone_again', description: 'For the matrix', rows });
  (await api.call(operationOf('removeRole'), { ...by, params: { name: 'gone_again' } })).ok();
  put('/api/v1/roles/{name}', { name: 'gone_again' }, {}, false);
  const email = `invited@${by.tenant}.example`;
  const invitation = WithId.parse(await call('inviteUser', { email, name: 'Somebody', roles: ['support'] }));
  put('/api/v1/users/invitations/{invitationId}', { invitationId: invitation.id });
  const rerun = await call('askRerun', { selection: { from: '2026-03-01T00:00:00Z' }, reason: 'For the matrix' });
  put('/api/v1/commission-reruns/{rerunId}', { ...z.object({ rerunId: z.string() }).parse(rerun) });
  const made = await call('createApiKey', { name: 'For the matrix', scopes: ['plans:list'] });
  const { apiKey } = z.object({ apiKey: WithId }).parse(made);
  put('/api/v1/api-keys/{apiKeyId}', { apiKeyId: apiKey.id });
}

function refsOf(
  objects: ReadonlyMap<string, readonly Planted[]>,
  own: TenantWorld['own'],
  { id: userId }: Person,
): Refs {
  const ids = (key: string, name: string): string[] => (objects.get(key) ?? []).map(({ params }) => params[name] ?? '');
  const [first = '', second = ''] = ids('/api/v1/ledger/accounts/{accountId}', 'accountId');
  const [trade = ''] = ids('/api/v1/trades/{tradeId}', 'tradeId');
  return {
    clientId: own.clientId,
    ibId: own.ibId,
    deskId: own.deskId,
    userId,
    ledgerAccountIds: [first, second],
    dealId: trade.replace(/^trd/, 'dea'),
  };
}

/** Another id of the same form, which nobody has. */
export const absentLike = (value: string): string => {
  const [, prefix] = /^([a-z]{3})_/.exec(value) ?? [];
  if (prefix === undefined) return /^\d+$/.test(value) ? '99999' : 'nobody_has_this';
  return ['trd', 'dea'].includes(prefix) ? `${prefix}_0000000000000000000000ZZZZ` : freshId(prefix);
};
