import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askChargeback } from '../../src/commissions/chargebacks/contract.ts';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import {
  chargebackTask,
  recompute,
  rerunApplication,
  rerunPreview,
  settleReruns,
  tellOfCorrections,
  verifyBookings,
} from '../../src/commissions/index.ts';
import { listRebates } from '../../src/commissions/rebates/contract.ts';
import * as contract from '../../src/commissions/reruns/contract.ts';
import { listPlansOperation } from '../../src/commissions/plans/contract.ts';
import { explainTradeRebates, listTrades } from '../../src/commissions/trades/contract.ts';
import { approveApproval, readApproval } from '../../src/identity/approvals/contract.ts';
import { linkClientOperation, moveIbOperation } from '../../src/ib/contract.ts';
import { moveIb } from '../../src/ib/index.ts';
import type { RerunId } from '../../src/kernel/ids.ts';
import { listLedgerAccounts } from '../../src/ledger/accounts/contract.ts';
import { balancesOf, ensureAccounts, post, verifyLedger } from '../../src/ledger/index.ts';
import { cancelTaskOperation as cancelTask, listTasks } from '../../src/platform/tasks/contract.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { query } from '../../src/platform/query.ts';
import type { WithTenant } from '../../src/platform/tenant-tx.ts';
import type { RawDeal } from '../../src/trading/index.ts';
import { USD } from '../ledger/support.ts';
import { makePerson } from '../support/people.ts';
import { testLog, testOrigin } from '../support/tenancy.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const ibKeyOf = query('test.ib_key', z.object({ key: z.int() }), `select key from ib.ibs where name = :name`);
/** A period that was closed up to the middle of March. */
const closing = query(
  'test.closing',
  z.object({}),
  `
  insert into payouts.closings (id, until, cut_batch, cut_at, previous_key, acknowledged, reason, requested_by, approved_by, approval_id)
  select :id, '2026-03-15Z', coalesce(max(key), 0), now(), null, '{}', 'the half of the month', 'test', '{}', :approvalId from commissions.batches`,
);
const PERIOD = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };
const REASON = 'An introducing broker was below the wrong one';
const LEASE_MS = 30_000;

/** What people and workers do with re-runs. */
function workers(desk: MoneyDesk) {
  const { api, people } = desk;
  const { id: tenantId } = api.tenantOf('acme');
  const queued = async () =>
    (await api.call(listTasks, { token: people.owner, query: { state: 'queued' as const } })).ok().data;
  const kinds = [rerunPreview, rerunApplication, chargebackTask];
  const run = (id: string | null, withTenant: WithTenant = api.withTenant, leaseMs = LEASE_MS): Promise<void> =>
    runTask({ withTenant, kinds, leaseMs, log: testLog }, tenantId, id as never);
  const work = async (): Promise<void> => {
    for (const { id } of await queued()) await run(id);
  };
  type Body = z.input<typeof contract.askRerun.body>;
  const ask = (body: Partial<Body> = {}, token = people.finance) =>
    api.call(contract.askRerun, { token, body: { selection: PERIOD, reason: REASON, ...body } });
  const read = async (rerunId: RerunId) =>
    (await api.call(contract.readRerun, { token: people.finance, params: { rerunId } })).ok();
  const prepared = async (body: Partial<Body> = {}) => {
    const { rerunId } = (await ask(body)).ok();
    await work();
    return read(rerunId);
  };
  const apply = (rerunId: RerunId, token = people.finance) =>
    api.call(contract.applyRerun, { token, params: { rerunId } });
  const agree = (asked: { readonly approvalId: string; readonly hash: string }, token: string) =>
    api.call(approveApproval, { token, params: { approvalId: asked.approvalId as never }, body: { hash: asked.hash } });
  const agreed = async (rerunId: RerunId) => {
    const asked = (await apply(rerunId)).ok();
    (await agree(asked, people.otherFinance)).ok();
    (await agree(asked, people.owner)).ok();
  };
  return { run, work, ask, read, prepared, apply, agree, agreed, tenantId };
}

const usd = async (desk: MoneyDesk, purpose: 'ib_payable' | 'ib_receivable', name: string): Promise<string> => {
  const asked = { token: desk.people.owner, query: { purpose, owner: desk.ibOf(name) as never, currency: USD } };
  return (await desk.api.call(listLedgerAccounts, asked)).ok().data[0]?.balance.amount ?? '0';
};
const payables = async (desk: MoneyDesk) =>
  Promise.all(['Maria', 'Omar', 'Lena', 'Zoe'].map((name) => usd(desk, 'ib_payable', name)));
const holds = (desk: MoneyDesk) =>
  desk.inTenant(async (tx) => {
    expect((await verifyBookings(tx)).findings).toEqual([]);
    expect((await recompute(tx)).findings).toEqual([]);
    expect(await verifyLedger(tx)).toEqual([]);
  });

describe('A move that corrects the past', () => {
  let desk: MoneyDesk;
  let by: ReturnType<typeof workers>;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    by = workers(desk);
    await desk.brokerage.feed([
      ...desk.brokerage.deal({ login: LOGINS.ofLena }),
      ...desk.brokerage.deal({ login: LOGINS.ofZoe }),
    ]);
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());

  const move = (body: object) =>
    desk.api.call(moveIbOperation, {
      token: desk.people.owner,
      params: { ibId: desk.ibOf('Lena') as never },
      body: { parentId: desk.ibOf('Maria'), reason: REASON, ...body } as never,
    });

  it('is none unless it says so, and none into a closed period', async () => {
    const past = { effectiveAt: '2026-03-01T00:00:00Z' };
    expect((await move(past)).code).toBe('ib.move_backdated');
    expect((await move({ ...past, backdated: true, effectiveAt: '2001-01-01T00:00:00Z' })).code).toBe(
      'ib.not_yet_valid',
    );
    const asked = (await move({ ...past, backdated: true })).ok();
    const admin = desk.people.finance;
    expect((await by.agree(asked, desk.people.owner)).code).toBe('identity.approval_own');
    expect((await by.agree(asked, admin)).code).toBe('identity.forbidden');
  });

  it('rewrites the tree as of then, and names the trades that it touches', async () => {
    const third = (await makePerson(desk.api, { roles: ['admin'] })).token;
    const asked = (await move({ effectiveAt: '2026-03-02T00:00:00Z', backdated: true })).ok();
    const approval = (await by.agree(asked, third)).ok();
    expect(approval).toMatchObject({
      state: 'approved',
      result: { rerun: { ibId: desk.ibOf('Lena'), from: '2026-03-02T00:00:00.000Z' } },
    });
    expect(await payables(desk)).toEqual(['6.00', '1.50', '4.95', '2.70']);
    const { from, to } = z
      .object({ from: z.string(), to: z.string() })
      .parse(z.object({ rerun: z.unknown() }).parse(approval.result).rerun);
    const rerun = await by.prepared({ selection: { from, to, ibId: desk.ibOf('Lena') } });
    expect(rerun.totals).toMatchObject({ changed: 1 });
  });

  it('takes effect in no closed period, neither when it is asked for nor when it is agreed to', async () => {
    const past = { parentId: null, effectiveAt: '2026-03-01T00:00:00Z', backdated: true };
    const waiting = (await move(past)).ok();
    await desk.api.tenancy.withTenant(by.tenantId, testOrigin, (tx) =>
      closing(tx, { id: 'clo_00000000000000000000000001', approvalId: 'apr_00000000000000000000000001' }),
    );
    expect((await move({ ...past, effectiveAt: '2026-03-05T00:00:00Z' })).code).toBe('payouts.period_closed');
    const third = (await makePerson(desk.api, { roles: ['admin'] })).token;
    const refused = await by.agree(waiting, third);
    expect(refused.code).toBe('identity.approval_failed');
    expect(refused.body).toMatchObject({ because: 'payouts.period_closed' });
    const link = await desk.api.call(linkClientOperation, {
      token: desk.people.owner,
      params: { ibId: desk.ibOf('Omar') },
      body: {
        clientId: desk.clientOf(LOGINS.ofZoe),
        effectiveAt: past.effectiveAt,
        backdated: true,
        reason: REASON,
      },
    });
    expect(link.code).toBe('payouts.period_closed');
    expect(await payables(desk)).toEqual(['6.00', '1.50', '4.95', '2.70']);
  });
});

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
        ibId: desk.ibOf(name) as never,
        parentId: desk.ibOf(parent) as never,
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
    const told: unknown[] = [];
    const tell = {
      withTenant: desk.api.withTenant,
      tell: async (_tx: unknown, notices: readonly unknown[]) => void told.push(...notices),
    };
    await tellOfCorrections(tell, by.tenantId);
    await tellOfCorrections(tell, by.tenantId);
    expect(told).toHaveLength(2);
    expect(told).toMatchObject([
      { reason: REASON, units: 1_500_000n },
      { reason: REASON, units: -1_500_000n },
    ]);
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
        ibId: desk.ibOf('Lena') as never,
        parentId: desk.ibOf('Maria') as never,
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
    expect(kept).toMatchObject({ state: 'approved' });
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
