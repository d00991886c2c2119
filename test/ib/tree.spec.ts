import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createIb,
  createIbs,
  downlineOf,
  ibKeys,
  ibsAsOf,
  moveIb,
  setStatus,
  uplineOf,
  verifyTree,
} from '../../src/ib/index.ts';
import { IbId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const events = query(
  'test.ib_events',
  z.object({ type: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `
  select type, payload from platform.events where stream = :stream order by version`,
);
const rowsOf = query(
  'test.closure_rows',
  z.object({ rows: z.int() }),
  `select count(*)::integer as rows from ib.closure where descendant_key = :key`,
);
const rawEdge = query(
  'test.raw_edge',
  z.object({}),
  `
  with ended as (update ib.edges set superseded_at = now() where child_key = :child and superseded_at = 'infinity' returning valid_from)
  insert into ib.edges (child_key, parent_key, valid_from, recorded_at, reason) select :child, :parent, valid_from, now(), 'by hand' from ended`,
);
const rawClosure = query(
  'test.raw_closure',
  z.object({}),
  `
  insert into ib.closure (descendant_key, ancestor_key, depth, valid_from, recorded_at) values (:key, :key, 2, now(), now())`,
);
const overlap = query(
  'test.overlap',
  z.object({}),
  `
  insert into ib.edges (child_key, valid_from, valid_to, recorded_at, reason) values (:key, '2020-01-01', now() + interval '1 day', now(), 'by hand')`,
);
const revive = query(
  'test.revive',
  z.object({}),
  `update ib.edges set superseded_at = 'infinity' where superseded_at < 'infinity'`,
);
const forget = query('test.forget', z.object({}), `delete from ib.edges`);

const since = new Date('2016-01-01T00:00:00Z');
const ahead = (days: number): Date => new Date(Date.now() + days * 86_400_000);
const nobody = IbId.parse('ibr_01J9Z3K8QW00000000000000ZZ');

describe('The IB tree', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  /** Maria > Omar > Lena > Kim, since 2016. */
  const family = () =>
    acme.inTenant(async (tx) => {
      const names = ['Maria', 'Omar', 'Lena', 'Kim'];
      const made = await createIbs(
        tx,
        names.map((name, index) => ({ name, parent: index === 0 ? null : index - 1, validFrom: since })),
      );
      const [maria, omar, lena, kim] = made;
      if (maria === undefined || omar === undefined || lena === undefined || kim === undefined)
        throw new Error('four IBs');
      return { maria, omar, lena, kim };
    });
  const namesAbove = async (ibId: IbId, at?: Date, knownAt?: Date) =>
    (await acme.inTenant((tx) => uplineOf(tx, { ibId, ...(at && { at }), ...(knownAt && { knownAt }) }))).map(
      (row) => row.name,
    );
  const move = (ibId: IbId, parentId: IbId | null, effectiveAt?: Date) =>
    acme.inTenant((tx) => moveIb(tx, { ibId, parentId, reason: 'agreed', ...(effectiveAt && { effectiveAt }) }));

  it('is asked upward and downward, nearest first, the IB itself at depth 0', async () => {
    const { maria, lena } = await family();
    const above = await acme.inTenant((tx) => uplineOf(tx, { ibId: lena.id }));
    expect(above.map((row) => [row.name, row.depth])).toEqual([
      ['Lena', 0],
      ['Omar', 1],
      ['Maria', 2],
    ]);
    const below = await acme.inTenant((tx) => downlineOf(tx, { ibId: maria.id, at: since }));
    expect(below.map((row) => [row.name, row.depth])).toEqual([
      ['Maria', 0],
      ['Omar', 1],
      ['Lena', 2],
      ['Kim', 3],
    ]);
    expect(await namesAbove(lena.id, new Date(since.getTime() - 1))).toEqual([]);
  });

  it('takes a new IB under a parent or as a master, from now on, and records it', async () => {
    const { kim } = await family();
    const dana = await acme.inTenant((tx) => createIb(tx, { name: 'Dana', parent: kim.id }));
    expect(await namesAbove(dana.id)).toEqual(['Dana', 'Kim', 'Lena', 'Omar', 'Maria']);
    const [created] = await acme.inTenant((tx) => events(tx, { stream: `ib/${dana.id}` }));
    expect(created).toMatchObject({ type: 'ib.created', payload: { ibs: [{ id: dana.id, parentKey: kim.key }] } });
    expect(await acme.inTenant((tx) => ibKeys(tx, [kim.id, nobody]))).toEqual(new Map([[kim.id, kim.key]]));
  });

  it('refuses a parent that is unknown, that comes later in the list, or that joins later, and an id that is taken', async () => {
    const { maria } = await family();
    const create = (ibs: Parameters<typeof createIbs>[1]) => acme.inTenant((tx) => createIbs(tx, ibs));
    await expect(create([{ name: 'A', parent: nobody }])).rejects.toMatchObject({ code: 'ib.unknown' });
    await expect(
      create([
        { name: 'A', parent: 1 },
        { name: 'B', parent: null },
      ]),
    ).rejects.toMatchObject({ code: 'ib.parent_not_before' });
    const early = { name: 'A', parent: maria.id, validFrom: new Date('2015-01-01T00:00:00Z') };
    await expect(create([early])).rejects.toMatchObject({ code: 'ib.not_yet_valid' });
    await expect(create([{ name: 'A', parent: null, id: maria.id }])).rejects.toMatchObject({ code: 'ib.exists' });
  });

  it('moves an IB with all below it now; what was before stays as it was', async () => {
    const { maria, omar, lena, kim } = await family();
    const before = await acme.inTenant((tx) => rowsOf(tx, { key: kim.key }));
    const moved = await move(lena.id, maria.id);
    expect(moved).toEqual({ effectiveAt: moved.recordedAt, until: null, recordedAt: moved.recordedAt });
    expect(await namesAbove(kim.id)).toEqual(['Kim', 'Lena', 'Maria']);
    expect(await namesAbove(kim.id, new Date(moved.effectiveAt.getTime() - 1))).toEqual([
      'Kim',
      'Lena',
      'Omar',
      'Maria',
    ]);
    expect(await namesAbove(kim.id, moved.effectiveAt, new Date(moved.recordedAt.getTime() - 1))).toEqual([
      'Kim',
      'Lena',
      'Omar',
      'Maria',
    ]);
    const after = await acme.inTenant((tx) => rowsOf(tx, { key: kim.key }));
    expect((after[0]?.rows ?? 0) - (before[0]?.rows ?? 0)).toBe(3); // What Omar and Maria were until now, and what Maria is from now on.
    const payload = {
      ibId: lena.id,
      parentId: maria.id,
      effectiveAt: moved.effectiveAt.toISOString(),
      until: null,
      reason: 'agreed',
    };
    expect(await acme.inTenant((tx) => events(tx, { stream: `ib/${lena.id}` }))).toMatchObject([
      { type: 'ib.moved', payload },
    ]);
    await move(omar.id, null);
    expect(await namesAbove(omar.id)).toEqual(['Omar']);
  });

  it('moves an IB ahead of time and knows before and after that it will', async () => {
    const { maria, kim } = await family();
    const inTen = ahead(10);
    const { recordedAt } = await move(kim.id, maria.id, inTen);
    expect(await namesAbove(kim.id)).toEqual(['Kim', 'Lena', 'Omar', 'Maria']);
    expect(await namesAbove(kim.id, inTen)).toEqual(['Kim', 'Maria']);
    expect(await namesAbove(kim.id, inTen, new Date(recordedAt.getTime() - 1))).toEqual([
      'Kim',
      'Lena',
      'Omar',
      'Maria',
    ]);
  });

  it('lets a move hold until the next that is scheduled, and a move at the instant of a scheduled one take its place', async () => {
    const { maria, omar, kim } = await family();
    const inTen = ahead(10);
    await move(kim.id, maria.id, inTen);
    expect((await move(kim.id, omar.id, ahead(5))).until).toEqual(inTen);
    expect(await namesAbove(kim.id, ahead(6))).toEqual(['Kim', 'Omar', 'Maria']);
    expect(await namesAbove(kim.id, inTen)).toEqual(['Kim', 'Maria']);
    await move(kim.id, null, inTen);
    expect(await namesAbove(kim.id, inTen)).toEqual(['Kim']);
    expect(await namesAbove(kim.id, ahead(6))).toEqual(['Kim', 'Omar', 'Maria']);
  });

  it('refuses a move that is back-dated, changes nothing, or names an IB that is unknown or not there yet', async () => {
    const { maria, omar, kim } = await family();
    await expect(move(kim.id, maria.id, new Date(Date.now() - 60_000))).rejects.toMatchObject({
      code: 'ib.move_backdated',
    });
    await expect(move(omar.id, maria.id)).rejects.toMatchObject({ code: 'ib.move_unchanged' });
    await expect(move(nobody, maria.id)).rejects.toMatchObject({ code: 'ib.unknown' });
    await expect(move(kim.id, nobody)).rejects.toMatchObject({ code: 'ib.unknown' });
    const late = await acme.inTenant((tx) => createIb(tx, { name: 'Late', parent: null, validFrom: ahead(3) }));
    await expect(move(kim.id, late.id)).rejects.toMatchObject({ code: 'ib.not_yet_valid' });
    await expect(move(kim.id, late.id, ahead(4))).resolves.toBeDefined();
  });

  it('refuses to put an IB under itself or under anybody below it', async () => {
    const { maria, omar, kim } = await family();
    await expect(move(omar.id, omar.id)).rejects.toMatchObject({ code: 'ib.cycle' });
    await expect(move(maria.id, kim.id)).rejects.toMatchObject({ code: 'ib.cycle' });
    await expect(move(omar.id, kim.id)).rejects.toMatchObject({ code: 'ib.cycle' });
  });

  it('refuses a cycle that would arise only later, by a move that is scheduled already', async () => {
    const { omar } = await family();
    const zoe = await acme.inTenant((tx) => createIb(tx, { name: 'Zoe', parent: null }));
    await move(omar.id, zoe.id, ahead(10));
    await expect(move(zoe.id, omar.id)).rejects.toMatchObject({ code: 'ib.cycle' });
    await expect(move(zoe.id, omar.id, ahead(20))).rejects.toMatchObject({ code: 'ib.cycle' });
    await move(omar.id, null, ahead(15)); // From then on nothing stands in the way.
    await expect(move(zoe.id, omar.id, ahead(20))).resolves.toMatchObject({ until: null });
  });

  it('allows a move that ends, by a scheduled one, before it would become a cycle', async () => {
    const { omar } = await family();
    const zoe = await acme.inTenant((tx) => createIb(tx, { name: 'Zoe', parent: null }));
    const wim = await acme.inTenant((tx) => createIb(tx, { name: 'Wim', parent: null }));
    await move(zoe.id, wim.id, ahead(5));
    await move(omar.id, zoe.id, ahead(10));
    await move(zoe.id, omar.id); // Only until day 5.
    expect(await namesAbove(zoe.id)).toEqual(['Zoe', 'Omar', 'Maria']);
    expect(await namesAbove(omar.id, ahead(11))).toEqual(['Omar', 'Zoe', 'Wim']);
    expect(await acme.inTenant((tx) => verifyTree(tx))).toEqual([]);
  });

  it('lets only one of two moves through that together would make a cycle, at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [left, right] = await acme.inTenant((tx) =>
        createIbs(tx, [
          { name: 'Left', parent: null },
          { name: 'Right', parent: null },
        ]),
      );
      if (left === undefined || right === undefined) throw new Error('two IBs');
      const results = await Promise.allSettled([move(left.id, right.id), move(right.id, left.id)]);
      expect(results.filter((result) => result.status === 'rejected')).toMatchObject([
        { reason: { code: 'ib.cycle' } },
      ]);
    }
    expect(await acme.inTenant((tx) => verifyTree(tx))).toEqual([]);
  });

  it('is guarded by the database itself against cycles, two parents at a time, and history that changes', async () => {
    const { maria, omar, kim } = await family();
    const cycle = acme.inTenant((tx) => rawEdge(tx, { child: maria.key, parent: kim.key }));
    await expect(cycle).rejects.toMatchObject({ constraint: 'edges_no_cycle' });
    await expect(acme.inTenant((tx) => rawClosure(tx, { key: kim.key }))).rejects.toMatchObject({
      constraint: 'closure_no_cycle',
    });
    await expect(acme.inTenant((tx) => overlap(tx, { key: omar.key }))).rejects.toMatchObject({ code: '23P01' });
    await move(kim.id, omar.id);
    await expect(acme.inTenant((tx) => revive(tx, {}))).rejects.toMatchObject({ code: '23001' });
    await expect(acme.inTenant((tx) => forget(tx, {}))).rejects.toMatchObject({ code: '42501' });
  });

  it('suspends, resumes and terminates an IB from now on; a terminated one stays terminated', async () => {
    const { omar } = await family();
    const set = (status: 'active' | 'suspended' | 'terminated') =>
      acme.inTenant((tx) => setStatus(tx, { ibId: omar.id, status, reason: 'audit' }));
    const statusAt = async (at: Date) =>
      (await acme.inTenant((tx) => ibsAsOf(tx, { keys: [omar.key], at })))[0]?.status;
    await expect(set('active')).rejects.toMatchObject({ code: 'ib.status_unreachable' });
    const suspended = await set('suspended');
    const resumed = await set('active');
    const terminated = await set('terminated');
    await expect(set('active')).rejects.toMatchObject({
      code: 'ib.status_unreachable',
      detail: `${omar.id} is terminated`,
    });
    const instants = [since, suspended.effectiveAt, resumed.effectiveAt, terminated.effectiveAt];
    expect(await Promise.all(instants.map(statusAt))).toEqual(['active', 'suspended', 'active', 'terminated']);
  });
});
