import type { z } from 'zod';
import { z as zod } from 'zod';
import { createClients, openAccounts } from '../../src/clients/index.ts';
import { createIbs, linkClients } from '../../src/ib/index.ts';
import { makeApiKey } from '../../src/identity/api-keys/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { type ClientId, DeskId, type IbId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import type { OperationForm } from '../../src/kernel/operation.ts';
import { query } from '../../src/platform/query.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { openTestApi, pathOf } from '../support/api.ts';
import { readConformance } from '../support/conformance.ts';
import { makePerson, type PersonWords } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;

/** What a test asks: of an operation, as whom. A path or body that no type lets through is given by `raw`. */
export type Asked<Op extends OperationForm> = {
  readonly params?: In<Op['params']>;
  readonly query?: In<Op['query']>;
  readonly body?: In<Op['body']>;
};

type GoodBody<Op extends OperationForm> = {
  [Status in keyof Op['answers'] & number]: Op['answers'][Status] extends z.ZodType
    ? z.output<Op['answers'][Status]>
    : undefined;
}[keyof Op['answers'] & number];

/** An answer that is as the description says. */
export type Answer<Op extends OperationForm = OperationForm> = {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
  readonly body: unknown;
  /** The answer that works, or a failure of the test that says what was answered. */
  readonly ok: () => GoodBody<Op>;
};

const usd = Currency.parse('USD');
const since = new Date('2020-01-01T00:00:00Z');

/** Contact data that nobody else has, so that a leak is seen wherever it comes up. */
const contactOf = (name: string, place: number, country = 'DE') => ({
  name,
  firstName: name,
  lastName: 'Canary',
  email: `${name.toLowerCase()}.secret${place}@mail${place}.example.com`,
  phone: `+49302312590${place}`,
  country,
  kycState: 'approved' as const,
});

const allEvents = query(
  'test.all_events',
  zod.object({
    stream: zod.string(),
    type: zod.string(),
    actor: zod.string(),
    payload: zod.record(zod.string(), zod.unknown()),
  }),
  `select stream, type, actor, payload from platform.events order by seq`,
);
const assignAtOnce = query(
  'test.assign_at_once',
  zod.object({}),
  `update clients.clients set owner_user_id = :ownerUserId, desk_id = :deskId where key = :key::integer`,
);
const insertDesk = query(
  'test.insert_desk',
  zod.object({}),
  `insert into identity.desks (id, name) values (:deskId, :name::text)`,
);
export type Scene = Awaited<ReturnType<typeof openScene>>;

/**
 * A broker with the tree Maria > Omar > Lena, and Pavel beside it. Kim is Lena's client and Sam's (of sales), Ines is
 * Omar's and the desk North's, Rosa is Pavel's, Yuki is nobody's. Callers stand under names; each may be asked as.
 */
export async function openScene() {
  const api = await openTestApi();
  const tenant = api.tenantOf('acme');
  const inTenant = <T>(work: (tx: TenantTx) => Promise<T>): Promise<T> => api.withTenant(tenant.id, testOrigin, work);
  const names = ['Maria', 'Omar', 'Lena', 'Pavel'] as const;
  const made = await inTenant((tx) =>
    createIbs(
      tx,
      names.map((name, index) => ({
        name,
        parent: name === 'Pavel' ? null : index - 1 < 0 ? null : index - 1,
        validFrom: since,
      })),
    ),
  );
  const ib = Object.fromEntries(names.map((name, index) => [name, made[index]?.id])) as Record<
    (typeof names)[number],
    IbId
  >;
  const people = ['Kim', 'Ines', 'Rosa', 'Yuki'] as const;
  const created = await inTenant((tx) =>
    createClients(
      tx,
      people.map((name, index) => contactOf(name, index, index === 3 ? 'FR' : 'DE')),
    ),
  );
  const client = Object.fromEntries(people.map((name, index) => [name, created[index]?.id])) as Record<
    (typeof people)[number],
    ClientId
  >;
  const keyOf = (name: (typeof people)[number]): number => created[people.indexOf(name)]?.key ?? 0;
  const ibKey = (place: number): number => made[place]?.key ?? 0;
  const accounts = await inTenant(async (tx) => {
    await linkClients(tx, [
      { clientKey: keyOf('Kim'), ibKey: ibKey(2), validFrom: since },
      { clientKey: keyOf('Ines'), ibKey: ibKey(1), validFrom: since },
      { clientKey: keyOf('Rosa'), ibKey: ibKey(3), validFrom: since },
    ]);
    return openAccounts(
      tx,
      people.map((name, index) => ({
        clientKey: keyOf(name),
        server: 'Acme-Live',
        login: 900_101n + BigInt(index),
        group: 'real\\standard',
        currency: usd,
      })),
    );
  });
  const north = DeskId.parse(idFromUuid('dsk', newUuid(Date.now())));
  const [waiting] = await inTenant(async (tx) => {
    await insertDesk(tx, { deskId: north, name: 'North' });
    return createClients(tx, [{ name: 'Zora' }]);
  });
  const person = async (words: PersonWords) => {
    const { id, token } = await makePerson(api, words);
    return { id: id as string, token };
  };
  const sales = await makePerson(api, { roles: ['sales'], desks: [north] });
  await inTenant(async (tx) => {
    await assignAtOnce(tx, { key: keyOf('Kim'), ownerUserId: sales.id, deskId: null });
    await assignAtOnce(tx, { key: keyOf('Ines'), ownerUserId: null, deskId: north });
  });
  const program = await inTenant((tx) =>
    makeApiKey(tx, { userId: null }, { name: 'crm', scopes: ['clients:list', 'clients:create', 'ibs:list'] }),
  );
  const callers = {
    admin: await person({ roles: ['admin'] }),
    owner: await person({ roles: ['owner'] }),
    compliance: await person({ roles: ['compliance'] }),
    finance: await person({ roles: ['finance'] }),
    support: await person({ roles: ['support'] }),
    auditor: await person({ roles: ['auditor'] }),
    sales: { id: sales.id as string, token: sales.token },
    otherSales: await person({ roles: ['sales'] }),
    omar: await person({ roles: ['ib'], ibId: ib.Omar }),
    pavel: await person({ roles: ['ib'], ibId: ib.Pavel }),
    lena: await person({ roles: ['ib'], ibId: ib.Lena }),
    kim: await person({ roles: ['client'], clientId: client.Kim }),
    pending: await person({ roles: ['client'], ...(waiting && { clientId: waiting.id }) }),
    program: { id: 'program', token: program.key },
  };
  type Name = keyof typeof callers;
  const conformance = readConformance();

  /** Sends anything to an operation's path; the answer must be as the operation is described. */
  const raw = async <const Op extends OperationForm>(
    operation: Op,
    as: Name,
    { path = operation.path, body }: { readonly path?: string; readonly body?: string } = {},
  ): Promise<Answer<Op>> => {
    const answer = await api.raw({
      path,
      method: operation.method.toUpperCase() as 'GET' | 'POST',
      headers: {
        authorization: `Bearer ${callers[as].token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    });
    const faults = conformance.faultsOf(operation, answer);
    const said = `${operation.id} as ${as}: ${answer.status} ${answer.text()}`;
    if (faults.length > 0) throw new Error(`off the description: ${faults.join('; ')}\n${said}`);
    const parsed = answer.json() as Record<string, unknown>;
    return {
      status: answer.status,
      code: typeof parsed['code'] === 'string' ? parsed['code'] : undefined,
      text: answer.text(),
      body: parsed,
      ok: () => {
        if (answer.status >= 400) throw new Error(said);
        return parsed as GoodBody<Op>;
      },
    };
  };
  const call = <const Op extends OperationForm>(operation: Op, as: Name, asked: Asked<Op> = {}): Promise<Answer<Op>> =>
    raw(operation, as, {
      path: pathOf(operation, asked.params, asked.query),
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    });
  return {
    api,
    inTenant,
    tenant,
    close: api.close,
    call,
    raw,
    callers,
    ib,
    client,
    accounts,
    desk: north,
    sam: sales.id,
    keyOf,
    events: () => inTenant((tx) => allEvents(tx, {})),
  };
}
