import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRebates } from '../../src/commissions/rebates/contract.ts';
import { explainTradeRebates, listTrades, readTrade } from '../../src/commissions/trades/contract.ts';
import { decodeId, encodeId, tradeIdOf } from '../../src/kernel/ids.ts';
import { makePerson } from '../support/people.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const byText = (left: string | null, right: string | null) => String(left).localeCompare(String(right));

describe('Trades over HTTP', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk({ tenants: ['acme', 'zenith'] });
    const { brokerage } = desk;
    const deals = [
      ...[LOGINS.ofLena, LOGINS.ofOmar, LOGINS.ofZoe].flatMap((login) =>
        Array.from({ length: 4 }, () => brokerage.deal({ login, lots: '1' })),
      ),
      brokerage.deal({ login: LOGINS.ofLena, symbol: 'NOBODY' }),
    ].flat();
    await brokerage.feed(deals);
    await brokerage.book();
    await brokerage.feed(brokerage.deal({ login: LOGINS.ofZoe }));
  });
  afterAll(() => desk.api.close());

  const list = async (token: string, query = {}) =>
    (await desk.api.call(listTrades, { token, query: { limit: '200', ...query } })).ok();
  const loginsOf = (page: Awaited<ReturnType<typeof list>>) =>
    [...new Set(page.data.map(({ login }) => login))].toSorted(byText);

  it('shows staff every trade, newest first, with what became of it', async () => {
    const { data, nextCursor } = await list(desk.people.auditor);
    expect(data.map(({ state }) => state).sort()).toEqual(
      ['due', 'parked', ...Array<string>(12).fill('booked')].sort(),
    );
    expect(nextCursor).toBeNull();
    const closes = data.map(({ closedAt }) => closedAt);
    expect(closes).toEqual(closes.toSorted().reverse());
    expect(data.find(({ state }) => state === 'parked')).toMatchObject({
      symbol: 'NOBODY',
      reason: 'trading.symbol_unknown',
      earning: null,
    });
    expect(data.find(({ state }) => state === 'booked')).toMatchObject({
      lots: '1.00',
      earning: { amount: '8.00', currency: 'USD' },
    });
  });

  it('shows an IB its subtree, a client its own, and none of them what the trade earned in all', async () => {
    expect(loginsOf(await list(desk.people.omar))).toEqual([String(LOGINS.ofLena), String(LOGINS.ofOmar)]);
    expect(loginsOf(await list(desk.people.lena))).toEqual([String(LOGINS.ofLena)]);
    expect(loginsOf(await list(desk.people.clientOfZoe))).toEqual([String(LOGINS.ofZoe)]);
    expect(loginsOf(await list(desk.people.sales))).toEqual([]);
    expect((await list(desk.people.omar)).data.every(({ earning }) => earning === null)).toBe(true);
  });

  it('pages in both orders without losing or doubling a trade, for every caller and filter', async () => {
    const { auditor, omar } = desk.people;
    for (const [token, count] of [
      [auditor, 14],
      [omar, 9],
    ] as const)
      for (const sort of ['-closedAt', 'closedAt'] as const) {
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let pages = 0; pages < 20; pages += 1) {
          const page = await list(token, { limit: '3', sort, ...(cursor === undefined ? {} : { cursor }) });
          seen.push(...page.data.map(({ id }) => id));
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        expect(seen).toHaveLength(count);
        expect(new Set(seen).size).toBe(count);
      }
  });

  it('narrows by account, client, symbol, time and state', async () => {
    const { owner } = desk.people;
    const of = async (query: object) => (await list(owner, query)).data.length;
    const [first] = (await list(owner, { sort: 'closedAt', limit: '1' })).data;
    expect(await of({ clientId: desk.clientOf(LOGINS.ofZoe) })).toBe(5);
    expect(await of({ accountId: first?.accountId ?? '' })).toBe(5);
    expect(await of({ symbol: 'NOBODY' })).toBe(1);
    expect(await of({ state: 'booked' })).toBe(12);
    expect(await of({ state: 'due' })).toBe(1);
    expect(await of({ state: 'unpaid' })).toBe(0);
    expect(await of({ to: first?.closedAt })).toBe(0);
    expect(await of({ from: first?.closedAt })).toBe(14);
    expect(loginsOf(await list(desk.people.lena, { clientId: desk.clientOf(LOGINS.ofZoe) }))).toEqual([]);
  });

  it('refuses what is no listed name, number or cursor', async () => {
    const bad = [
      { sort: 'closedAt; drop table trading.deals' },
      { sort: 'ticket' },
      { symbol: '' },
      { state: "booked' or 1=1" },
      { accountId: "' or true --" },
      { clientId: 'ibr_01J9Z3K4M5N6P7Q8R9S0T1V2W3' },
      { from: 'yesterday' },
      { limit: '0' },
      { limit: '201' },
      { limit: '1e2' },
      { cursor: 'nonsense' },
      { cursor: Buffer.from('["-closedAt","x","1"]').toString('base64url') },
      { cursor: Buffer.from('["-closedAt","2026-03-10T10:00:00.000Z","1 or 1=1"]').toString('base64url') },
      { cursor: Buffer.from('["closedAt","2026-03-10T10:00:00.000Z","1"]').toString('base64url') },
      { q: 'x' },
    ];
    for (const query of bad) {
      const answer = await desk.api.call(listTrades, { token: desk.people.owner, query: query as object });
      expect([query, answer.status]).toEqual([query, 400]);
    }
    const rebates = await desk.api.call(listRebates, {
      token: desk.people.owner,
      query: { cursor: Buffer.from('["-deal","1","0.0.1.1) or (1=1"]').toString('base64url') },
    });
    expect(rebates.status).toBe(400);
  });

  it('answers instants at the ends of the calendar, and accounts that nobody has, with nothing', async () => {
    const { owner } = desk.people;
    const none = [
      { to: '0000-01-01T00:00:00Z' },
      { from: '9999-12-31T23:59:59.999Z' },
      { cursor: Buffer.from('["-closedAt","0000-01-01T00:00:00.000Z","1"]').toString('base64url') },
      { accountId: encodeId('acc', 2n ** 127n) },
      { clientId: encodeId('cli', 0n) },
      { symbol: "'; --" },
    ];
    for (const query of none) expect([query, (await list(owner, query)).data]).toEqual([query, []]);
    expect((await list(owner, { from: '0000-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z' })).data).toHaveLength(14);
  });

  it('answers a foreign trade, one of another tenant and one that is not there alike', async () => {
    const mine = (await list(desk.people.zoe)).data[0]?.id ?? tradeIdOf(0n);
    const absent = tradeIdOf(1n);
    const ids = [mine, absent, tradeIdOf(2n ** 63n + 5n)];
    for (const operation of [readTrade, explainTradeRebates]) {
      const answers = [];
      for (const tradeId of ids)
        answers.push(await desk.api.call(operation, { token: desk.people.lena, params: { tradeId } }));
      expect(answers.map(({ status, code }) => [status, code])).toEqual(
        ids.map(() => [404, 'commissions.trade_unknown']),
      );
      const forms = answers.map(({ body }, place) => ({
        ...(body as object),
        instance: '',
        detail: String((body as { detail?: string }).detail).replace(ids[place] ?? '', 'id'),
      }));
      expect(forms[0]).toEqual(forms[1]);
      expect(forms[2]).toEqual(forms[1]);
    }
    const { token } = await makePerson(desk.api, { tenant: 'zenith', roles: ['owner'] });
    const elsewhere = await desk.api.call(readTrade, { tenant: 'zenith', token, params: { tradeId: mine } });
    expect([elsewhere.status, elsewhere.code]).toEqual([404, 'commissions.trade_unknown']);
    expect((await desk.api.call(readTrade, { token, params: { tradeId: mine } })).status).toBe(401);
  });

  it('shows a trade in full with what the platform said', async () => {
    const [trade] = (await list(desk.people.clientOfLena, { state: 'booked' })).data;
    const full = (
      await desk.api.call(readTrade, { token: desk.people.clientOfLena, params: { tradeId: trade?.id as never } })
    ).ok();
    expect(full).toMatchObject({ ...trade, price: '1.08512', openPrice: '1.0844', profit: '72', earning: null });
    expect(full.bookedAt).not.toBeNull();
  });

  describe('explained', () => {
    const explained = async (token: string, login: bigint) => {
      const [trade] = (await list(desk.people.owner, { clientId: desk.clientOf(login), state: 'booked' })).data;
      return desk.api.call(explainTradeRebates, { token, params: { tradeId: trade?.id as never } });
    };

    it('staff see each step, the budget and who gets what', async () => {
      const told = (await explained(desk.people.finance, LOGINS.ofLena)).ok();
      expect(told.earning).toEqual({ amount: '8.00', currency: 'USD' });
      expect(told.rebates.map(({ to, amount }) => [to, amount.amount])).toEqual([
        ['Lena', '4.95'],
        ['the client', '0.55'],
        ['Omar', '1.50'],
        ['Maria', '1.00'],
      ]);
      expect(told.chain.map(({ name }) => name)).toEqual(['Lena', 'Omar', 'Maria']);
    });

    it('an IB sees its own line and what is below it, and no figure from which another rate follows', async () => {
      const told = (await explained(desk.people.omar, LOGINS.ofLena)).ok();
      expect(told.rebates).toEqual([
        { component: 'lots', to: 'Omar', kind: 'ib', depth: 1, amount: { amount: '1.50', currency: 'USD' } },
      ]);
      expect(told.chain.map(({ name }) => name)).toEqual(['Lena', 'Omar']);
      expect(told.earning).toBeNull();
      const text = JSON.stringify(told);
      for (const hidden of [
        'Maria',
        '8.00',
        '4.95',
        '0.55',
        '5.50',
        'budgetRate',
        'exactNumerator',
        'runningTotal',
        'whole',
      ])
        expect([hidden, text.includes(hidden)]).toEqual([hidden, false]);
      expect(told.steps.map(({ step }) => step)).toEqual(['rule', 'earning', 'share']);
      expect(told.steps.at(-1)).toMatchObject({ depth: 1, figures: { weight: '1500000' }, amount: '1.50' });
    });

    it('a direct IB sees what of its part went back to the trader; the client sees its own rebate alone', async () => {
      const ib = (await explained(desk.people.lena, LOGINS.ofLena)).ok();
      expect(ib.steps.map(({ step, amount }) => [step, amount])).toEqual([
        ['rule', undefined],
        ['earning', undefined],
        ['share', '5.50'],
        ['trader_rebate', '0.55'],
      ]);
      const client = (await explained(desk.people.clientOfLena, LOGINS.ofLena)).ok();
      expect(client.rebates).toMatchObject([{ kind: 'client', amount: { amount: '0.55' } }]);
      expect(client.chain).toEqual([]);
      expect(JSON.stringify(client)).not.toMatch(/Lena|Omar|Maria|4\.95|5\.50|8\.00|weight/);
    });

    it('what is not booked says why; what another tree earned is not there', async () => {
      const [due] = (await list(desk.people.owner, { state: 'due' })).data;
      const told = async (tradeId: string | undefined, token = desk.people.owner) =>
        (await desk.api.call(explainTradeRebates, { token, params: { tradeId: tradeId ?? '' } })).ok();
      expect(await told(due?.id, desk.people.zoe)).toMatchObject({
        state: 'due',
        rebates: [],
        reason: { code: 'due', sentence: 'It waits to be booked' },
      });
      const [parked] = (await list(desk.people.owner, { state: 'parked' })).data;
      expect(await told(parked?.id)).toMatchObject({
        state: 'parked',
        reason: { code: 'parked', sentence: expect.stringContaining('trading.symbol_unknown: ') as string },
      });
      for (const token of [desk.people.lena, desk.people.clientOfLena])
        expect((await told(parked?.id, token)).reason?.sentence).toBe('It is parked: trading.symbol_unknown');
      expect(await told(tradeIdOf(decodeId(due?.id ?? '') - 1n))).toMatchObject({
        state: 'never',
        reason: { code: 'kept', sentence: expect.stringContaining('closes no volume') as string },
      });
      const [booked] = (await list(desk.people.owner, { state: 'booked' })).data;
      expect(await told(booked?.id)).toMatchObject({ state: 'booked' });
      expect((await explained(desk.people.zoe, LOGINS.ofLena)).code).toBe('commissions.trade_unknown');
      expect((await explained(desk.people.sales, LOGINS.ofLena)).status).toBe(403);
    });
  });
});
