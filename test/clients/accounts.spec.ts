import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askForAccount, listAccountRequests } from '../../src/clients/account-requests/contract.ts';
import { listTradingAccounts, openAccount, readAccount } from '../../src/clients/accounts/contract.ts';
import { openScene, type Scene } from './scene.ts';

describe('Trading accounts by the API', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  it('are listed and read as far as their clients are reached', async () => {
    const logins = async (as: Parameters<Scene['call']>[1]) =>
      (await scene.call(listTradingAccounts, as, { query: { sort: 'login' } })).ok().data.map(({ login }) => login);
    expect(await logins('admin')).toEqual(['900101', '900102', '900103', '900104']);
    expect(await logins('sales')).toEqual(['900101', '900102']);
    expect(await logins('omar')).toEqual(['900101', '900102']);
    expect(await logins('kim')).toEqual(['900101']);
    const ids = scene.accounts.map(({ id }) => id);
    const read = async (as: 'kim' | 'pavel', place: number) => {
      const accountId = ids[place];
      if (accountId === undefined) throw new Error('no such account');
      return (await scene.call(readAccount, as, { params: { accountId } })).code ?? 'read';
    };
    expect(await read('kim', 0)).toBe('read');
    expect(await read('kim', 1)).toBe('clients.account_unknown');
    expect(await read('pavel', 2)).toBe('read');
    expect(await read('pavel', 0)).toBe('clients.account_unknown');
    const of = (await scene.call(listTradingAccounts, 'admin', { query: { clientId: scene.client.Rosa } })).ok().data;
    expect(of.map(({ login }) => login)).toEqual(['900103']);
    expect(
      (await scene.call(listTradingAccounts, 'kim', { query: { clientId: scene.client.Rosa } })).ok().data,
    ).toEqual([]);
  });

  it('are registered by staff, and never by the client, who asks for one', async () => {
    const body = {
      clientId: scene.client.Kim,
      server: 'Acme-Live',
      login: '910001',
      group: 'real\\raw',
      currency: 'EUR',
    };
    expect((await scene.call(openAccount, 'kim', { body })).code).toBe('identity.forbidden');
    expect((await scene.call(askForAccount, 'pending', { body: { currency: 'EUR' } })).code).toBe(
      'identity.kyc_required',
    );
    const asked = (await scene.call(askForAccount, 'kim', { body: { currency: 'EUR' } })).ok();
    const waiting = async (as: 'admin' | 'pavel' | 'omar') =>
      (await scene.call(listAccountRequests, as, { query: { state: 'open' } })).ok().data.map(({ id }) => id);
    expect([await waiting('admin'), await waiting('omar'), await waiting('pavel')]).toEqual([
      [asked.id],
      [asked.id],
      [],
    ]);
    const wrong = { ...body, clientId: scene.client.Rosa, requestId: asked.id };
    expect((await scene.call(openAccount, 'admin', { body: wrong })).code).toBe('clients.account_request_unknown');
    const opened = (await scene.call(openAccount, 'admin', { body: { ...body, requestId: asked.id } })).ok();
    expect(opened).toMatchObject({ clientId: scene.client.Kim, login: '910001' });
    expect(await waiting('admin')).toEqual([]);
    const done = (await scene.call(listAccountRequests, 'kim', { query: { state: 'done' } })).ok().data;
    expect(done).toMatchObject([{ id: asked.id, accountId: opened.id }]);
    const again = { ...body, login: '910002', requestId: asked.id };
    expect((await scene.call(openAccount, 'admin', { body: again })).code).toBe('clients.account_request_unknown');
    expect((await scene.call(openAccount, 'admin', { body })).code).toBe('clients.account_exists');
  });

  it('wait five at a time at most, however many are asked for at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => scene.call(askForAccount, 'kim', { body: { currency: 'USD' } })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ code }) => code === 'clients.account_requests_open')).toHaveLength(3);
  });
});
