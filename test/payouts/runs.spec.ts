import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { encodeId } from '../../src/kernel/ids.ts';
import { verifyLedger, trialBalance } from '../../src/ledger/index.ts';
import { listLedgerAccounts, listLedgerEntries } from '../../src/ledger/accounts/contract.ts';
import { openDispute, withdrawDispute } from '../../src/payouts/disputes/contract.ts';
import { payRun } from '../../src/payouts/index.ts';
import {
  addPayoutItems,
  cancelPayoutRun,
  draftPayoutRun,
  holdPayoutItem,
  listPayoutItems,
  listPayoutRuns,
  listPayouts,
  readPayoutRun,
  recallPayoutRun,
  releasePayoutItem,
  removePayoutItem,
  submitPayoutRun,
} from '../../src/payouts/runs/contract.ts';
import { chooseWallet, readWalletChoice } from '../../src/payouts/wallets/contract.ts';
import { verifyPayouts } from '../../src/payouts/index.ts';
import { listTasks } from '../../src/platform/tasks/contract.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { importRates } from '../../src/trading/index.ts';
import { listTrades } from '../../src/commissions/trades/contract.ts';
import { testLog } from '../support/tenancy.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';
import { issueUpTo, setDefault } from './statement-desk.ts';

const [USD, EUR] = [Currency.parse('USD'), Currency.parse('EUR')];
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 2, 10);

describe('A payout run', () => {
  let desk: MoneyDesk;
  let day = 0;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    await setDefault(desk.inTenant);
  });
  afterAll(() => desk.api.close());

  /** A day on which each of these clients closes a lot, and the statements of it: 4.95 for Lena, 1.50 for Omar, 1.00 for Maria … */
  async function tradeAndState(...logins: bigint[]): Promise<void> {
    const { deal, feed, book } = desk.brokerage;
    const closedAt = new Date(FIRST_MS + day * DAY_MS + DAY_MS / 2);
    day += 1;
    await feed(logins.flatMap((login) => deal({ login, closedAt })));
    await book();
    await issueUpTo(desk.inTenant, new Date(FIRST_MS + day * DAY_MS).toISOString());
  }
  const draft = (body: object = {}, token = desk.people.finance) =>
    desk.api.call(draftPayoutRun, { token, body, headers: { 'idempotency-key': randomUUID() } });
  const inRun = (runId: string) => ({ token: desk.people.finance, params: { runId } as never });
  const itemsOf = async (runId: string) => (await desk.api.call(listPayoutItems, inRun(runId))).ok().data;
  const itemOf = async (runId: string, name: string) => {
    const found = (await itemsOf(runId)).find(({ beneficiary }) => beneficiary.id === desk.ibOf(name));
    if (found === undefined) throw new Error(`${name} is not in the run`);
    return found;
  };
  const onItem = (item: { readonly runId: string; readonly id: string }, token = desk.people.finance) => ({
    token,
    params: { runId: item.runId, itemId: item.id } as never,
    body: { reason: 'It is looked into' },
  });
  const submit = (runId: string, token = desk.people.finance) =>
    desk.api.call(submitPayoutRun, { ...inRun(runId), token, body: { reason: 'The day is over' } });
  const agree = (asked: Awaited<ReturnType<typeof submit>>, token = desk.people.otherFinance) => {
    const { approvalId, hash } = asked.ok();
    return desk.api.call(approveApproval, { token, params: { approvalId }, body: { hash } });
  };
  /** Does what a worker does of the tasks that wait. */
  async function work(): Promise<void> {
    const { id: tenantId } = desk.api.tenantOf('acme');
    const asked = { token: desk.people.finance, query: { state: 'queued' as const } };
    for (const { id } of (await desk.api.call(listTasks, asked)).ok().data)
      await runTask({ withTenant: desk.api.withTenant, kinds: [payRun], leaseMs: 30_000, log: testLog }, tenantId, id);
  }
  const paid = async (runId: string) => {
    (await agree(await submit(runId))).ok();
    await work();
    return (await desk.api.call(readPayoutRun, inRun(runId))).ok();
  };
  const balance = async (purpose: 'ib_payable' | 'ib_wallet' | 'client_wallet', owner: string, currency = USD) => {
    const asked = { token: desk.people.owner, query: { purpose, owner: owner as never, currency } };
    return (await desk.api.call(listLedgerAccounts, asked)).ok().data[0]?.balance.amount ?? '0';
  };

  it('collects what is stated and not paid, and pays it to wallets when a second person agrees', async () => {
    expect((await draft()).code).toBe('payouts.run_empty');
    await tradeAndState(LOGINS.ofLena);
    const run = (await draft()).ok();
    expect(run.totals.map(({ kind, items, amount }) => [kind, items, amount.amount])).toEqual([
      ['ib', 3, '7.45'],
      ['client', 1, '0.55'],
    ]);
    expect((await draft()).code).toBe('payouts.run_empty'); // All of it is in an open run.
    expect(await balance('ib_payable', desk.ibOf('Lena'))).toBe('4.95');
    const done = await paid(run.id);
    expect(done).toMatchObject({ state: 'paid', isStopping: false });
    expect(await balance('ib_payable', desk.ibOf('Lena'))).toBe('0.00');
    expect(await balance('ib_wallet', desk.ibOf('Lena'))).toBe('4.95');
    expect(await balance('client_wallet', desk.clientOf(LOGINS.ofLena))).toBe('0.55');
    expect((await draft()).code).toBe('payouts.run_empty');
    await work(); // A task that is told of twice does nothing more.
    expect(await balance('ib_wallet', desk.ibOf('Lena'))).toBe('4.95');
    const own = (await desk.api.call(listPayouts, { token: desk.people.lena })).ok().data;
    expect(own).toMatchObject([{ wallet: { amount: '4.95' }, conversion: null }]);
    const ofClient = (await desk.api.call(listPayouts, { token: desk.people.clientOfLena })).ok().data;
    expect(ofClient).toMatchObject([{ beneficiary: { kind: 'client' }, amount: { amount: '0.55' } }]);
    const { data } = (await desk.api.call(listPayouts, { token: desk.people.auditor })).ok();
    expect(data).toHaveLength(4);
    expect((await desk.api.call(listPayouts, { token: desk.people.zoe })).ok().data).toEqual([]);
  });

  it('is reviewed one by one: what is held or removed is left for a later run', async () => {
    await tradeAndState(LOGINS.ofLena);
    const { id } = (await draft({ kind: 'ib' })).ok();
    const [lena, omar] = [await itemOf(id, 'Lena'), await itemOf(id, 'Omar')];
    expect((await desk.api.call(holdPayoutItem, onItem(lena))).ok()).toMatchObject({
      state: 'held',
      reason: 'It is looked into',
    });
    expect((await desk.api.call(holdPayoutItem, onItem(lena))).code).toBe('payouts.run_item_state');
    const { body: _none, ...released } = onItem(omar);
    expect((await desk.api.call(releasePayoutItem, released)).code).toBe('payouts.run_item_state');
    expect((await desk.api.call(removePayoutItem, onItem(omar))).ok().state).toBe('removed');
    const other = (await draft({ beneficiaries: [desk.ibOf('Omar')] })).ok();
    const add = (runId: string, statementId: string) =>
      desk.api.call(addPayoutItems, { ...inRun(runId), body: { statementIds: [statementId] } });
    expect((await add(id, omar.statementId)).code).toBe('payouts.statement_not_payable');
    const cancelled = await desk.api.call(cancelPayoutRun, { ...inRun(other.id), body: { reason: 'Not needed' } });
    expect(cancelled.ok().state).toBe('cancelled');
    (await add(id, omar.statementId)).ok();
    expect((await add(id, encodeId('sta', 7n))).code).toBe('payouts.statement_not_payable');
    expect((await itemOf(id, 'Omar')).state).toBe('included');
    expect((await desk.api.call(removePayoutItem, onItem({ runId: id, id: encodeId('pyi', 7n) }))).code).toBe(
      'payouts.run_item_unknown',
    );
    expect((await paid(id)).state).toBe('paid');
    expect((await itemOf(id, 'Lena')).state).toBe('held');
    expect(await balance('ib_wallet', desk.ibOf('Lena'))).toBe('4.95');
    const later = (await draft({ currencies: ['USD'], kind: 'ib' })).ok();
    expect(later.totals).toMatchObject([{ items: 1, amount: { amount: '4.95' } }]);
    expect((await paid(later.id)).state).toBe('paid');
    expect(await balance('ib_wallet', desk.ibOf('Lena'))).toBe('9.90');
  });

  it('is agreed to by somebody who has not drafted it, once, and as it was seen', async () => {
    await tradeAndState(LOGINS.ofLena);
    const { finance, otherFinance, owner } = desk.people;
    const { id } = (await draft({ kind: 'ib' })).ok();
    const lena = await itemOf(id, 'Lena');
    expect((await submit(id, otherFinance)).code).toBe('payouts.run_of_another');
    const asked = await submit(id);
    expect((await submit(id)).code).toBe('payouts.run_state');
    expect((await agree(asked, finance)).code).toBe('identity.approval_own');
    expect((await desk.api.call(holdPayoutItem, onItem(lena))).code).toBe('payouts.run_state');
    expect((await desk.api.call(recallPayoutRun, inRun(id))).ok().state).toBe('draft');
    expect((await agree(asked)).code).toBe('identity.approval_outdated');
    const same = await submit(id); // Nothing has changed, and it is asked anew.
    expect((await agree(asked)).code).toBe('identity.approval_outdated');
    expect((await desk.api.call(recallPayoutRun, inRun(id))).ok().state).toBe('draft');
    expect((await agree(same)).code).toBe('identity.approval_outdated');
    (await desk.api.call(holdPayoutItem, onItem(lena))).ok();
    const again = await submit(id);
    expect((await agree(asked)).code).toBe('identity.approval_outdated');
    const both = await Promise.all([agree(again, otherFinance), agree(again, owner)]);
    expect(both.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 409]);
    expect(both.map(({ code }) => code)).toContain('identity.approval_closed');
    await work();
    expect((await desk.api.call(cancelPayoutRun, { ...inRun(id), body: { reason: 'Too late' } })).code).toBe(
      'payouts.run_state',
    );
    expect((await desk.api.call(readPayoutRun, inRun(encodeId('pyr', 9n)))).code).toBe('payouts.run_unknown');
    const held = (await draft({ beneficiaries: [desk.ibOf('Lena')] })).ok();
    await desk.api.call(holdPayoutItem, onItem(await itemOf(held.id, 'Lena')));
    expect((await submit(held.id)).code).toBe('payouts.run_empty');
    (await desk.api.call(cancelPayoutRun, { ...inRun(held.id), body: { reason: 'For later' } })).ok();
  });

  it('is for those with the right', async () => {
    const { auditor, support, sales, omar, clientOfLena } = desk.people;
    for (const token of [auditor, support, sales, omar, clientOfLena])
      expect((await draft({}, token)).status).toBe(403);
    for (const token of [sales, omar, clientOfLena])
      expect((await desk.api.call(listPayoutRuns, { token })).status).toBe(403);
    expect((await desk.api.call(listPayoutRuns, { token: auditor })).ok().data.length).toBeGreaterThan(0);
    for (const [body, code] of [
      [{ currencies: ['XXX'] }, 'http.body_invalid'],
      [{ beneficiaries: [] }, 'http.body_invalid'],
      [{ beneficiaries: [encodeId('ibr', 3n)] }, 'payouts.beneficiary_unknown'],
      [{ rateAgeHoursMax: 0 }, 'http.body_invalid'],
      [{ state: 'paid' }, 'http.body_invalid'],
      [{ endsBefore: '2001-01-01T00:00:00Z' }, 'payouts.run_empty'],
    ] as const)
      expect((await draft(body)).code).toBe(code);
  });

  it('converts to the currency that an introducing broker chose, by a rate that is kept; without one it waits', async () => {
    const [omar, lena] = [desk.ibOf('Omar'), desk.ibOf('Lena')];
    const choose = (ibId: typeof omar, currency: string | null, token = desk.people.omar) =>
      desk.api.call(chooseWallet, { token, params: { ibId }, body: { currency } });
    expect((await choose(lena, 'EUR')).code).toBe('payouts.beneficiary_unknown');
    expect((await choose(omar, 'ABC')).code).toBe('http.body_invalid');
    expect((await choose(omar, 'EUR')).ok()).toEqual({ ibId: omar, currency: 'EUR' });
    const read = await desk.api.call(readWalletChoice, { token: desk.people.auditor, params: { ibId: omar } });
    expect(read.ok().currency).toBe('EUR');
    await tradeAndState(LOGINS.ofOmar); // 7.00 less a tenth for the trader: 6.30.
    const wanted = { beneficiaries: [omar] };
    const first = await paid((await draft(wanted)).ok().id);
    expect(first.state).toBe('partly');
    expect(await itemOf(first.id, 'Omar')).toMatchObject({ state: 'unpaid', code: 'rate_missing', wallet: null });

    const rate = (at: Date, figure: string) =>
      desk.inTenant((tx) => importRates(tx, [{ base: 'EUR', quote: 'USD', rate: figure, source: 'ecb', at }]));
    await rate(new Date(Date.now() - 6 * DAY_MS), '1.30');
    const stale = await paid((await draft(wanted)).ok().id);
    expect(await itemOf(stale.id, 'Omar')).toMatchObject({ state: 'unpaid', code: 'rate_stale' });

    await rate(new Date(Date.now() - 3_600_000), '1.0841');
    const done = await paid((await draft(wanted)).ok().id);
    expect(done.state).toBe('paid');
    // 6.30 / 1.0841 = 5.8112… EUR
    expect(await itemOf(done.id, 'Omar')).toMatchObject({
      amount: { amount: '6.30', currency: 'USD' },
      wallet: { amount: '5.81', currency: 'EUR' },
      conversion: { from: 'USD', to: 'EUR', rows: [{ base: 'EUR', quote: 'USD', rate: '1.0841', source: 'ecb' }] },
    });
    expect(await balance('ib_wallet', omar, EUR)).toBe('5.81');
    expect(await balance('ib_payable', omar)).toBe('0.00');
    const nets = new Map<string, bigint>();
    for (const { currency, net } of await desk.inTenant((tx) => trialBalance(tx)))
      nets.set(currency, (nets.get(currency) ?? 0n) + net);
    expect([...nets]).toEqual([
      ['EUR', 0n],
      ['USD', 0n],
    ]);
    const exchange = { token: desk.people.owner, query: { purpose: 'currency_exchange' as const } };
    const accounts = (await desk.api.call(listLedgerAccounts, exchange)).ok().data;
    expect(accounts.map((each) => [each.currency, each.balance.amount])).toEqual([
      ['EUR', '5.81'],
      ['USD', '-6.30'],
    ]);
    expect((await choose(omar, null)).ok().currency).toBeNull();
  });

  it('leaves a statement that would pay a disputed line, and pays it when that is decided', async () => {
    await tradeAndState(LOGINS.ofZoe);
    const zoe = desk.people.zoe;
    const [trade] = (await desk.api.call(listTrades, { token: zoe, query: {} })).ok().data;
    const line = { kind: 'rebate', tradeId: trade?.id } as never;
    const dispute = (await desk.api.call(openDispute, { token: zoe, body: { line, text: 'Too little' } })).ok();
    const wanted = { beneficiaries: [desk.ibOf('Zoe')] };
    const run = await paid((await draft(wanted)).ok().id);
    expect([run.state, (await itemOf(run.id, 'Zoe')).code]).toEqual(['partly', 'line_disputed']);
    await desk.api.call(withdrawDispute, { token: zoe, params: { disputeId: dispute.id }, body: { reason: 'Solved' } });
    expect((await paid((await draft(wanted)).ok().id)).state).toBe('paid');
  });

  it('leaves books in which each payment has its transfers, and nothing else', async () => {
    const findings = await desk.inTenant(async (tx) => [
      ...(await verifyLedger(tx)),
      ...(await verifyPayouts(tx)).findings,
    ]);
    expect(findings).toEqual([]);
    const [own] = (await desk.api.call(listPayouts, { token: desk.people.omar })).ok().data;
    const wallet = { token: desk.people.omar, query: { purpose: 'ib_wallet' as const, currency: EUR } };
    const [account] = (await desk.api.call(listLedgerAccounts, wallet)).ok().data;
    const entries = await desk.api.call(listLedgerEntries, {
      token: desk.people.omar,
      params: { accountId: account?.id } as never,
    });
    expect(entries.ok().data[0]?.reference).toBe(own?.reference);
    expect(z.string().parse(own?.reference)).toBe(`payout/${own?.runId}/${own?.id}`);
  });
});
