import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type OperationForm, isRight } from '../../src/kernel/operation.ts';
import { allOperations } from '../../src/main/api-routes.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { testOrigin } from '../support/tenancy.ts';
import { bodies, type Refs } from './matrix/bodies.ts';
import { type Actor, makeCast, rightsTable } from './matrix/cast.ts';
import { keyOf } from './matrix/cases.ts';
import { plantPlatform } from './matrix/platform.ts';
import { plantTenant } from './matrix/world.ts';

/** What only the server says, as a caller would like to say it (A25). */
const serverOwned: Readonly<Record<string, unknown>> = {
  id: 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  key: 1,
  tenantId: 'tnt_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  tenant: 'zenith',
  role: 'owner',
  isAdmin: true,
  rights: [{ resource: 'clients', action: 'list' }],
  balance: { amount: '1000000.00', currency: 'USD' },
  kycState: 'approved',
  rate: '99',
  rebate: '99',
  status: 'active',
  state: 'approved',
  createdAt: '2020-01-01T00:00:00.000Z',
  updatedAt: '2020-01-01T00:00:00.000Z',
  approvedBy: 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  requestedBy: 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  ownerUserId: 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  emailVerifiedAt: '2020-01-01T00:00:00.000Z',
  provenAt: '2020-01-01T00:00:00.000Z',
  version: 7,
};
const AT_ONCE = 8;

/** Every operation that takes JSON from a caller. */
const writing = allOperations().filter(({ body }) => body !== undefined && body !== 'bytes');

const heads = realmQuery('test.event_head_now', z.object({ seq: z.bigint() }), 'select seq from platform.event_head');

/** Whether a schema itself takes a field of this name: then it is the caller's to say, and not the server's. */
const takes = ({ body }: OperationForm, whole: Record<string, unknown>): boolean =>
  typeof body === 'object' && body.safeParse(whole).success;

describe('What only the server says is never taken from a caller', () => {
  let api: TestApi;
  let refs: Refs;
  let cast: Actor[];
  let params: (operation: OperationForm) => Readonly<Record<string, string>>;
  beforeAll(async () => {
    api = await openTestApi();
    const acme = await plantTenant(api, 'acme');
    refs = acme.refs;
    cast = await makeCast(api, 'acme', acme);
    const operator = cast.find(({ role }) => role === 'operator');
    if (operator === undefined) throw new Error('nobody operates');
    const objects = new Map([...acme.objects, ...(await plantPlatform(api, operator))]);
    params = (operation) => objects.get(keyOf(operation) ?? '')?.[0]?.params ?? {};
  });
  afterAll(() => api.close());

  /** Who may call an operation, or anybody for what is public or one's own. */
  const actorFor = ({ need, on }: OperationForm): Actor | undefined => {
    const has = (role: string): boolean =>
      !isRight(need) ||
      rightsTable.some(
        (row) => row.role === role && row.resource === need.resource && row.actions.includes(need.action),
      );
    const role = on === 'bare' ? 'operator' : (['owner', 'client', 'ib'].find(has) ?? 'owner');
    return cast.find((actor) => actor.role === role);
  };

  const written = async (): Promise<bigint[]> => {
    const { id } = api.tenantOf('acme');
    const there = await api.withTenant(id, testOrigin, (tx) => heads(tx, {}));
    const here = await api.withControl((tx) => heads(tx, {}));
    return [...there, ...here].map(({ seq }) => seq);
  };

  async function faultsOf(operation: OperationForm): Promise<string[]> {
    const actor = actorFor(operation);
    const good = bodies[operation.id]?.(refs) as Record<string, unknown>;
    const tries = Object.entries(serverOwned)
      .map(([name, value]) => ({ name, body: { ...good, [name]: value } }))
      .filter(({ name, body }) => !(name in good) && !takes(operation, body));
    const answers = tries.map(async ({ name, body }) => {
      const sent = await api.call(operation, {
        tenant: actor === undefined ? 'acme' : actor.tenant,
        token: actor?.token,
        params: params(operation),
        body,
        headers: operation.isIdempotent === true ? { 'idempotency-key': `owned-${operation.id}-${name}` } : {},
      });
      return sent.status === 422 && sent.code === 'http.body_invalid'
        ? []
        : [`${operation.id} with ${name}: ${sent.status} ${sent.code ?? ''}`];
    });
    return (await Promise.all(answers)).flat();
  }

  it('refuses each such field on each operation that takes a body, and nothing of it is kept', async () => {
    const before = await written();
    const faults: string[] = [];
    for (let from = 0; from < writing.length; from += AT_ONCE)
      faults.push(...(await Promise.all(writing.slice(from, from + AT_ONCE).map(faultsOf))).flat());
    expect(faults).toEqual([]);
    expect(await written()).toEqual(before);
  });

  it('knows which of these fields an operation takes of its own, and no others', async () => {
    const taken = writing.flatMap((operation) => {
      const good = bodies[operation.id]?.(refs) as Record<string, unknown>;
      return Object.entries(serverOwned)
        .filter(([name, value]) => name in good || takes(operation, { ...good, [name]: value }))
        .map(([name]) => `${operation.id} ${name}`);
    });
    expect(taken.toSorted()).toEqual(['createEntry role', 'setIbStatus status']);
  });
});
