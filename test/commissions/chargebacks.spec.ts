import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { explainTradeRebates, listTrades } from '../../src/commissions/trades/contract.ts';
import { askChargeback } from '../../src/commissions/chargebacks/contract.ts';
import { readApproval } from '../../src/identity/approvals/contract.ts';
import { linkClientOperation } from '../../src/ib/contract.ts';
import { balancesOf, ensureAccounts, post } from '../../src/ledger/index.ts';
import { query } from '../../src/platform/query.ts';
import { USD } from '../ledger/support.ts';
import { award } from '../../src/commissions/awards/service.ts';
import { clientKeyOf } from '../../src/clients/index.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const ibKeyOf = query('test.ib_key', z.object({ key: z.int() }), `select key from ib.ibs where name = :name`);
import { holds, payables, REASON, usd, workers } from './rerun-desk.ts';

describe('A chargeback', () => {
  let desk: MoneyDesk;
  let by: ReturnType<typeof workers>;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    by = workers(desk);
    const at = (day: string) => ({ login: LOGINS.ofLena, closedAt: new Date(`2026-03-${day}T10:00:00Z`) });
    await desk.brokerage.feed([
      ...desk.brokerage.deal(at('02')),
      ...desk.brokerage.deal(at('09')),
      ...desk.brokerage.deal({ ...at('10'), login: LOGINS.ofZoe }),
    ]);
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());
  const ask = (body: object = {}) =>
    desk.api.call(askChargeback, {
      token: desk.people.finance,
      body: {
        clientId: desk.clientOf(LOGINS.ofLena),
        since: '2026-03-05T00:00:00Z',
        reason: 'The card was stolen',
        evidence: 'case 4711',
        ...body,
      },
    });

  it('takes back what came since the deposit; what was paid is owed', async () => {
    const [lena] = await desk.inTenant((tx) => ibKeyOf(tx, { name: 'Lena' }));
    await desk.inTenant(async (tx) => {
      const owner = lena?.key ?? 0;
      const [payable, wallet] = await ensureAccounts(tx, [
        { purpose: 'ib_payable', owner, currency: USD },
        { purpose: 'ib_wallet', owner, currency: USD },
      ]);
      if (payable === undefined || wallet === undefined) throw new Error('no accounts');
      const money = { units: 9_000_000n, currency: USD };
      post(tx, [{ debit: payable, credit: wallet, money, reference: `test/${randomUUID()}`, leg: 0 }]);
    });
    const asked = (await ask()).ok();
    expect((await by.agree(asked, desk.people.finance)).code).toBe('identity.approval_own');
    (await by.agree(asked, desk.people.otherFinance)).ok();
    await by.work();
    expect(await payables(desk)).toEqual(['6.00', '1.50', '0.00', '2.70']);
    expect(await usd(desk, 'ib_receivable', 'Lena')).toBe('4.05');
    await holds(desk);
    const kept = (
      await desk.api.call(readApproval, { token: desk.people.finance, params: { approvalId: asked.approvalId } })
    ).ok();
    expect(kept).toMatchObject({ state: 'approved', payload: { evidence: 'case 4711' } });
  });

  it('tells its reason to those whom it concerns, and its evidence to who agreed to it alone', async () => {
    const { lena, clientOfLena, finance } = desk.people;
    const [trade] = (await desk.api.call(listTrades, { token: lena, query: {} })).ok().data;
    for (const token of [lena, clientOfLena, finance]) {
      const told = await desk.api.call(explainTradeRebates, { token, params: { tradeId: trade?.id ?? '' } });
      expect(told.ok().revisions.at(-1)).toMatchObject({ cause: 'chargeback', reason: 'The card was stolen' });
      expect(told.text).not.toContain('4711');
    }
  });

  it('takes nothing back twice, and nothing earns again that was charged back', async () => {
    const before = await payables(desk);
    (await by.agree((await ask({ reason: 'Once more' })).ok(), desk.people.owner)).ok();
    await by.work();
    expect(await payables(desk)).toEqual(before);
    const rerun = await by.prepared();
    expect(rerun.totals).toMatchObject({ looked: 2, changed: 0 });
    expect(await desk.inTenant(async (tx) => balancesOf(tx, []))).toEqual([]);
  });

  it('takes back what was awarded for the client, each award once', async () => {
    const [lena] = await desk.inTenant((tx) => ibKeyOf(tx, { name: 'Lena' }));
    const clientKey = await desk.inTenant((tx) => clientKeyOf(tx, desk.clientOf(LOGINS.ofLena)));
    const beneficiary = lena?.key ?? 0;
    const given = { kind: 'ib', beneficiary, depth: 0, units: 60_000_000n } as const;
    const cpa = {
      kind: 'cpa',
      planVersionKey: null,
      component: 0,
      clientKey: clientKey ?? 0,
      ibKey: beneficiary,
      currency: USD,
      earnedAt: new Date('2026-03-06T00:00:00Z'),
      units: 60_000_000n,
      inputs: {},
      parts: [given],
    } as const;
    await desk.inTenant((tx) => award(tx, [cpa, { ...cpa, earnedAt: new Date('2026-03-01T00:00:00Z') }]));
    const owed = async () => [await usd(desk, 'ib_payable', 'Lena'), await usd(desk, 'ib_receivable', 'Lena')];
    const [payable = '', receivable = ''] = await owed();
    expect(payable).toBe('120.00');
    for (const reason of ['Awards', 'Awards once more']) {
      (await by.agree((await ask({ reason })).ok(), desk.people.owner)).ok();
      await by.work();
      expect(await owed()).toEqual(['60.00', receivable]); // The one from before the deposit stays.
    }
    await holds(desk);
  });

  it('takes back all awards, however many there are', async () => {
    const [lena] = await desk.inTenant((tx) => ibKeyOf(tx, { name: 'Lena' }));
    const clientKey = (await desk.inTenant((tx) => clientKeyOf(tx, desk.clientOf(LOGINS.ofLena)))) ?? 0;
    const [payable, ibKey] = [await usd(desk, 'ib_payable', 'Lena'), lena?.key ?? 0];
    const one = {
      kind: 'net_revenue',
      planVersionKey: null,
      component: 0,
      clientKey,
      ibKey,
      currency: USD,
      inputs: {},
    } as const;
    const parts = [{ kind: 'ib', beneficiary: ibKey, depth: 0, units: 10_000n }] as const;
    const days = Array.from({ length: 501 }, (_none, day) => new Date(Date.UTC(2026, 2, 6) + day * 60_000));
    const awards = days.map((earnedAt) => ({ ...one, earnedAt, units: 10_000n, parts }));
    await desk.inTenant((tx) => award(tx, awards));
    expect(await usd(desk, 'ib_payable', 'Lena')).not.toBe(payable);
    (await by.agree((await ask({ reason: 'Many awards' })).ok(), desk.people.owner)).ok();
    await by.work();
    expect(await usd(desk, 'ib_payable', 'Lena')).toBe(payable);
    await holds(desk);
  });

  it('leaves room under no cap to what it had left unpaid: that earns no more either', async () => {
    const cap = { kind: 'cap', of: 'client', over: 'month', amount: '8' } as const;
    const levels = { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['50'] };
    const rules = [{ name: 'everything', budget: '8.00' }];
    const component = {
      name: 'lots',
      model: { kind: 'per_lot' as const },
      levels,
      rules,
      filters: [],
      traderRebate: '0',
    };
    const definition = { currency: USD, components: [{ ...component, adjusters: [cap] }] };
    const ibs = ['Maria', 'Omar', 'Lena', 'Zoe'].map((name, place) => ({ name, parent: place === 0 ? null : 0 }));
    const capped = await openMoneyDesk({}, { ibs, plans: [{ name: 'Capped', definition, master: undefined }] });
    const at = workers(capped);
    const login = LOGINS.ofLena;
    await capped.brokerage.feed([...capped.brokerage.deal({ login }), ...capped.brokerage.deal({ login })]);
    await capped.brokerage.book();
    expect(await usd(capped, 'ib_payable', 'Lena')).toBe('4.00');
    const body = {
      clientId: capped.clientOf(login),
      since: '2026-03-01T00:00:00Z',
      reason: 'The card was stolen',
      evidence: 'case 4711',
    };
    const asked = (await capped.api.call(askChargeback, { token: capped.people.finance, body })).ok();
    (await at.agree(asked, capped.people.otherFinance)).ok();
    await at.work();
    expect(await usd(capped, 'ib_payable', 'Lena')).toBe('0.00');
    expect((await at.prepared()).totals).toMatchObject({ looked: 0, changed: 0 });
    await holds(capped);
    await capped.api.close();
  });

  it('is refused for nobody, and for what lies ahead', async () => {
    expect((await ask({ clientId: 'cli_00000000000000000000000000' })).code).toBe('clients.client_unknown');
    expect((await ask({ since: new Date(Date.now() + 3_600_000).toISOString() })).code).toBe(
      'commissions.chargeback_ahead',
    );
  });

  it('moves a client of the past only with a second person', async () => {
    const body = {
      clientId: desk.clientOf(LOGINS.ofZoe),
      effectiveAt: '2026-03-01T00:00:00Z',
      backdated: true,
      reason: REASON,
    };
    const asked = await desk.api.call(linkClientOperation, {
      token: desk.people.owner,
      params: { ibId: desk.ibOf('Omar') },
      body,
    });
    expect(asked.status).toBe(202);
  });
});
