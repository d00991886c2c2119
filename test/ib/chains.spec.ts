import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClients } from '../../src/clients/index.ts';
import { chainsOf, createIbs, linkClients, moveIb, relinkClient, setStatus, verifyTree } from '../../src/ib/index.ts';
import { query } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const linkEvents = query(
  'test.link_events',
  z.object({ stream: z.string(), links: z.int() }),
  `
  select stream, jsonb_array_length(payload -> 'linkKeys') as links from platform.events where type = 'ib.clients_linked' order by seq desc limit 1`,
);

const since = new Date('2016-01-01T00:00:00Z');
const ahead = (days: number): Date => new Date(Date.now() + days * 86_400_000);

describe('A client belongs to an IB, and the chain above is read as of an instant', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  /** Maria > Omar and Maria > Lena, a client, and nothing linked. */
  const scene = () =>
    acme.inTenant(async (tx) => {
      const [maria, omar, lena] = await createIbs(tx, [
        { name: 'Maria', parent: null, validFrom: since },
        { name: 'Omar', parent: 0, validFrom: since },
        { name: 'Lena', parent: 0, validFrom: since },
      ]);
      const [client] = await createClients(tx, [{ name: 'A client' }]);
      if (maria === undefined || omar === undefined || lena === undefined || client === undefined)
        throw new Error('three IBs and a client');
      return { maria, omar, lena, clientKey: client.key };
    });
  const chainAt = async (clientKey: number, at: Date, knownAt?: Date) =>
    (await acme.inTenant((tx) => chainsOf(tx, [{ clientKey, atMs: at.getTime() }], knownAt))).chains[0] ?? null;
  const keysAt = async (clientKey: number, at: Date, knownAt?: Date) =>
    (await chainAt(clientKey, at, knownAt))?.levels.map((level) => level.ibKey) ?? null;
  const link = (links: Parameters<typeof linkClients>[1]) => acme.inTenant((tx) => linkClients(tx, links));

  it('gives a trade to the new IB from the very instant at which a client moves, whenever its position was opened', async () => {
    const { maria, omar, lena, clientKey } = await scene();
    const movedAt = new Date('2026-03-10T00:00:00Z');
    await link([
      { clientKey, ibKey: omar.key, validFrom: since, validTo: movedAt },
      { clientKey, ibKey: lena.key, validFrom: movedAt },
    ]);
    expect(await keysAt(clientKey, new Date('2026-03-09T23:59:59.999Z'))).toEqual([omar.key, maria.key]);
    expect(await keysAt(clientKey, movedAt)).toEqual([lena.key, maria.key]);
    expect(await keysAt(clientKey, new Date('2026-03-10T15:00:00Z'))).toEqual([lena.key, maria.key]);
    expect(await chainAt(clientKey, new Date(since.getTime() - 1))).toBeNull();
  });

  it('answers in the order asked, a pair asked twice included, and says which link and which knowledge it used', async () => {
    const { omar, lena, clientKey } = await scene();
    const [other] = await acme.inTenant((tx) => createClients(tx, [{ name: 'Another' }]));
    await link([
      { clientKey, ibKey: omar.key, validFrom: since },
      { clientKey: other?.key ?? 0, ibKey: lena.key, validFrom: since },
    ]);
    const pair = { clientKey, atMs: Date.now() };
    const { chains, knownAt } = await acme.inTenant((tx) =>
      chainsOf(tx, [
        pair,
        { clientKey: 2_000_000_000, atMs: 0 },
        { clientKey: other?.key ?? 0, atMs: pair.atMs },
        pair,
      ]),
    );
    expect(chains.map((chain) => chain?.levels[0]?.ibKey)).toEqual([omar.key, undefined, lena.key, omar.key]);
    expect(chains[0]).toBe(chains[3]);
    expect(chains[0]?.linkKey).toBeTypeOf('number');
    const [latest] = await acme.inTenant((tx) => linkEvents(tx, {}));
    expect(latest).toEqual({ stream: 'ib_clients', links: 2 });
    expect(knownAt.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('gives the same chain again to whoever asks with the same knowledge, whatever was recorded since', async () => {
    const { maria, omar, lena, clientKey } = await scene();
    await link([{ clientKey, ibKey: omar.key, validFrom: since }]);
    const at = ahead(2);
    const pairs = [{ clientKey, atMs: at.getTime() }];
    const before = await acme.inTenant((tx) => chainsOf(tx, pairs));
    await acme.inTenant((tx) => setStatus(tx, { ibId: maria.id, status: 'suspended', reason: 'audit' }));
    await acme.inTenant((tx) => moveIb(tx, { ibId: omar.id, parentId: null, reason: 'agreed' }));
    await acme.inTenant((tx) => relinkClient(tx, { clientKey, ibId: lena.id, effectiveAt: ahead(1), reason: 'asked' }));
    expect(await acme.inTenant((tx) => chainsOf(tx, pairs, before.knownAt))).toEqual(before);
    expect(await chainAt(clientKey, at)).toMatchObject({
      levels: [
        { ibKey: lena.key, depth: 0, status: 'active' },
        { ibKey: maria.key, depth: 1, status: 'suspended' },
      ],
    });
  });

  it('says the status of each IB as of the instant', async () => {
    const { omar, clientKey } = await scene();
    await link([{ clientKey, ibKey: omar.key, validFrom: since }]);
    const { effectiveAt } = await acme.inTenant((tx) =>
      setStatus(tx, { ibId: omar.id, status: 'terminated', reason: 'left' }),
    );
    const statusAt = async (at: Date) => (await chainAt(clientKey, at))?.levels.map((level) => level.status);
    expect(await statusAt(new Date(effectiveAt.getTime() - 1))).toEqual(['active', 'active']);
    expect(await statusAt(effectiveAt)).toEqual(['terminated', 'active']);
  });

  it('gives a client to another IB now or ahead, or to none, until the next that is scheduled', async () => {
    const { maria, omar, lena, clientKey } = await scene();
    const relink = (ibId: typeof omar.id | null, effectiveAt?: Date) =>
      acme.inTenant((tx) =>
        relinkClient(tx, { clientKey, ibId, reason: 'asked', ...(effectiveAt && { effectiveAt }) }),
      );
    const inTen = ahead(10);
    await relink(lena.id, inTen);
    expect((await relink(omar.id)).until).toEqual(inTen);
    expect((await relink(null, ahead(5))).until).toEqual(inTen);
    expect(await keysAt(clientKey, ahead(4))).toEqual([omar.key, maria.key]);
    expect(await keysAt(clientKey, ahead(6))).toBeNull();
    expect(await keysAt(clientKey, ahead(11))).toEqual([lena.key, maria.key]);
    await expect(relink(lena.id, new Date(Date.now() - 60_000))).rejects.toMatchObject({ code: 'ib.move_backdated' });
    await expect(relink(omar.id, ahead(1))).rejects.toMatchObject({ code: 'ib.move_unchanged' });
  });

  it('refuses two IBs for a client at one time, an unknown client or IB, an IB that joins later, and an empty link', async () => {
    const { omar, lena, clientKey } = await scene();
    const validFrom = since;
    await link([
      {
        clientKey,
        ibKey: omar.key,
        validFrom: new Date('2020-01-01T00:00:00Z'),
        validTo: new Date('2021-01-01T00:00:00Z'),
      },
    ]);
    await expect(link([{ clientKey, ibKey: lena.key, validFrom }])).rejects.toMatchObject({ code: 'ib.client_linked' });
    const twice = link([
      { clientKey, ibKey: lena.key },
      { clientKey, ibKey: omar.key },
    ]);
    await expect(twice).rejects.toMatchObject({ code: 'ib.client_linked' });
    const unknown = link([{ clientKey: 2_000_000_000, ibKey: lena.key, validFrom }]);
    await expect(unknown).rejects.toMatchObject({ code: 'ib.client_unknown' });
    await expect(link([{ clientKey, ibKey: 2_000_000_000, validFrom }])).rejects.toMatchObject({ code: 'ib.unknown' });
    const early = link([{ clientKey, ibKey: lena.key, validFrom: new Date(since.getTime() - 1) }]);
    await expect(early).rejects.toMatchObject({ code: 'ib.not_yet_valid' });
    const empty = link([{ clientKey, ibKey: lena.key, validFrom, validTo: validFrom }]);
    await expect(empty).rejects.toMatchObject({ code: 'ib.link_empty' });
    expect(await acme.inTenant((tx) => verifyTree(tx))).toEqual([]);
  });
});
