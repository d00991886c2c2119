import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import { settleReruns, tellOfCorrections } from '../../src/commissions/index.ts';
import { listRebates } from '../../src/commissions/rebates/contract.ts';
import * as contract from '../../src/commissions/reruns/contract.ts';
import { listPlansOperation } from '../../src/commissions/plans/contract.ts';
import { explainTradeRebates, listTrades } from '../../src/commissions/trades/contract.ts';
import { moveIb } from '../../src/ib/index.ts';
import { correctionMails } from '../../src/main/corrections.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { cancelTaskOperation as cancelTask } from '../../src/platform/tasks/contract.ts';
import type { WithTenant } from '../../src/platform/tenant-tx.ts';
import type { RawDeal } from '../../src/trading/index.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

import { holds, payables, PERIOD, REASON, usd, workers } from './rerun-desk.ts';

describe('A re-run', () => {
  let desk: MoneyDesk;
  let by: ReturnType<typeof workers>;
  let deals: RawDeal[] = [];
  beforeAll(async () => {
    desk = await openMoneyDesk();
    by = workers(desk);
    deals = [...desk.brokerage.deal({ login: LOGINS.ofLena }), ...desk.brokerage.deal({ login: LOGINS.ofZoe })];
    await desk.brokerage.feed(deals);
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());
  const backdated = async (name: string, parent: string) => {
    await desk.inTenant((tx) =>
      moveIb(tx, {
        ibId: desk.ibOf(name),
        parentId: desk.ibOf(parent),
        effectiveAt: new Date('2026-03-01T00:00:00Z'),
        backdated: true,
        reason: REASON,
      }),
    );
  };

  it('is refused where it names nothing, or what is not there', async () => {
    const plan = { planId: 'pln_00000000000000000000000000' as never, version: 1 };
    expect((await by.ask({ selection: {} })).code).toBe('commissions.rerun_empty');
    expect((await by.ask({ selection: { from: PERIOD.to, to: PERIOD.from } })).code).toBe('commissions.rerun_empty');
    expect((await by.ask({ terms: { plan } })).code).toBe('commissions.rerun_version_unknown');
    const beyond = { ...plan, version: Number.MAX_SAFE_INTEGER }; // More than a column holds.
    expect((await by.ask({ terms: { plan: beyond } })).code).toBe('http.body_invalid');
    const nobody = 'ibr_00000000000000000000000000' as never;
    expect((await by.ask({ selection: { ...PERIOD, ibId: nobody } })).code).toBe('ib.unknown');
    expect((await by.ask({}, desk.people.lena)).code).toBe('identity.forbidden');
    expect((await by.ask({}, desk.people.auditor)).code).toBe('identity.forbidden');
  });

  it('of trades that come to the same changes nothing, and is not carried out', async () => {
    const same = await by.prepared();
    expect(same).toMatchObject({ state: 'prepared', totals: { looked: 2, changed: 0, hindered: 0 } });
    expect((await by.apply(same.id)).code).toBe('commissions.rerun_changes_nothing');
  });

  it('shows every difference first, and changes nothing by that', async () => {
    await backdated('Lena', 'Maria');
    const rerun = await by.prepared();
    expect(rerun.totals).toMatchObject({
      looked: 2,
      changed: 1,
      earnings: [{ currency: 'USD', before: '8.00', after: '8.00' }],
      parties: [
        { kind: 'ib', name: 'Maria', change: { amount: '1.50' } },
        { kind: 'ib', name: 'Omar', change: { amount: '-1.50' } },
      ],
    });
    const trades = (
      await desk.api.call(contract.listRerunTrades, { token: desk.people.auditor, params: { rerunId: rerun.id } })
    ).ok().data;
    expect(trades).toMatchObject([
      { revision: 0, before: { amount: '8.00' }, after: { amount: '8.00' }, changes: [{ kind: 'ib' }, { kind: 'ib' }] },
    ]);
    expect(await payables(desk)).toEqual(['6.00', '1.50', '4.95', '2.70']);
  });

  it('is not carried out by the voice of who had it computed, whoever asks for that', async () => {
    const { rerunId } = (await by.ask({}, desk.people.otherFinance)).ok();
    await by.work();
    const asked = (await by.apply(rerunId)).ok();
    (await by.agree(asked, desk.people.otherFinance)).ok();
    expect((await by.agree(asked, desk.people.owner)).body).toMatchObject({
      code: 'identity.approval_failed',
      because: 'commissions.rerun_own',
    });
    expect(await by.read(rerunId)).toMatchObject({ state: 'prepared' });
  });

  it('is carried out once two others agreed, and tells whom it touches', async () => {
    const rerun = await by.prepared();
    const asked = (await by.apply(rerun.id)).ok();
    expect((await by.apply(rerun.id)).code).toBe('identity.approval_pending');
    expect((await by.agree(asked, desk.people.finance)).code).toBe('identity.approval_own');
    (await by.agree(asked, desk.people.otherFinance)).ok();
    expect((await by.agree(asked, desk.people.otherFinance)).code).toBe('identity.approval_repeated');
    await by.work();
    expect(await by.read(rerun.id)).toMatchObject({ state: 'prepared' });
    (await by.agree(asked, desk.people.owner)).ok();
    await by.work();
    expect(await by.read(rerun.id)).toMatchObject({ state: 'applied', problem: null });
    expect(await payables(desk)).toEqual(['7.50', '0.00', '4.95', '2.70']);
    await holds(desk);
    const mails: Mail[] = [];
    const tell = correctionMails({
      sendMail: async (_tx, mail) => void mails.push(mail),
      siteOf: async () => 'https://acme.example',
    });
    await tellOfCorrections({ withTenant: desk.api.withTenant, tell }, by.tenantId);
    await tellOfCorrections({ withTenant: desk.api.withTenant, tell }, by.tenantId);
    expect(mails.map(({ template, data }) => ({ template, data }))).toEqual([
      {
        template: 'earnings_corrected',
        data: {
          link: 'https://acme.example/partner/earnings',
          what: 'rerun',
          reason: REASON,
          trades: 1,
          change: '-1.50 USD',
        },
      },
    ]); // Maria has nobody who could read it.
  });

  it('is told with the trade: to staff in full, to an introducing broker what it changed for it', async () => {
    const { data } = (await desk.api.call(listTrades, { token: desk.people.owner })).ok();
    const trade = data.find(({ login }) => login === String(LOGINS.ofLena));
    const told = async (token: string, revision?: string) =>
      (
        await desk.api.call(explainTradeRebates, {
          token,
          params: { tradeId: trade?.id as never },
          query: revision === undefined ? {} : { revision },
        })
      ).ok();
    const full = await told(desk.people.owner);
    expect(full).toMatchObject({ revision: 1, revisions: [{ cause: 'booking' }, { cause: 'rerun', reason: REASON }] });
    expect((await told(desk.people.owner, '0')).chain.map(({ name }) => name)).toEqual(['Lena', 'Omar', 'Maria']);
    expect(full.chain.map(({ name }) => name)).toEqual(['Lena', 'Maria']);
    const omar = await told(desk.people.omar);
    expect(omar.revisions[1]).toMatchObject({ earning: null, changes: [{ to: 'Omar', amount: { amount: '-1.50' } }] });
    expect(JSON.stringify(omar)).not.toContain('Maria');
    const lines = (await desk.api.call(listRebates, { token: desk.people.omar })).ok().data;
    expect(lines).toMatchObject([
      { revision: 1, amount: { amount: '-1.50' }, correction: { cause: 'rerun', reason: REASON } },
      { revision: 0, amount: { amount: '1.50' }, correction: null },
    ]);
  });

  it('is not agreed to where a trade of it was corrected since', async () => {
    const tree = { treeAt: '2026-02-01T00:00:00Z' };
    const rerun = await by.prepared({ terms: tree });
    expect(rerun.totals).toMatchObject({ changed: 1 });
    const asked = (await by.apply(rerun.id)).ok();
    (await by.agree(asked, desk.people.otherFinance)).ok();
    const closed = deals.find(({ Login, Entry }) => Login === String(LOGINS.ofLena) && Entry === 1) ?? {};
    await desk.brokerage.tell([{ type: 'deal.update', deal: { ...closed, VolumeExt: '200000000' } }]);
    await desk.inTenant((tx) => carryOutAmendments(tx, desk.brokerage.memory.books, { after: 0n }));
    expect((await by.agree(asked, desk.people.owner)).code).toBe('identity.approval_outdated');
    expect(await payables(desk)).toEqual(['10.00', '0.00', '9.90', '2.70']);
  });

  it('does nothing where the world has changed after all agreed', async () => {
    const rerun = await by.prepared({ terms: { treeAt: '2026-02-01T00:00:00Z' } });
    await by.agreed(rerun.id);
    const before = await payables(desk);
    await desk.inTenant((tx) =>
      // The tree of February is another now: whoever agreed has not seen it.
      moveIb(tx, {
        ibId: desk.ibOf('Omar'),
        parentId: null,
        effectiveAt: new Date('2026-01-01T00:00:00Z'),
        backdated: true,
        reason: REASON,
      }),
    );
    await by.work();
    expect(await by.read(rerun.id)).toMatchObject({ state: 'failed', problem: 'commissions.rerun_outdated' });
    expect(await payables(desk)).toEqual(before);
    await holds(desk);
  });

  it('by other rates of a plan goes on holding when the trade is amended', async () => {
    const { api, people } = desk;
    const { data } = (await api.call(listTrades, { token: people.owner })).ok();
    const zoes = data.find(({ login }) => login === String(LOGINS.ofZoe));
    const [plan] = (await api.call(listPlansOperation, { token: people.owner })).ok().data;
    const rates = [{ ibId: desk.ibOf('Zoe'), terms: [{ rate: '4.00' }] }];
    const terms = { plan: { planId: plan?.id as never, version: 1 }, rates };
    const above = { ...terms, rates: [{ ibId: desk.ibOf('Zoe'), terms: [{ rate: '9.00' }] }] };
    expect((await by.ask({ terms: above })).code).toBe('commissions.rate_above_budget');
    const rerun = await by.prepared({ selection: { tradeIds: [zoes?.id as never] }, terms });
    expect(rerun.totals).toMatchObject({ looked: 1, changed: 1 });
    await by.agreed(rerun.id);
    await by.work();
    expect(await usd(desk, 'ib_payable', 'Zoe')).toBe('3.60');
    const closed = deals.find(({ Login, Entry }) => Login === String(LOGINS.ofZoe) && Entry === 1) ?? {};
    await desk.brokerage.tell([{ type: 'deal.update', deal: { ...closed, VolumeExt: '200000000' } }]);
    await desk.inTenant((tx) => carryOutAmendments(tx, desk.brokerage.memory.books, { after: 0n }));
    expect(await usd(desk, 'ib_payable', 'Zoe')).toBe('7.20');
    await holds(desk);
  });

  it('that is cancelled holds up nobody', async () => {
    const { taskId, rerunId } = (await by.ask()).ok();
    // No program stops what people agreed to.
    await expect(desk.programWith('tasks:cancel')).rejects.toMatchObject({ code: 'identity.scope_unknown' });
    (await desk.api.call(cancelTask, { token: desk.people.finance, params: { taskId } })).ok();
    await settleReruns({ withTenant: desk.api.withTenant }, by.tenantId);
    expect(await by.read(rerunId)).toMatchObject({ state: 'cancelled' });
    expect((await by.apply(rerunId)).code).toBe('commissions.rerun_not_prepared');
  });
});

describe('A re-run of many trades', () => {
  const TRADES = 1_100;
  let desk: MoneyDesk;
  let by: ReturnType<typeof workers>;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    by = workers(desk);
    await desk.brokerage.feed(
      Array.from({ length: TRADES }, () => desk.brokerage.deal({ login: LOGINS.ofLena, lots: '0.01' })).flat(),
    );
    await desk.brokerage.book();
    await desk.inTenant((tx) =>
      moveIb(tx, {
        ibId: desk.ibOf('Lena'),
        parentId: desk.ibOf('Maria'),
        effectiveAt: new Date('2026-03-01T00:00:00Z'),
        backdated: true,
        reason: REASON,
      }),
    );
  });
  afterAll(() => desk.api.close());

  it('is carried out once whoever dies in between, whenever', async () => {
    const rerun = await by.prepared();
    expect(rerun.totals).toMatchObject({ looked: TRADES, changed: TRADES });
    await by.agreed(rerun.id);
    const { taskId } = await by.read(rerun.id);
    let transactions = 0;
    let dieAt = 8;
    const dying: WithTenant = (tenantId, origin, work) => {
      transactions += 1;
      if (transactions > dieAt) return Promise.reject(new Error('the worker is dead'));
      return desk.api.withTenant(tenantId, origin, work);
    };
    for (let lives = 0; lives < 6; lives += 1) {
      transactions = 0;
      await by.run(taskId, dying, 50).catch(() => undefined);
      dieAt += 2;
      await new Promise((resolve) => setTimeout(resolve, 60)); // The lease of the dead one runs out.
    }
    await by.run(taskId);
    expect(await by.read(rerun.id)).toMatchObject({ state: 'applied' });
    expect(await usd(desk, 'ib_payable', 'Omar')).toBe('0.00');
    expect(await usd(desk, 'ib_payable', 'Maria')).toBe('27.50');
    await holds(desk);
  });
});
