import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { DEMO_GROUPS, DEMO_SYMBOLS, NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { clientKeyOf, openAccounts } from '../../src/clients/index.ts';
import { listTrades } from '../../src/commissions/trades/contract.ts';
import { Currency } from '../../src/kernel/currency.ts';
import {
  createServer,
  createSource,
  mapSymbols,
  type RawDeal,
  setGroups,
  signFeedRequest,
} from '../../src/trading/index.ts';
import { cascadeHere } from '../support/cascade.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const LOGIN = LOGINS.ofLena;
/** Of one position: the ticket that closes it is 1 above the one that opens it. */
const ticketOf = (deals: readonly RawDeal[]): string => z.string().parse(deals.at(-1)?.['Deal']);

/**
 * Two servers that number accounts and tickets alike: on `Test-Live` the login is Lena's client, on `Second` it is Zoe's.
 * The first two tickets are on both, the third and that of Omar's client on the first alone.
 */
describe('Trades are found by the numbers of the platform', () => {
  let desk: MoneyDesk;
  let both: string;
  let alone: string;
  let ofOmar: string;
  let fed: unknown;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    const { brokerage, inTenant, api } = desk;
    const positions = [1, 2, 3].map(() => brokerage.deal({ login: LOGIN }));
    const omars = brokerage.deal({ login: LOGINS.ofOmar });
    [both = '', , alone = ''] = positions.map(ticketOf);
    ofOmar = ticketOf(omars);
    await brokerage.feed([...positions.flat(), ...omars]);
    const source = await inTenant(async (tx) => {
      const [server, validFrom] = ['Second', new Date('2016-01-01T00:00:00Z')];
      await createServer(tx, { name: server, platform: 'mt5', ...NEW_YORK_CLOSE });
      await mapSymbols(tx, { server, symbols: DEMO_SYMBOLS, validFrom });
      await setGroups(tx, { server, groups: DEMO_GROUPS, validFrom });
      const clientKey = (await clientKeyOf(tx, desk.clientOf(LOGINS.ofZoe))) ?? 0;
      const currency = Currency.parse('USD');
      await openAccounts(tx, [{ clientKey, server, group: 'real\\standard', currency, login: LOGIN }]);
      const keeping = { sealer: api.deps.sealerOf('trading.sources'), clock: api.deps.clock };
      return createSource(tx, keeping, { server, name: 'bridge' });
    });
    const lines = positions
      .slice(0, 2)
      .flatMap((deals) => deals.map((deal) => JSON.stringify({ type: 'deal.add', deal })));
    const body = Buffer.from(lines.join('\n'));
    const parts = { timestamp: String(Math.floor(Date.now() / 1000)), nonce: randomUUID(), batch: randomUUID(), body };
    const answer = await api.raw({
      method: 'POST',
      path: `/feeds/${source.id}/events`,
      headers: {
        'content-type': 'application/x-ndjson',
        'cascade-batch': parts.batch,
        'cascade-timestamp': parts.timestamp,
        'cascade-nonce': parts.nonce,
        'cascade-signature': signFeedRequest(source.secret, parts),
      },
      body,
    });
    fed = answer.json();
    await brokerage.book();
  });
  afterAll(() => desk.api.close());

  const found = async (token: string, query: object) => {
    const { data, nextCursor } = (await desk.api.call(listTrades, { token, query: { limit: '200', ...query } })).ok();
    expect(nextCursor).toBeNull();
    return data.map(({ server, ticket }) => `${server} ${ticket}`).toSorted();
  };

  it('two servers may have the same numbers', () => {
    expect(fed).toMatchObject({ accepted: 4, parked: 0 });
  });

  it('by ticket: staff see the one of each server, others the one that they reach', async () => {
    const { owner, lena, zoe, clientOfLena, clientOfZoe, sales, omar } = desk.people;
    const [here, there] = [`Test-Live ${both}`, `Second ${both}`];
    expect(await found(owner, { ticket: both })).toEqual([there, here]);
    expect(await found(owner, { ticket: alone })).toEqual([`Test-Live ${alone}`]);
    for (const token of [lena, clientOfLena, omar]) expect(await found(token, { ticket: both })).toEqual([here]);
    for (const token of [zoe, clientOfZoe]) expect(await found(token, { ticket: both })).toEqual([there]);
    expect(await found(sales, { ticket: both })).toEqual([]);
  });

  it('a foreign ticket or login is as one that is not there', async () => {
    const { lena, clientOfZoe } = desk.people;
    const answerTo = async (token: string, query: object) => (await desk.api.call(listTrades, { token, query })).text;
    for (const [token, foreign] of [
      [lena, { ticket: ofOmar }],
      [lena, { login: String(LOGINS.ofOmar) }],
      [clientOfZoe, { ticket: alone }],
      [clientOfZoe, { login: String(LOGINS.ofOmar), limit: '1' }],
    ] as const)
      expect(await answerTo(token, foreign)).toBe(await answerTo(token, { ticket: '999999999999999999' }));
  });

  it('by login: on every server that has it, within reach', async () => {
    const { owner, lena, zoe, clientOfZoe, sales } = desk.people;
    const login = String(LOGIN);
    expect(await found(owner, { login })).toHaveLength(5);
    expect(await found(lena, { login })).toHaveLength(3);
    const zoes = await found(zoe, { login });
    expect(zoes.every((each) => each.startsWith('Second '))).toBe(true);
    expect(zoes).toHaveLength(2);
    expect(await found(clientOfZoe, { login })).toEqual(zoes);
    expect(await found(sales, { login })).toEqual([]);
    expect(await found(owner, { login: '1' })).toEqual([]);
  });

  it('beside the other filters: all of them hold', async () => {
    const { owner } = desk.people;
    const login = String(LOGIN);
    const clientId = desk.clientOf(LOGINS.ofZoe);
    expect(await found(owner, { login, clientId })).toHaveLength(2);
    expect(await found(owner, { ticket: both, clientId })).toEqual([`Second ${both}`]);
    expect(await found(owner, { ticket: both, login })).toHaveLength(2);
    expect(await found(owner, { ticket: both, login: String(LOGINS.ofOmar) })).toEqual([]);
    expect(await found(owner, { ticket: both, state: 'due' })).toEqual([]);
    expect(await found(owner, { ticket: both, symbol: 'XAUUSD' })).toEqual([]);
    expect(await found(owner, { ticket: both, to: '2026-01-01T00:00:00Z' })).toEqual([]);
    expect(await found(owner, { ticket: both, from: '2026-01-01T00:00:00Z' })).toHaveLength(2);
  });

  it.each(['-closedAt', 'closedAt'] as const)('pages by %s, without losing or doubling one', async (sort) => {
    for (const [query, count] of [
      [{ ticket: both }, 2],
      [{ login: String(LOGIN) }, 5],
    ] as const) {
      const seen = new Set<string>();
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await desk.api.call(listTrades, {
          token: desk.people.owner,
          query: { ...query, sort, limit: '1', ...(cursor === undefined ? {} : { cursor }) },
        });
        const { data, nextCursor } = page.ok();
        for (const { id } of data) seen.add(id);
        cursor = nextCursor ?? undefined;
        pages += 1;
      } while (cursor !== undefined && pages < 10);
      expect([seen.size, pages]).toEqual([count, count]);
    }
  });

  it.each(['', '0', '-1', '+1', '1.0', '1e3', ' 1', '01', '0x10', '1'.repeat(19), "1' or 1=1", 'dea_1'])(
    'refuses %j as a number',
    async (bad) => {
      for (const name of ['ticket', 'login']) {
        const answer = await desk.api.call(listTrades, { token: desk.people.owner, query: { [name]: bad } });
        expect([answer.status, answer.body]).toEqual([
          400,
          expect.objectContaining({ code: 'http.query_invalid', errors: [expect.objectContaining({ path: name })] }),
        ]);
      }
    },
  );

  describe('on the command line', () => {
    const explain = (...args: string[]) =>
      cascadeHere(['trades', 'explain', '--tenant', 'acme', ...args], {
        DATABASE_URL: inject('adminUrl'),
        CASCADE_INSTALLATION: desk.api.tenancy.creation.installation,
        CASCADE_SECRET: 'a secret of at least thirty-two characters',
        CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
      });

    it('a ticket is explained like its deal', async () => {
      const { data } = (await desk.api.call(listTrades, { token: desk.people.owner, query: { ticket: alone } })).ok();
      const byTicket = await explain('--ticket', alone);
      expect(byTicket).toMatchObject({ code: 0, err: '' });
      expect(byTicket.out).toContain(`Deal ${alone} closed 1.00 lots of EURUSD`);
      expect(byTicket.out).toBe((await explain(data[0]?.dealId ?? '')).out);
    });

    it('one that two servers have names both, until it is said which', async () => {
      const told = await explain('--ticket', both);
      expect(told).toMatchObject({ code: 1, out: '' });
      expect(told.err).toMatch(/^cli\.ticket_ambiguous: .*Second, Test-Live/);
      for (const [server, name] of [
        ['Second', 'Zoe'],
        ['Test-Live', 'Lena'],
      ] as const) {
        const one = await explain('--ticket', both, '--server', server);
        expect(one).toMatchObject({ code: 0, err: '' });
        expect(one.out).toContain(`came from ${name}`);
      }
    });

    it('one that is not there, on that server or anywhere, is named', async () => {
      for (const args of [
        ['--ticket', '5'],
        ['--ticket', alone, '--server', 'Second'],
        ['--ticket', alone, '--server', "x' or '1'='1"],
      ])
        expect(await explain(...args)).toMatchObject({
          code: 1,
          out: '',
          err: expect.stringMatching(/^cli\.ticket_unknown: /) as string,
        });
    });

    it.each([
      ['neither a deal nor a ticket', []],
      ['both', ['dea_01J9Z3K4M5N6P7Q8R9S0T1V2W3', '--ticket', '5']],
      ['a server without a ticket', ['dea_01J9Z3K4M5N6P7Q8R9S0T1V2W3', '--server', 'Second']],
      ['a ticket that is no number', ['--ticket', '0']],
      ['a ticket of 19 digits', ['--ticket', '1'.repeat(19)]],
    ])('refuses %s', async (_what, args) => {
      const { code, out, err } = await explain(...args);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/^cli\.usage: /);
    });
  });
});
