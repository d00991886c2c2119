import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Currency } from '../../src/kernel/currency.ts';
import { AccountId, ClientId } from '../../src/kernel/ids.ts';
import { accountsOf, createClients, openAccounts } from '../../src/clients/index.ts';
import { query } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const usd = Currency.parse('USD');
const eventsOf = query(
  'test.client_events',
  z.object({ stream: z.string(), named: z.int() }),
  `
  select stream, jsonb_array_length(payload -> 'ids') as named from platform.events where type = :type order by seq`,
);
const changeId = query('test.change_client', z.object({}), `update clients.clients set created_at = now()`);

describe('Clients and their trading accounts', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  const oneClient = () => acme.inTenant(async (tx) => (await createClients(tx, [{ name: 'Kim' }]))[0]?.key ?? 0);
  const account = (clientKey: number, login: bigint, server = 'MT5-Live') => ({
    clientKey,
    server,
    login,
    group: 'real\\standard',
    currency: usd,
  });

  it('creates thousands as a set, keys rising in the order given, with one event per ten thousand rows', async () => {
    const names = Array.from({ length: 12_345 }, (_none, index) => ({ name: `Client ${index}` }));
    const created = await acme.inTenant((tx) => createClients(tx, names));
    expect(created).toHaveLength(12_345);
    expect(created.every((client, index) => index === 0 || client.key > (created[index - 1]?.key ?? 0))).toBe(true);
    expect(ClientId.safeParse(created[0]?.id).success).toBe(true);
    const events = await acme.inTenant((tx) => eventsOf(tx, { type: 'clients.created' }));
    expect(events).toEqual([
      { stream: 'clients', named: 10_000 },
      { stream: 'clients', named: 2_345 },
    ]);
  });

  it('finds accounts by server and login and leaves out what it does not know', async () => {
    const clientKey = await oneClient();
    const opened = await acme.inTenant((tx) =>
      openAccounts(tx, [account(clientKey, 900_101n), account(clientKey, 900_102n)]),
    );
    expect(AccountId.safeParse(opened[0]?.id).success).toBe(true);
    const found = await acme.inTenant((tx) => accountsOf(tx, 'MT5-Live', [900_102n, 7n]));
    expect(found).toEqual([
      { key: opened[1]?.key, login: 900_102n, clientKey, group: 'real\\standard', currency: 'USD' },
    ]);
    expect(await acme.inTenant((tx) => accountsOf(tx, 'MT5-Demo', [900_102n]))).toEqual([]);
  });

  it('writes an event on a stream of its own when one row is made', async () => {
    const clientKey = await oneClient();
    const [opened] = await acme.inTenant((tx) => openAccounts(tx, [account(clientKey, 555n)]));
    const events = await acme.inTenant((tx) => eventsOf(tx, { type: 'clients.accounts_opened' }));
    expect(events.at(-1)).toEqual({ stream: `accounts/${opened?.id}`, named: 1 });
  });

  it('refuses a login that its server has already, also twice in one call, and an unknown client', async () => {
    const clientKey = await oneClient();
    await acme.inTenant((tx) => openAccounts(tx, [account(clientKey, 1n)]));
    await acme.inTenant((tx) => openAccounts(tx, [account(clientKey, 1n, 'MT5-Other')]));
    const again = acme.inTenant((tx) => openAccounts(tx, [account(clientKey, 2n), account(clientKey, 1n)]));
    await expect(again).rejects.toMatchObject({ code: 'clients.account_exists', detail: 'Login 1 on server MT5-Live' });
    const twice = acme.inTenant((tx) => openAccounts(tx, [account(clientKey, 3n), account(clientKey, 3n)]));
    await expect(twice).rejects.toMatchObject({ code: 'clients.account_exists' });
    const nobody = acme.inTenant((tx) => openAccounts(tx, [account(2_000_000_000, 4n)]));
    await expect(nobody).rejects.toMatchObject({ code: 'clients.client_unknown' });
    expect(await acme.inTenant((tx) => accountsOf(tx, 'MT5-Live', [2n, 3n, 4n]))).toEqual([]);
  });

  it('refuses an id that is taken', async () => {
    const [kim] = await acme.inTenant((tx) => createClients(tx, [{ name: 'Kim' }]));
    const again = acme.inTenant((tx) => createClients(tx, [{ name: 'Kim', id: ClientId.parse(kim?.id) }]));
    await expect(again).rejects.toMatchObject({ code: 'clients.client_exists' });
  });

  it('lets the application change nothing but what people change', async () => {
    await expect(acme.inTenant((tx) => changeId(tx, {}))).rejects.toMatchObject({ code: '42501' });
  });
});
