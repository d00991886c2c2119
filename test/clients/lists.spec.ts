import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAccountRequests } from '../../src/clients/account-requests/contract.ts';
import { listTradingAccounts } from '../../src/clients/accounts/contract.ts';
import { createClients } from '../../src/clients/index.ts';
import { listClients, listClientsOfIb, readClientTimeline } from '../../src/clients/people/contract.ts';
import { listAncestors, listDescendants, listIbs } from '../../src/ib/contract.ts';
import { openScene, type Scene } from './scene.ts';

const SORTS = ['createdAt', '-createdAt', 'name', '-name'] as const;

describe('Lists of clients, accounts and IBs', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  it('show each client once that is there when the reading begins, whatever is added between the pages', async () => {
    let made = 0;
    // Names that are often the same: the order must not depend on them alone.
    const addSome = (count: number) =>
      scene.inTenant((tx) =>
        createClients(
          tx,
          Array.from({ length: count }, () => ({ name: `Twin ${(made += 1) % 5}` })),
        ),
      );
    await addSome(40);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SORTS),
        fc.integer({ min: 1, max: 17 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
        async (sort, limit, additions) => {
          const page = async (cursor?: string) =>
            (
              await scene.call(listClients, 'admin', {
                query: { sort, limit: String(limit), ...(cursor === undefined ? {} : { cursor }) },
              })
            ).ok();
          const before = (await scene.call(listClients, 'admin', { query: { sort, limit: '200' } })).ok();
          expect(before.nextCursor).toBeNull();
          const seen: string[] = [];
          let cursor: string | undefined;
          for (let turn = 0; turn < 300; turn += 1) {
            const { data, nextCursor } = await page(cursor);
            seen.push(...data.map(({ id }) => id));
            if (nextCursor === null) break;
            cursor = nextCursor;
            const count = additions[turn] ?? 0;
            if (count > 0) await addSome(count);
          }
          expect(new Set(seen).size).toBe(seen.length);
          const wanted = new Set(before.data.map(({ id }) => id as string));
          expect(seen.filter((id) => wanted.has(id))).toEqual([...wanted]); // All of them, in their order.
        },
      ),
      { numRuns: 12, seed: 41 },
    );
  });

  it('refuse a cursor that no page of this list and order gave', async () => {
    const { nextCursor } = (await scene.call(listClients, 'admin', { query: { limit: '1', sort: 'name' } })).ok();
    const cursors = [
      'x',
      Buffer.from('{}').toString('base64url'),
      Buffer.from(JSON.stringify(['name', 'x', "'; drop table clients.clients; --"])).toString('base64url'),
      Buffer.from(JSON.stringify(['-createdAt', 'yesterday', scene.client.Kim])).toString('base64url'),
      // ISO 8601 has a year 0, the database has none.
      Buffer.from(JSON.stringify(['-createdAt', '0000-01-01T00:00:00Z', scene.client.Kim])).toString('base64url'),
    ];
    for (const cursor of cursors)
      for (const sort of ['name', '-createdAt'] as const)
        expect((await scene.call(listClients, 'admin', { query: { cursor, sort } })).code).toBe(
          'platform.cursor_invalid',
        );
    const other = await scene.call(listClients, 'admin', { query: { cursor: nextCursor ?? '', sort: 'createdAt' } });
    expect(other.code).toBe('platform.cursor_invalid');
  });

  it('let only listed identifiers through, and bind the rest as data', async () => {
    const sql = `x'; drop table clients.clients; --`;
    const lists = [
      [listClients, '/api/v1/clients'],
      [listTradingAccounts, '/api/v1/accounts'],
      [listAccountRequests, '/api/v1/account-requests'],
      [listIbs, '/api/v1/ibs'],
      [listClientsOfIb, `/api/v1/ibs/${scene.ib.Lena}/clients`],
      [listDescendants, `/api/v1/ibs/${scene.ib.Maria}/descendants`],
      [listAncestors, `/api/v1/ibs/${scene.ib.Lena}/ancestors`],
      [readClientTimeline, `/api/v1/clients/${scene.client.Kim}/timeline`],
    ] as const;
    const wrong = [
      'sort=',
      'sort=kyc_state',
      'sort=created_at',
      `sort=${encodeURIComponent(sql)}`,
      'sort=name&sort=-name',
      'sort[a]=b',
      'limit=0',
      'limit=1e2',
      'limit=201',
      'limit=-1',
      'columns=email',
      'q[]=a',
      'select=*',
      'cursor=',
      `${encodeURIComponent('order by')}=1`,
    ];
    for (const [operation, path] of lists) {
      for (const query of wrong) {
        const { status } = await scene.raw(operation, 'admin', { path: `${path}?${query}` });
        expect(status, `${path}?${query}`).toBe(400);
      }
    }
    for (const q of [sql, '%', `' or 1=1 --`, '\\', '$1', ':text', '?', '{"a":1}', '\u{1F4A9}', 'ﬀ'])
      for (const operation of [listClients, listIbs] as const)
        expect((await scene.call(operation, 'admin', { query: { q } })).ok().data, q).toEqual([]);
    expect((await scene.call(listClients, 'admin')).ok().data.length).toBeGreaterThan(0);
  });
});
