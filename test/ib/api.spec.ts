import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listClientsOfIb, listClients } from '../../src/clients/people/contract.ts';
import * as contract from '../../src/ib/contract.ts';
import { moveIb, verifyTree } from '../../src/ib/index.ts';
import { approveApproval, readApproval } from '../../src/identity/approvals/contract.ts';
import { IbId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { openScene, type Scene } from '../clients/scene.ts';

type Name = Parameters<Scene['call']>[1];
const absent = IbId.parse(idFromUuid('ibr', newUuid(1)));
const reason = 'asked by the broker';

describe('Introducing brokers by the API', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  const listed = async (as: Name) =>
    (await scene.call(contract.listIbs, as)).ok().data.map(({ name, parentId }) => [name, parentId]);

  it('are listed to staff, and to an IB himself and whoever is below him, without who is above', async () => {
    const { Maria, Omar } = scene.ib;
    expect(await listed('admin')).toEqual([
      ['Lena', Omar],
      ['Maria', null],
      ['Omar', Maria],
      ['Pavel', null],
    ]);
    expect(await listed('sales')).toHaveLength(4); // The tree is open to staff.
    expect(await listed('omar')).toEqual([
      ['Lena', Omar],
      ['Omar', null],
    ]);
    expect(await listed('lena')).toEqual([['Lena', null]]);
    expect((await scene.call(contract.listIbs, 'kim')).code).toBe('identity.forbidden');
  });

  it('are answered as absent above and beside an IB, to the word', async () => {
    const ask = (as: Name, ibId: IbId) => scene.call(contract.readIb, as, { params: { ibId } });
    expect((await ask('omar', scene.ib.Lena)).ok()).toMatchObject({
      name: 'Lena',
      parentId: scene.ib.Omar,
      status: 'active',
    });
    const none = await ask('omar', absent);
    expect(none.code).toBe('ib.unknown');
    const form = (text: string, id: string) => text.replaceAll(id, '<id>').replace(/req_\w+/g, '<request>');
    for (const ibId of [scene.ib.Maria, scene.ib.Pavel])
      for (const operation of [
        contract.readIb,
        contract.listAncestors,
        contract.listDescendants,
        listClientsOfIb,
      ] as const) {
        const [theirs, nobody] = [
          await scene.call(operation, 'omar', { params: { ibId } }),
          await scene.call(operation, 'omar', { params: { ibId: absent } }),
        ];
        expect(theirs.status).toBe(404);
        expect(form(theirs.text, ibId)).toBe(form(nobody.text, absent));
      }
  });

  it('see above themselves nobody, and below themselves everybody, nearest first', async () => {
    const above = async (as: Name, ibId: IbId) =>
      (await scene.call(contract.listAncestors, as, { params: { ibId } }))
        .ok()
        .data.map(({ name, depth }) => [name, depth]);
    expect(await above('admin', scene.ib.Lena)).toEqual([
      ['Omar', 1],
      ['Maria', 2],
    ]);
    expect(await above('omar', scene.ib.Lena)).toEqual([['Omar', 1]]);
    expect(await above('omar', scene.ib.Omar)).toEqual([]);
    const below = async (as: Name, ibId: IbId, query = {}) =>
      (await scene.call(contract.listDescendants, as, { params: { ibId }, query })).ok().data.map(({ name }) => name);
    expect(await below('admin', scene.ib.Maria)).toEqual(['Omar', 'Lena']);
    expect(await below('admin', scene.ib.Maria, { depthMax: '1' })).toEqual(['Omar']);
    expect(await below('omar', scene.ib.Omar)).toEqual(['Lena']);
    expect(await below('admin', scene.ib.Maria, { asOf: '2019-01-01T00:00:00Z' })).toEqual([]);
    expect(await below('admin', scene.ib.Maria, { asOf: '2021-01-01T00:00:00Z' })).toEqual(['Omar', 'Lena']);
  });

  it('show their clients to whoever reaches both', async () => {
    const clients = async (as: Name, ibId: IbId) =>
      (await scene.call(listClientsOfIb, as, { params: { ibId } })).ok().data.map(({ name }) => name);
    expect(await clients('admin', scene.ib.Lena)).toEqual(['Kim']);
    expect(await clients('omar', scene.ib.Lena)).toEqual(['Kim']);
    expect(await clients('omar', scene.ib.Omar)).toEqual(['Ines']);
    expect(await clients('sales', scene.ib.Pavel)).toEqual([]); // Rosa is not his.
  });

  it('are made by those who may, under a parent that is there', async () => {
    const body = { name: 'Noor', parentId: scene.ib.Lena };
    expect((await scene.call(contract.createIbOperation, 'omar', { body })).code).toBe('identity.forbidden');
    expect((await scene.call(contract.createIbOperation, 'admin', { body: { ...body, parentId: absent } })).code).toBe(
      'ib.unknown',
    );
    const made = (await scene.call(contract.createIbOperation, 'admin', { body })).ok();
    expect(made).toMatchObject({ name: 'Noor', parentId: scene.ib.Lena, status: 'active' });
    expect(made.referralCode).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/);
    expect((await listed('lena')).map(([name]) => name)).toEqual(['Lena', 'Noor']);
    for (const extra of [
      { id: absent },
      { referralCode: 'MINE' },
      { validFrom: '2020-01-01T00:00:00Z' },
      { key: 1 },
      { status: 'active' },
    ])
      expect(
        (await scene.raw(contract.createIbOperation, 'admin', { body: JSON.stringify({ name: 'X', ...extra }) }))
          .status,
      ).toBe(422);
  });

  it('are suspended, go on and end, as far as their status lets them', async () => {
    const params = { ibId: scene.ib.Pavel };
    const set = (status: 'active' | 'suspended' | 'terminated', as: Name = 'admin') =>
      scene.call(contract.setIbStatus, as, { params, body: { status, reason } });
    expect((await set('suspended', 'omar')).code).toBe('identity.forbidden');
    expect((await set('active')).code).toBe('ib.status_unreachable');
    expect((await set('suspended')).ok().status).toBe('suspended');
    const found = (await scene.call(contract.listIbs, 'admin', { query: { status: 'suspended' } })).ok().data;
    expect(found.map(({ name }) => name)).toEqual(['Pavel']);
    expect((await set('active')).ok().status).toBe('active');
    expect(
      (await scene.events()).filter(({ type }) => type === 'ib.status_changed').map(({ payload }) => payload),
    ).toMatchObject([
      { from: 'active', to: 'suspended', reason },
      { from: 'suspended', to: 'active', reason },
    ]);
  });

  it('are given a client of another, at once and for a reason, and the other reaches it no more', async () => {
    const body = { clientId: scene.client.Yuki, reason };
    const link = (ibId: IbId, as: Name = 'admin') =>
      scene.call(contract.linkClientOperation, as, { params: { ibId }, body });
    expect((await link(scene.ib.Pavel, 'omar')).code).toBe('identity.forbidden');
    expect((await link(scene.ib.Pavel)).ok()).toMatchObject({
      clientId: scene.client.Yuki,
      ibId: scene.ib.Pavel,
      until: null,
    });
    const unchanged = await link(scene.ib.Pavel);
    expect(unchanged.code).toBe('ib.move_unchanged');
    expect(unchanged.text, 'by its id, not by a key of ours').toContain(`The client is of ${scene.ib.Pavel} then`);
    const names = async (as: Name) => (await scene.call(listClients, as)).ok().data.map(({ name }) => name);
    expect(await names('pavel')).toContain('Yuki');
    expect((await link(scene.ib.Omar)).ok()).toMatchObject({ ibId: scene.ib.Omar });
    expect([await names('pavel'), await names('omar')]).toEqual([['Rosa'], expect.arrayContaining(['Yuki'])]);
    expect(
      (await scene.events()).filter(({ type }) => type === 'ib.client_relinked').map(({ payload }) => payload),
    ).toMatchObject([
      { before: { ibId: null }, after: { ibId: scene.ib.Pavel } },
      { before: { ibId: scene.ib.Pavel }, after: { ibId: scene.ib.Omar } },
    ]);
    const past = { ...body, effectiveAt: '2020-01-01T00:00:00Z' };
    expect(
      (await scene.call(contract.linkClientOperation, 'admin', { params: { ibId: scene.ib.Lena }, body: past })).code,
    ).toBe('ib.move_backdated');
  });
});

describe('A move of an introducing broker', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  const ask = (ibId: IbId, parentId: IbId | null, more: { effectiveAt?: string } = {}, as: Name = 'admin') =>
    scene.call(contract.moveIbOperation, as, { params: { ibId }, body: { parentId, reason, ...more } });
  const agree = ({ approvalId, hash }: { approvalId: string; hash: string }, as: Name) =>
    scene.raw(approveApproval, as, { path: `/api/v1/approvals/${approvalId}/approve`, body: JSON.stringify({ hash }) });
  const parentOf = async (ibId: IbId) =>
    (await scene.call(contract.readIb, 'admin', { params: { ibId } })).ok().parentId;

  it('is made when a second person agrees, and not before', async () => {
    const asked = await ask(scene.ib.Lena, scene.ib.Pavel);
    expect(asked.status).toBe(202);
    expect(await parentOf(scene.ib.Lena)).toBe(scene.ib.Omar);
    expect((await agree(asked.ok(), 'admin')).code).toBe('identity.approval_own');
    expect((await ask(scene.ib.Lena, scene.ib.Pavel)).code).toBe('identity.approval_pending');
    expect((await agree(asked.ok(), 'owner')).ok()).toMatchObject({ state: 'approved' });
    expect(await parentOf(scene.ib.Lena)).toBe(scene.ib.Pavel);
    const [told] = (await scene.events()).filter(({ type }) => type === 'ib.moved');
    expect(told).toMatchObject({
      actor: scene.callers.owner.id,
      payload: {
        before: { parentId: scene.ib.Omar },
        after: { parentId: scene.ib.Pavel },
        reason,
        approvalId: asked.ok().approvalId,
      },
    });
    expect(await scene.inTenant(verifyTree)).toEqual([]);
  });

  it('takes the clients below along for whoever reaches them by the tree', async () => {
    const names = async (as: Name) =>
      (await scene.call(listClients, as))
        .ok()
        .data.map(({ name }) => name)
        .toSorted();
    expect([await names('omar'), await names('pavel'), await names('lena')]).toEqual([
      ['Ines'],
      ['Kim', 'Rosa'],
      ['Kim'],
    ]);
  });

  it('is refused at once where it cannot be made', async () => {
    expect((await ask(scene.ib.Maria, scene.ib.Omar)).code).toBe('ib.cycle');
    expect((await ask(scene.ib.Omar, scene.ib.Maria)).code).toBe('ib.move_unchanged');
    expect((await ask(scene.ib.Omar, absent)).code).toBe('ib.unknown');
    expect((await ask(absent, null)).code).toBe('ib.unknown');
    expect((await ask(scene.ib.Omar, null, { effectiveAt: '2020-01-01T00:00:00Z' })).code).toBe('ib.move_backdated');
    expect((await ask(scene.ib.Omar, null, {}, 'omar')).code).toBe('identity.forbidden');
  });

  it('is not made where the tree has changed since it was asked', async () => {
    const asked = (await ask(scene.ib.Omar, scene.ib.Pavel)).ok();
    await scene.inTenant((tx) => moveIb(tx, { ibId: scene.ib.Omar, parentId: null, reason: 'by command' }));
    expect((await agree(asked, 'owner')).code).toBe('identity.approval_outdated');
    expect(await parentOf(scene.ib.Omar)).toBeNull();
  });

  it('fails, and says why, where another move has made it a cycle', async () => {
    const made = (await scene.call(contract.createIbOperation, 'admin', { body: { name: 'Rami' } })).ok().id;
    const asked = (await ask(made, scene.ib.Lena)).ok();
    await scene.inTenant((tx) => moveIb(tx, { ibId: scene.ib.Pavel, parentId: made, reason: 'by command' })); // Lena is below Pavel.
    const answer = await agree(asked, 'owner');
    expect(answer.code).toBe('identity.approval_failed');
    expect(answer.body).toMatchObject({ because: 'ib.cycle' });
    expect(await parentOf(made)).toBeNull();
    expect((await agree(asked, 'owner')).code).toBe('identity.approval_closed');
    await scene.inTenant((tx) => moveIb(tx, { ibId: scene.ib.Pavel, parentId: null, reason: 'back' }));
  });

  it('can be asked for a later instant', async () => {
    const effectiveAt = new Date(Date.now() + 3_600_000).toISOString();
    const asked = (await ask(scene.ib.Omar, scene.ib.Maria, { effectiveAt })).ok();
    (await agree(asked, 'owner')).ok();
    expect(await parentOf(scene.ib.Omar)).toBeNull();
    const later = (
      await scene.call(contract.listAncestors, 'admin', {
        params: { ibId: scene.ib.Omar },
        query: { asOf: effectiveAt },
      })
    ).ok().data;
    expect(later.map(({ name }) => name)).toEqual(['Maria']);
    const kept = (await scene.raw(readApproval, 'admin', { path: `/api/v1/approvals/${asked.approvalId}` })).ok();
    expect(kept).toMatchObject({ state: 'approved', result: { effectiveAt, until: null } });
  });
});
