import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../src/clients/index.ts';
import { chainsOf, createIbs, downlineOf, linkClients, moveIb, uplineOf, verifyTree } from '../../src/ib/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { planOf, type PlanNode } from '../support/plans.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const IBS = 10_000;
const since = new Date('2016-01-01T00:00:00Z');

/** The ways by which a plan reads the tables of the tree, and whether it sorts. */
const reads = (nodes: readonly PlanNode[]) => ({
  closure: nodes
    .filter((node) => node['Relation Name'] === 'closure')
    .map((node) => [node['Node Type'], node['Index Name']]),
  sequential: nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']),
  sorts: nodes.filter((node) => /Sort/.test(node['Node Type'])).length,
});

describe(`At ${IBS} IBs the tree is read by one index range`, () => {
  let acme: TestTenant;
  let ids: Awaited<ReturnType<typeof createIbs>>;
  let clients: Awaited<ReturnType<typeof createClients>>;
  beforeAll(async () => {
    acme = await openTestTenant();
    // Twenty masters, everybody else somewhere below: place by a fixed hash, some levels deep.
    const parentOf = (index: number): number | null =>
      index < 20 ? null : (index * 2_654_435_761) % Math.max(20, index >> 3);
    ids = await acme.inTenant((tx) =>
      createIbs(
        tx,
        Array.from({ length: IBS }, (_none, index) => ({
          name: `IB ${index}`,
          parent: parentOf(index),
          validFrom: since,
        })),
      ),
    );
    clients = await acme.inTenant((tx) =>
      createClients(
        tx,
        Array.from({ length: 5_000 }, (_none, index) => ({ name: `Client ${index}` })),
      ),
    );
    const ibKeyOf = (index: number): number => ids[(index * 7) % IBS]?.key ?? 0;
    await acme.inTenant((tx) =>
      linkClients(
        tx,
        clients.map((client, index) => ({ clientKey: client.key, ibKey: ibKeyOf(index), validFrom: since })),
      ),
    );
  });
  afterAll(() => acme.close());
  const ibOf = (index: number) => {
    const ib = ids[index];
    if (ib === undefined) throw new Error('no such IB');
    return ib;
  };
  const at = new Date();

  it.each(['before its tables were ever analysed', 'after'])('%s', async (when) => {
    if (when === 'after')
      await asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw('vacuum analyze'));
    const [up, down] = await acme.inTenant(async (tx) => [
      reads(await planOf(tx, () => uplineOf(tx, { ibId: ibOf(9_000).id, at }))),
      reads(await planOf(tx, () => downlineOf(tx, { ibId: ibOf(3).id, at }))),
    ]);
    expect(up).toEqual({ closure: [['Index Only Scan', 'closure_upline']], sequential: [], sorts: 0 });
    expect(down).toEqual({ closure: [['Index Only Scan', 'closure_downline']], sequential: [], sorts: 0 });
  });

  it('reads a thousand chains with one probe of the links and one range of the upline each', async () => {
    const pairs = clients.slice(0, 1_000).map((client) => ({ clientKey: client.key, atMs: at.getTime() }));
    const plan = await acme.inTenant((tx) => planOf(tx, () => chainsOf(tx, pairs)));
    expect(reads(plan).closure).toEqual([['Index Only Scan', 'closure_upline']]);
    expect(plan.filter((node) => node['Relation Name'] === 'client_links').map((node) => node['Index Name'])).toEqual([
      'client_links_present',
    ]);
    const { chains } = await acme.inTenant((tx) => chainsOf(tx, pairs));
    expect(chains.every((chain) => chain !== null && chain.levels.length > 0)).toBe(true);
  });

  it('moves a master with all below it as a set, and still holds what must hold', async () => {
    const below = await acme.inTenant((tx) => downlineOf(tx, { ibId: ibOf(3).id, at }));
    expect(below.length).toBeGreaterThan(100);
    const { effectiveAt } = await acme.inTenant((tx) =>
      moveIb(tx, { ibId: ibOf(3).id, parentId: ibOf(4).id, reason: 'merged' }),
    );
    const after = await acme.inTenant((tx) => uplineOf(tx, { ibId: below.at(-1)?.id ?? ibOf(3).id, at: effectiveAt }));
    expect(after.slice(-2).map((row) => row.key)).toEqual([ibOf(3).key, ibOf(4).key]);
    expect(await acme.inTenant((tx) => verifyTree(tx))).toEqual([]);
  });
});
