import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_GROUPS, DEMO_SYMBOLS, NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { createClients, openAccounts } from '../../src/clients/index.ts';
import { createIbOperation } from '../../src/ib/contract.ts';
import type { Currency } from '../../src/kernel/currency.ts';
import { ensureAccounts } from '../../src/ledger/index.ts';
import { listLedgerAccounts } from '../../src/ledger/accounts/contract.ts';
import { createServer, createSource, mapSymbols, setGroups, signFeedRequest } from '../../src/trading/index.ts';
import { type TestApi, openTestApi } from '../support/api.ts';
import { blocksIn } from '../house/markdown.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
const blocks = blocksIn(PAGE);
const examples = blocks.flatMap((block, index) =>
  block.info === 'http run' ? [{ asked: block.lines, expected: blocks[index + 1] }] : [],
);

/** A trade server with its symbols, the account of the page's deals, and a source of its feed. */
const tradeServer = ({ withTenant, tenantOf, deps }: TestApi) =>
  withTenant(tenantOf('acme').id, testOrigin, async (tx) => {
    const [server, validFrom] = ['Live', new Date('2016-01-01T00:00:00Z')];
    await createServer(tx, { name: server, platform: 'mt5', ...NEW_YORK_CLOSE });
    await mapSymbols(tx, { server, symbols: DEMO_SYMBOLS, validFrom });
    await setGroups(tx, { server, groups: DEMO_GROUPS, validFrom });
    const [client] = await createClients(tx, [{ name: 'Tom' }]);
    if (client === undefined) throw new Error('a client was to be made');
    const account = { server, group: 'real\\standard', currency: 'USD' as Currency, login: 900_001n };
    await openAccounts(tx, [{ clientKey: client.key, ...account }]);
    const keeping = { sealer: deps.sealerOf('trading.sources'), clock: deps.clock };
    const { id, secret } = await createSource(tx, keeping, { server, name: 'bridge' });
    return { source: id, secret };
  });

describe('docs/api.md', () => {
  let api: TestApi;
  /** What the page writes in braces. */
  const known = new Map<string, string>();
  let feedSecret = '';
  beforeAll(async () => {
    api = await openTestApi({
      environment: { CASCADE_CALLER_REQUESTS_PER_MINUTE: '1200', CASCADE_TENANT_REQUESTS_PER_MINUTE: '6000' },
      dependencies: {
        sendMail: async (_tx, mail) =>
          void (mail.template === 'verify_email' && known.set('mailToken', mail.data.token)),
      },
    });
    const words = { email: 'kim@example.com', password: 'orange bicycle under the bridge' };
    const { token: admin } = await makePerson(api, { roles: ['admin'] });
    const { token: finance } = await makePerson(api, { roles: ['finance'] });
    for (const name of ['Bela', 'Anna'])
      (await api.call(createIbOperation, { token: admin, body: { name, parentId: null } })).ok();
    const currency = 'USD' as Currency;
    await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) =>
      ensureAccounts(tx, [
        { purpose: 'house_capital', owner: 0, currency },
        { purpose: 'commission_expense', owner: 0, currency },
      ]),
    );
    const { data } = (await api.call(listLedgerAccounts, { token: admin })).ok();
    const account = (purpose: string) => data.find((each) => each.purpose === purpose)?.id ?? '';
    const { source, secret } = await tradeServer(api);
    feedSecret = secret;
    const sending = { source, timestamp: String(Math.floor(Date.now() / 1000)), nonce: crypto.randomUUID() };
    const facts = {
      ...words,
      ...sending,
      admin,
      finance,
      house: account('commission_expense'),
      wallet: account('house_capital'),
    };
    for (const [name, value] of Object.entries(facts)) known.set(name, value);
  });
  afterAll(() => api.close());

  const filled = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => known.get(name) ?? codeOf(name) ?? whole);
  /** A code of the authenticator app that was set up before. */
  const codeOf = (name: string): string | undefined => {
    const steps = ['code', 'nextCode'].indexOf(name);
    const secret = known.get('secret');
    if (steps < 0 || secret === undefined) return undefined;
    return generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 });
  };

  it.each(examples.map((example) => [example.asked[0] ?? '', example] as const))(
    '%s',
    async (_line, { asked, expected }) => {
      const [line = '', ...rest] = asked.map(filled);
      const end = rest.includes('') ? rest.indexOf('') : rest.length;
      const headers = Object.fromEntries(
        rest.slice(0, end).map((each) => each.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      const [method = 'GET', path = '/'] = line.split(' ');
      const body = rest.slice(end + 1).join('\n');
      if (headers['Cascade-Signature'] === '{signature}') {
        const { timestamp = '', nonce = '' } = Object.fromEntries(known);
        const parts = { timestamp, nonce, batch: headers['Cascade-Batch'] ?? '', body: Buffer.from(body) };
        headers['Cascade-Signature'] = signFeedRequest(feedSecret, parts);
      }
      const answer = await api.raw({ method: method as 'GET', path, headers, ...(body === '' ? {} : { body }) });
      if (expected?.info !== 'http answer') throw new Error(`nothing is said of the answer to ${line}`);
      const told = expected.lines;
      const [cookie] = [answer.headers['set-cookie'] ?? []].flat();
      if (cookie !== undefined) known.set('cookie', cookie.split(';')[0] ?? '');
      expect([answer.status, answer.text()]).toEqual([Number(told[0]), expect.any(String)]);
      for (const header of told.slice(1, -1)) {
        const [name = '', value = ''] = header.split(/: (.*)/s);
        expect(answer.headers[name.toLowerCase()]).toBe(value);
      }
      if (told.length === 1) expect(answer.text()).toBe('');
      else matches(JSON.parse(told.at(-1) ?? ''), answer.json(), '');
    },
  );

  /** What the page shows stands in the answer; `{name}` is what was known by that name, or becomes it. */
  function matches(shown: unknown, found: unknown, place: string): void {
    if (shown === '…') return;
    const name = typeof shown === 'string' ? /^\{(\w+)\}$/.exec(shown)?.[1] : undefined;
    if (name !== undefined && !known.has(name)) {
      expect(found, place).toEqual(expect.any(String));
      known.set(name, found as string);
    } else if (typeof shown === 'string') expect(found, place).toBe(filled(shown));
    else if (typeof shown !== 'object' || shown === null) expect(found, place).toBe(shown);
    else {
      if (Array.isArray(shown)) expect((found as unknown[]).length, place).toBe(shown.length);
      for (const [key, inner] of Object.entries(shown))
        matches(inner, (found as Record<string, unknown>)[key], `${place}.${key}`);
    }
  }

  it('shows an answer to every request', () => {
    expect(examples.length).toBeGreaterThan(9);
  });
});
