import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isWithinReach, pageOfClients, reachParams, withinReach } from '../../src/clients/index.ts';
import { pageOfTradingAccounts } from '../../src/clients/accounts/service.ts';
import { pageOfDescendants, pageOfIbs } from '../../src/ib/directory/service.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { createIbs, downlineOf, moveIb } from '../../src/ib/index.ts';
import { reachesEverything, type Reach } from '../../src/platform/access.ts';
import { pagedQuery } from '../../src/platform/paging.ts';
import { query } from '../../src/platform/query.ts';
import { ClientId, DeskId, idFromUuid } from '../../src/kernel/ids.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { indexesOf, planOf, sequentialReads } from '../support/plans.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const IBS = 3_000;
const CLIENTS = 30_000;
const since = new Date('2016-01-01T00:00:00Z');
const nobody: Reach = { ...reachesEverything, everything: false };

const countReached = query(
  'test.count_reached',
  z.object({ clients: z.int() }),
  `select count(*)::integer as clients from clients.clients c where ${withinReach('c.key')}`,
);
const reachedPage = pagedQuery(
  'test.reached_page',
  z.object({ id: ClientId, createdAt: z.date() }),
  `select c.id, c.created_at as "createdAt" from clients.clients c where ${withinReach('c.key')}`,
  {
    sorts: { createdAt: { column: 'createdAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: ClientId, type: 'uuid' },
  },
);
const oneReached = query(
  'test.one_reached',
  z.object({ key: z.int() }),
  `select c.key from clients.clients c where c.key = :key::integer and ${isWithinReach('c.key')}`,
);
/** As createClients and linkClients write them, in two statements. */
const insertMany = query(
  'test.insert_many_clients',
  z.object({ key: z.int(), id: ClientId }),
  `insert into clients.clients (id, name) select gen_random_uuid(), 'Client ' || place from generate_series(1, :count::integer) place
   returning key, id`,
);
const linkMany = query(
  'test.link_many_clients',
  z.object({}),
  `insert into ib.client_links (client_key, ib_key, valid_from, recorded_at, reason)
   select client_key, ib_key, :since::timestamptz, :since::timestamptz, 'linked'
     from unnest(:keys::integer[], :ibKeys::integer[]) as g (client_key, ib_key)`,
);
const giveToDesk = query(
  'test.give_to_desk',
  z.object({}),
  `update clients.clients set desk_id = :deskId where key = any (:keys::integer[])`,
);

describe(`Among ${IBS} IBs and ${CLIENTS} clients`, () => {
  let acme: TestTenant;
  let ibs: Awaited<ReturnType<typeof createIbs>>;
  let clients: Awaited<ReturnType<typeof insertMany>>;
  const deskId = DeskId.parse(idFromUuid('dsk', randomUUID()));
  const parentOf = (index: number): number | null =>
    index < 20 ? null : (index * 2_654_435_761) % Math.max(20, index >> 3);
  const ibOf = (index: number) => {
    const ib = ibs[index];
    if (ib === undefined) throw new Error('no such IB');
    return ib;
  };

  beforeAll(async () => {
    acme = await openTestTenant();
    const places = (count: number) => Array.from({ length: count }, (_none, index) => index);
    ibs = await acme.inTenant((tx) =>
      createIbs(
        tx,
        places(IBS).map((index) => ({ name: `IB ${index}`, parent: parentOf(index), validFrom: since })),
      ),
    );
    clients = await acme.inTenant((tx) => insertMany(tx, { count: CLIENTS }));
    clients.sort((left, right) => left.key - right.key);
    await acme.inTenant((tx) =>
      linkMany(tx, {
        keys: clients.map(({ key }) => key),
        ibKeys: clients.map((_client, index) => ibOf((index * 7) % IBS).key),
        since,
      }),
    );
    await acme.inTenant((tx) => giveToDesk(tx, { deskId, keys: clients.slice(0, 30).map(({ key }) => key) }));
    await asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw('vacuum analyze'));
  });
  afterAll(() => acme.close());

  const subtree = (index: number): Reach => ({ ...nobody, subtreeOf: ibOf(index).id });
  const page = { limit: 50, sort: 'createdAt' } as const;

  it('a list within a subtree is one range of the closure, the links of its IBs and the clients behind them', async () => {
    for (const index of [3, 2_700]) {
      const plan = await acme.inTenant((tx) => planOf(tx, () => reachedPage(tx, reachParams(subtree(index)), page)));
      expect(sequentialReads(plan).filter((table) => table !== 'structure')).toEqual([]);
      expect(indexesOf(plan, 'closure')).toEqual(['closure_downline']);
      expect(indexesOf(plan, 'client_links')).toEqual(['client_links_of_ib']);
      expect(indexesOf(plan, 'clients')).toContain('clients_pkey');
    }
  });

  it('so are the lists of the product: clients, accounts, IBs, descendants', async () => {
    const { reach, masked } = { reach: subtree(2_700), masked: new Set<string>() };
    const ib = ibOf(2_700).id;
    const lists: readonly ((tx: TenantTx) => Promise<unknown>)[] = [
      (tx) => pageOfClients(tx, { reach, masked }, {}, page),
      (tx) => pageOfClients(tx, { reach, masked }, { country: 'DE', q: '900101' }, page),
      (tx) => pageOfClients(tx, { reach: reachesEverything, masked }, { ibId: ib }, page),
      (tx) => pageOfTradingAccounts(tx, reach, {}, { limit: 50, sort: 'openedAt' }),
    ];
    for (const list of lists) {
      const plan = await acme.inTenant((tx) => planOf(tx, () => list(tx)));
      const large = sequentialReads(plan).filter(
        (table) => table === 'clients' || table === 'client_links' || table === 'closure',
      );
      expect(large).toEqual([]);
    }
    const trees: readonly ((tx: TenantTx) => Promise<unknown>)[] = [
      (tx) => pageOfIbs(tx, subtree(2_700), {}, { limit: 50, sort: 'name' }),
      (tx) => pageOfDescendants(tx, subtree(2_700), { ibId: ib }, { limit: 50, sort: 'depth' }),
    ];
    for (const list of trees) {
      const plan = await acme.inTenant((tx) => planOf(tx, () => list(tx), { last: true }));
      expect(
        sequentialReads(plan).filter((table) => table === 'closure' || table === 'ibs' || table === 'edges'),
      ).toEqual([]);
    }
  });

  it('whoever reaches everything pays nothing for the condition', async () => {
    const plan = await acme.inTenant((tx) => planOf(tx, () => reachedPage(tx, reachParams(reachesEverything), page)));
    expect(indexesOf(plan, 'closure')).toEqual([]);
    expect(indexesOf(plan, 'clients')).toEqual(['clients_by_creation']);
    expect(sequentialReads(plan)).toEqual([]);
  });

  it('gives the clients of the subtree, of the desk, the own one, all of these together, or none', async () => {
    const count = async (reach: Reach) =>
      (await acme.inTenant((tx) => countReached(tx, reachParams(reach))))[0]?.clients;
    const below = new Set((await acme.inTenant((tx) => downlineOf(tx, { ibId: ibOf(3).id }))).map(({ key }) => key));
    const expected = clients.filter((_client, index) => below.has(ibOf((index * 7) % IBS).key)).length;
    expect(expected).toBeGreaterThan(1_000);
    expect(await count(subtree(3))).toBe(expected);
    expect(await count({ ...nobody, deskIds: [deskId] })).toBe(30);
    const own = clients.find((_client, index) => index >= 30 && !below.has(ibOf((index * 7) % IBS).key));
    expect(await count({ ...nobody, deskIds: [deskId], clientId: own?.id ?? null })).toBe(31);
    expect(await count(nobody)).toBe(0);
    expect(await count(reachesEverything)).toBe(CLIENTS);
  });

  it('asks for one client from below, and follows a move at once', async () => {
    const reached = async (reach: Reach, key: number) =>
      (await acme.inTenant((tx) => oneReached(tx, { key, ...reachParams(reach) }))).length === 1;
    const [first] = clients;
    const key = first?.key ?? 0; // Belongs to IB 0, a master.
    expect(await reached(subtree(0), key)).toBe(true);
    expect(await reached(subtree(1), key)).toBe(false);
    await acme.inTenant((tx) => moveIb(tx, { ibId: ibOf(0).id, parentId: ibOf(1).id, reason: 'merged' }));
    expect(await reached(subtree(1), key)).toBe(true);
    expect(await reached(subtree(2), key)).toBe(false);
    expect(await reached({ ...nobody, deskIds: [deskId] }, key)).toBe(true);
    expect(await reached(nobody, key)).toBe(false);
  });
});
