import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRebates } from '../../src/commissions/rebates/contract.ts';
import { explainTradeRebates, listTrades } from '../../src/commissions/trades/contract.ts';
import { clientKeyOf } from '../../src/clients/index.ts';
import { relinkClient } from '../../src/ib/index.ts';
import { parseMoney } from '../../src/kernel/money.ts';
import { listLedgerAccounts, readTrialBalance } from '../../src/ledger/accounts/contract.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

type Rebate = Awaited<ReturnType<typeof pageThrough>>[number];

/** All pages of rebates, as a caller reads them. */
async function pageThrough({ api }: MoneyDesk, token: string, query: object = {}) {
  const found = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 100; pages += 1) {
    const page = (
      await api.call(listRebates, {
        token,
        query: { limit: '7', ...query, ...(cursor === undefined ? {} : { cursor }) },
      })
    ).ok();
    found.push(...page.data);
    if (page.nextCursor === null) return found;
    cursor = page.nextCursor;
  }
  throw new Error('the list does not end');
}

const sumOf = (rebates: readonly Rebate[]): bigint =>
  rebates.reduce((sum, { amount }) => sum + parseMoney(amount, 'ledger').units, 0n);

describe('Rebates over HTTP', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    const { brokerage } = desk;
    const lots = ['1', '0.37', '2.13', '0.01', '5.5', '0.03', '1.11', '0.77'];
    await brokerage.feed(
      Object.values(LOGINS).flatMap((login) => lots.flatMap((each) => brokerage.deal({ login, lots: each }))),
    );
    await brokerage.book();
  });
  afterAll(() => desk.api.close());

  it('add up over all pages to what the ledger owes, for everybody and for each beneficiary', async () => {
    const { finance } = desk.people;
    const all = await pageThrough(desk, finance);
    const names = all.map(
      ({ tradeId, component, beneficiary }) => `${tradeId} ${component} ${beneficiary.kind} ${beneficiary.id}`,
    );
    expect(new Set(names).size).toBe(all.length);
    const accounts = (await desk.api.call(listLedgerAccounts, { token: finance, query: { limit: '200' } })).ok().data;
    const owed = accounts.filter(({ owner }) => owner.kind !== 'house');
    expect(owed.length).toBe(7); // Four IBs and three clients.
    for (const { owner, balance } of owed) {
      const own = all.filter(({ beneficiary }) => beneficiary.id === owner.id);
      expect([owner.id, sumOf(own)]).toEqual([owner.id, parseMoney(balance, 'ledger').units]);
      expect(sumOf(await pageThrough(desk, finance, { beneficiary: owner.id ?? '' }))).toBe(sumOf(own));
    }
    const [expense] = accounts.filter(({ purpose }) => purpose === 'commission_expense');
    const paid = all.filter(({ beneficiary }) => beneficiary.kind !== 'house');
    expect(sumOf(paid)).toBe(parseMoney(expense?.balance ?? { amount: '0', currency: 'USD' as never }, 'ledger').units);
    const trial = (await desk.api.call(readTrialBalance, { token: finance })).ok();
    expect(trial.totals).toEqual([{ currency: 'USD', net: { amount: '0.00', currency: 'USD' } }]);
  });

  it('are shown to an IB and to a client as far as they are its own', async () => {
    const omar = desk.ibOf('Omar');
    const own = await pageThrough(desk, desk.people.omar);
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(own.map(({ beneficiary }) => beneficiary.id))).toEqual(new Set([omar]));
    expect(own).toHaveLength((await pageThrough(desk, desk.people.owner, { beneficiary: omar })).length);
    expect(await pageThrough(desk, desk.people.omar, { beneficiary: desk.ibOf('Lena') })).toEqual([]);
    const client = await pageThrough(desk, desk.people.clientOfLena);
    expect(new Set(client.map(({ beneficiary }) => beneficiary.id))).toEqual(new Set([desk.clientOf(LOGINS.ofLena)]));
    expect((await desk.api.call(listRebates, { token: desk.people.sales })).status).toBe(403);
  });

  it('are narrowed by trade and by close, and refuse what is no id or instant', async () => {
    const { owner } = desk.people;
    const [newest] = await pageThrough(desk, owner);
    const trade = newest?.tradeId ?? '';
    const ofTrade = await pageThrough(desk, owner, { trade });
    expect(new Set(ofTrade.map(({ tradeId }) => tradeId))).toEqual(new Set([trade]));
    expect(await pageThrough(desk, owner, { from: newest?.closedAt ?? '' })).toHaveLength(ofTrade.length);
    const before = await pageThrough(desk, owner, { to: newest?.closedAt ?? '' });
    expect(before.length + ofTrade.length).toBe((await pageThrough(desk, owner)).length);
    for (const query of [
      { beneficiary: 'lac_01J9Z3K4M5N6P7Q8R9S0T1V2W3' },
      { trade: '1' },
      { sort: 'units' },
      { to: '1' },
    ])
      expect((await desk.api.call(listRebates, { token: owner, query: query as object })).status).toBe(400);
  });

  it('stay explained to whoever earned them when the client goes elsewhere', async () => {
    const { lena, zoe, owner } = desk.people;
    const ofLena = { clientId: desk.clientOf(LOGINS.ofLena) };
    const [trade] = (await desk.api.call(listTrades, { token: owner, query: ofLena })).ok().data;
    const params = { tradeId: trade?.id as never };
    await desk.inTenant(async (tx) => {
      const clientKey = (await clientKeyOf(tx, ofLena.clientId)) ?? 0;
      await relinkClient(tx, { clientKey, ibId: desk.ibOf('Zoe'), reason: 'It moves' });
    });
    expect((await desk.api.call(listTrades, { token: lena })).ok().data).toEqual([]);
    const told = (await desk.api.call(explainTradeRebates, { token: lena, params })).ok();
    expect(told.rebates.map(({ to }) => to)).toEqual(['Lena']);
    const newcomer = (await desk.api.call(explainTradeRebates, { token: zoe, params })).ok();
    expect([newcomer.rebates, newcomer.chain, newcomer.earning]).toEqual([[], [], null]);
    expect(JSON.stringify(newcomer)).not.toMatch(/Lena|Omar|weight/);
  });
});
