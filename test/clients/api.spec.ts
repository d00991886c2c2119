import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccount } from '../../src/clients/accounts/contract.ts';
import {
  assignClient,
  createClient,
  listClients,
  readClient,
  readClientTimeline,
  revealClient,
  updateClient,
} from '../../src/clients/people/contract.ts';
import { setKycState } from '../../src/clients/index.ts';
import { ClientId, DeskId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { newUserId } from '../identity/callers.ts';
import { openScene, type Scene } from './scene.ts';

describe('Clients by the API', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());
  const absent = ClientId.parse(idFromUuid('cli', newUuid(1)));

  const namesFor = async (as: Parameters<Scene['call']>[1]) => {
    const { data } = (await scene.call(listClients, as, { query: { sort: 'name' } })).ok();
    return data.map(({ name }) => name).filter((name) => ['Kim', 'Ines', 'Rosa', 'Yuki'].includes(name));
  };

  it('are listed to each as far as he reaches', async () => {
    expect(await namesFor('admin')).toEqual(['Ines', 'Kim', 'Rosa', 'Yuki']);
    expect(await namesFor('auditor')).toEqual(['Ines', 'Kim', 'Rosa', 'Yuki']);
    expect(await namesFor('sales')).toEqual(['Ines', 'Kim']); // His own, and those of his desk.
    expect(await namesFor('otherSales')).toEqual([]);
    expect(await namesFor('omar')).toEqual(['Ines', 'Kim']); // His and those below him.
    expect(await namesFor('lena')).toEqual(['Kim']);
    expect(await namesFor('pavel')).toEqual(['Rosa']);
    expect((await scene.call(listClients, 'kim')).code).toBe('identity.forbidden');
  });

  it('are answered as absent where they are not reached, to the word', async () => {
    const reached = { admin: 'Kim', sales: 'Kim', omar: 'Kim', lena: 'Kim', kim: 'Kim', auditor: 'Kim' } as const;
    for (const [as, name] of Object.entries(reached))
      expect(
        (await scene.call(readClient, as as 'admin', { params: { clientId: scene.client[name] } })).ok().name,
      ).toBe(name);
    const foreign = {
      sales: 'Rosa',
      otherSales: 'Kim',
      omar: 'Rosa',
      lena: 'Ines',
      pavel: 'Kim',
      kim: 'Ines',
    } as const;
    for (const [as, name] of Object.entries(foreign)) {
      const [theirs, none] = await Promise.all(
        [scene.client[name], absent].map((clientId) => scene.call(readClient, as as 'sales', { params: { clientId } })),
      );
      expect(theirs?.code).toBe('clients.client_unknown');
      const form = (text = '', id = '') => text.replaceAll(id, '<id>').replace(/req_\w+/g, '<request>');
      expect(form(theirs?.text, scene.client[name])).toBe(form(none?.text, absent));
    }
  });

  it('are a program’s as far as the scopes of its key say', async () => {
    expect(await namesFor('program')).toEqual(['Ines', 'Kim', 'Rosa', 'Yuki']);
    const params = { clientId: scene.client.Kim };
    expect((await scene.call(readClient, 'program', { params })).code).toBe('identity.forbidden');
    expect((await scene.call(createClient, 'program', { body: { name: 'By a program' } })).ok().ownerUserId).toBeNull();
  });

  it('tell nobody outside who of the staff looks after them', async () => {
    const params = { clientId: scene.client.Kim };
    const ownerOf = async (as: 'sales' | 'kim' | 'omar') =>
      (await scene.call(readClient, as, { params })).ok().ownerUserId;
    expect([await ownerOf('sales'), await ownerOf('kim'), await ownerOf('omar')]).toEqual([scene.sam, null, null]);
    expect((await scene.call(listClients, 'omar')).text).not.toContain(scene.sam);
    expect((await scene.call(listClients, 'omar', { query: { assignedTo: scene.sam } })).ok().data).toEqual([]);
    expect((await scene.call(listClients, 'omar', { query: { deskId: scene.desk } })).ok().data).toEqual([]);
  });

  it('refuse every act on one that is not reached as on one that is not there', async () => {
    for (const clientId of [scene.client.Rosa, absent]) {
      const params = { clientId };
      const answers = [
        await scene.call(updateClient, 'sales', { params, body: { country: 'AT' } }),
        await scene.call(readClientTimeline, 'sales', { params }),
        await scene.call(openAccount, 'sales', {
          body: { clientId, server: 'Acme-Live', login: '990001', group: 'g', currency: 'USD' },
        }),
      ];
      expect(answers.map(({ status, code }) => [status, code])).toEqual(
        answers.map(() => [404, 'clients.client_unknown']),
      );
    }
    const params = { clientId: absent };
    const body = { fields: ['email' as const], reason: 'asked for it' };
    expect((await scene.call(revealClient, 'admin', { params, body })).code).toBe('clients.client_unknown');
    expect((await scene.call(assignClient, 'admin', { params, body: { userId: null } })).code).toBe(
      'clients.client_unknown',
    );
    expect((await scene.call(assignClient, 'sales', { params, body: { userId: null } })).code).toBe(
      'identity.forbidden',
    );
  });

  it('that somebody of sales makes are his, wait for admission, and can be read by him', async () => {
    const body = {
      firstName: 'Noor',
      lastName: 'Haddad',
      email: 'Noor@Example.com',
      phone: '+4915112345678',
      country: 'DE',
    } as const;
    const made = (await scene.call(createClient, 'sales', { body })).ok();
    expect(made).toMatchObject({
      name: 'Noor Haddad',
      kycState: 'pending',
      ownerUserId: scene.sam,
      email: 'Noor@Example.com',
    });
    expect((await scene.call(readClient, 'sales', { params: { clientId: made.id } })).ok()).toEqual(made);
    const theirs = (await scene.call(createClient, 'admin', { body: { name: 'Haddad GmbH' } })).ok();
    expect(theirs).toMatchObject({ ownerUserId: null, firstName: null, email: null });
  });

  it('take no field that the server owns, and keep their values', async () => {
    const params = { clientId: scene.client.Kim };
    const before = (await scene.call(readClient, 'admin', { params })).ok();
    for (const extra of [
      { id: absent },
      { kycState: 'approved' },
      { createdAt: '2020-01-01T00:00:00.000Z' },
      { ownerUserId: scene.sam },
      { deskId: scene.desk },
      { contactVersion: 9 },
      { key: 1 },
      { tenantId: scene.tenant.id },
      { referralCode: 'X' },
      { ibId: scene.ib.Maria },
    ]) {
      const body = JSON.stringify({ country: 'AT', ...extra });
      const path = `/api/v1/clients/${params.clientId}`;
      expect((await scene.raw(updateClient, 'admin', { path, body })).status, body).toBe(422);
      const create = JSON.stringify({ name: 'Mallory', ...extra });
      expect((await scene.raw(createClient, 'admin', { body: create })).status, create).toBe(422);
    }
    expect((await scene.call(readClient, 'admin', { params })).ok()).toEqual(before);
  });

  it('change their contact data by a version, which the event names and not the values', async () => {
    const params = { clientId: scene.client.Ines };
    const change = { email: 'new.secret@elsewhere.example.com', phone: null } as const;
    const changed = (await scene.call(updateClient, 'sales', { params, body: change })).ok();
    expect(changed).toMatchObject({ ...change, firstName: 'Ines' });
    expect((await scene.call(updateClient, 'sales', { params, body: change })).ok()).toEqual(changed);
    const told = (await scene.events()).filter(({ type }) => type === 'clients.contact_changed');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      stream: `clients/${scene.client.Ines}`,
      actor: scene.sam,
      payload: { fields: ['email', 'phone'], before: { version: 1 }, after: { version: 2 } },
    });
    expect((await scene.call(updateClient, 'sales', { params, body: {} })).status).toBe(422);
  });

  it('are assigned to staff and desks that are there, and the event says from whom to whom', async () => {
    const params = { clientId: scene.client.Rosa };
    for (const body of [{ userId: newUserId() }, { deskId: DeskId.parse(idFromUuid('dsk', newUuid(1))) }])
      expect((await scene.call(assignClient, 'admin', { params, body })).code).toBe('clients.assignee_unknown');
    expect(await namesFor('sales')).not.toContain('Rosa');
    (await scene.call(assignClient, 'admin', { params, body: { deskId: scene.desk } })).ok();
    expect(await namesFor('sales')).toContain('Rosa');
    (await scene.call(assignClient, 'admin', { params, body: { userId: scene.sam, deskId: null } })).ok();
    (await scene.call(assignClient, 'admin', { params, body: { userId: null } })).ok();
    expect(await namesFor('sales')).not.toContain('Rosa');
    const told = (await scene.events()).filter(({ type }) => type === 'clients.assigned').map(({ payload }) => payload);
    expect(told).toMatchObject([
      { before: { userId: null, deskId: null }, after: { userId: null, deskId: scene.desk } },
      { before: { userId: null, deskId: scene.desk }, after: { userId: scene.sam, deskId: null } },
      { before: { userId: scene.sam, deskId: null }, after: { userId: null, deskId: null } },
    ]);
  });

  it('change their state of admission only from the state that was seen', async () => {
    const clientId = scene.client.Yuki;
    const move = (from: 'approved' | 'suspended', to: 'approved' | 'suspended') =>
      scene.inTenant((tx) => setKycState(tx, { clientId, from, to, reason: 'checked again' }));
    await expect(move('suspended', 'approved')).rejects.toMatchObject({ code: 'clients.kyc_state_changed_meanwhile' });
    await move('approved', 'suspended');
    const listed = (await scene.call(listClients, 'admin', { query: { kycState: 'suspended' } })).ok().data;
    expect(listed.map(({ id }) => id)).toEqual([clientId]);
    await move('suspended', 'approved');
    const nobody = scene.inTenant((tx) =>
      setKycState(tx, { clientId: absent, from: 'pending', to: 'approved', reason: 'checked' }),
    );
    await expect(nobody).rejects.toMatchObject({ code: 'clients.client_unknown' });
  });

  it('are found by country, IB, desk, whoever looks after them, name and login', async () => {
    const found = async (
      query: NonNullable<Parameters<typeof scene.call<typeof listClients>>[2]>['query'],
      as: 'admin' | 'omar' = 'admin',
    ) => (await scene.call(listClients, as, { query: { sort: 'name', ...query } })).ok().data.map(({ name }) => name);
    expect(await found({ country: 'FR' })).toEqual(['Yuki']);
    expect(await found({ ibId: scene.ib.Lena })).toEqual(['Kim']);
    expect(await found({ ibId: scene.ib.Omar })).toEqual(['Ines']); // This very IB.
    expect(await found({ ibId: scene.ib.Pavel }, 'omar')).toEqual([]);
    expect(await found({ deskId: scene.desk })).toEqual(['Ines']);
    expect(await found({ assignedTo: scene.sam })).toContain('Kim');
    expect(await found({ q: 'KI' })).toEqual(expect.arrayContaining(['Kim', 'Yuki']));
    expect(await found({ q: '900103' })).toEqual(['Rosa']);
    expect(await found({ q: '%' })).toEqual([]);
    expect(await found({ q: '_' })).toEqual([]);
  });

  it('have a timeline of their events, newest first, in pages, for staff alone', async () => {
    const params = { clientId: scene.client.Rosa };
    const all = (await scene.call(readClientTimeline, 'auditor', { params })).ok().data;
    expect(all.map(({ type }) => type)).toEqual(['clients.assigned', 'clients.assigned', 'clients.assigned']);
    const first = (
      await scene.call(readClientTimeline, 'auditor', { params, query: { limit: '2', sort: 'seq' } })
    ).ok();
    const next = (
      await scene.call(readClientTimeline, 'auditor', {
        params,
        query: { limit: '2', sort: 'seq', cursor: first.nextCursor ?? '' },
      })
    ).ok();
    expect([...first.data, ...next.data].map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toReversed());
    expect(next.nextCursor).toBeNull();
    for (const as of ['omar', 'kim'] as const)
      expect((await scene.call(readClientTimeline, as, { params })).code).toBe('identity.forbidden');
  });
});
