import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  listClients,
  listClientsOfIb,
  readClient,
  readClientTimeline,
  revealClient,
} from '../../src/clients/people/contract.ts';
import { openScene, type Scene } from './scene.ts';

/** Everything of the scene's contact data that a mask must hide. */
const SECRETS = /secret\d|mail\d|\+493023125/;
const pages = [listClients, listClientsOfIb] as const;

describe('Contact data that a caller sees masked', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  it('is nowhere in clear in what he is answered', async () => {
    for (const as of ['finance', 'support', 'auditor', 'omar'] as const) {
      const clientId = scene.client.Kim;
      const answers = [
        await scene.call(pages[0], as),
        await scene.call(pages[1], as, { params: { ibId: scene.ib.Lena } }),
        await scene.call(readClient, as, { params: { clientId } }),
      ];
      for (const { text } of answers) {
        expect(text).toContain('Kim');
        expect(text).not.toMatch(SECRETS);
      }
      expect((await scene.call(readClient, as, { params: { clientId } })).ok()).toMatchObject({
        email: 'k***@m***.com',
        phone: '***00',
        masked: ['email', 'phone'],
      });
    }
    const clear = (await scene.call(readClient, 'sales', { params: { clientId: scene.client.Kim } })).ok();
    expect(clear).toMatchObject({ email: 'kim.secret0@mail0.example.com', masked: [] });
  });

  it('is found by no search of his, and by one of those who see it in clear', async () => {
    const found = async (as: 'finance' | 'auditor' | 'omar' | 'admin' | 'sales', q: string) =>
      (await scene.call(listClients, as, { query: { q } })).ok().data.map(({ name }) => name);
    for (const q of [
      'secret0',
      'kim.s',
      'mail0.example',
      'KIM.SECRET0@mail0.example.com',
      '+49302312590',
      '302312590',
    ]) {
      for (const as of ['finance', 'auditor', 'omar'] as const) expect(await found(as, q), `${as} ${q}`).toEqual([]);
    }
    expect(await found('admin', 'Secret0@')).toEqual(['Kim']);
    expect(await found('sales', 'secret0')).toEqual(['Kim']);
    expect(await found('sales', 'secret2')).toEqual([]); // Rosa is not his.
  });

  it('neither orders a list nor filters it', async () => {
    for (const query of [
      'sort=email',
      'sort=-phone',
      'sort=email_key',
      'email=kim.secret0@mail0.example.com',
      'phone=%2B493023125900',
    ])
      for (const as of ['finance', 'admin'] as const)
        expect((await scene.raw(listClients, as, { path: `/api/v1/clients?${query}` })).status, query).toBe(400);
  });

  it('is revealed field by field for a reason, which the chain of events keeps with who and whose, and never what', async () => {
    const params = { clientId: scene.client.Kim };
    const reason = 'called back about a payment';
    const seen = (await scene.call(revealClient, 'support', { params, body: { fields: ['phone'], reason } })).ok();
    expect(seen).toEqual({ id: scene.client.Kim, phone: '+493023125900' });
    const events = await scene.events();
    expect(events.at(-1)).toEqual({
      stream: `clients/${scene.client.Kim}`,
      type: 'clients.fields_viewed',
      actor: scene.callers.support.id,
      payload: { clientId: scene.client.Kim, fields: ['phone'], reason },
    });
    const both = (
      await scene.call(revealClient, 'admin', { params, body: { fields: ['email', 'phone'], reason } })
    ).ok();
    expect(both).toEqual({ id: scene.client.Kim, email: 'kim.secret0@mail0.example.com', phone: '+493023125900' });
    const told = (await scene.call(readClientTimeline, 'auditor', { params })).ok().data;
    expect(told.map(({ type }) => type)).toEqual(['clients.fields_viewed', 'clients.fields_viewed']);
  });

  it('is revealed to nobody without the right, and not without a reason', async () => {
    const params = { clientId: scene.client.Kim };
    const body = { fields: ['email' as const], reason: 'I would like to know' };
    const before = (await scene.events()).length;
    for (const as of ['auditor', 'sales', 'omar', 'kim'] as const)
      expect((await scene.call(revealClient, as, { params, body })).code).toBe('identity.forbidden');
    for (const bad of [
      { ...body, reason: ' ' },
      { fields: ['email'] },
      { ...body, fields: [] },
      { ...body, fields: ['email', 'email'] },
      { ...body, fields: ['name'] },
      { ...body, fields: 'email' },
    ])
      expect(
        (
          await scene.raw(revealClient, 'support', {
            path: `/api/v1/clients/${params.clientId}/reveal`,
            body: JSON.stringify(bad),
          })
        ).status,
      ).toBe(422);
    expect(await scene.events()).toHaveLength(before);
  });

  it('is in no event at all', async () => {
    expect(JSON.stringify(await scene.events())).not.toMatch(SECRETS);
  });
});
