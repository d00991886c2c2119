import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { award } from '../../src/commissions/index.ts';
import { explainTradeRebates, listTrades } from '../../src/commissions/trades/contract.ts';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { ibKeys } from '../../src/ib/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { awardIdOf, encodeId, type TradeId } from '../../src/kernel/ids.ts';
import { verifyLedger } from '../../src/ledger/index.ts';
import { listLedgerAccounts } from '../../src/ledger/accounts/contract.ts';
import { sendDisputeNotices } from '../../src/payouts/index.ts';
import {
  acceptDispute,
  assignDispute,
  listDisputes,
  openDispute,
  readDispute,
  readDisputeExplanation,
  rejectDispute,
  setDisputeLimit,
  withdrawDispute,
  writeToDispute,
} from '../../src/payouts/disputes/contract.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { query } from '../../src/platform/query.ts';
import { makePerson } from '../support/people.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';

const USD = Currency.parse('USD');
const disputedEntries = query(
  'test.disputed_entries',
  z.object({ source: z.string(), revision: z.int() }),
  `select source, revision from payouts.disputed_entries where kind = 1 and beneficiary = :ibKey`,
);
const now = query('test.now', z.object({ now: z.date() }), `select date_trunc('milliseconds', now()) as now`);

describe('A dispute', () => {
  let desk: MoneyDesk;
  let trades: { lena: TradeId; zoe: TradeId; more: TradeId };
  beforeAll(async () => {
    desk = await openMoneyDesk();
    const { deal, feed, book } = desk.brokerage;
    await feed([LOGINS.ofLena, LOGINS.ofLena, LOGINS.ofZoe].flatMap((login) => deal({ login })));
    await book();
    const ofIb = async (token: string) => (await desk.api.call(listTrades, { token, query: {} })).ok().data;
    const [lena, more] = await ofIb(desk.people.lena);
    const [zoe] = await ofIb(desk.people.zoe);
    if (lena === undefined || more === undefined || zoe === undefined) throw new Error('no trades');
    trades = { lena: lena.id, more: more.id, zoe: zoe.id };
  });
  afterAll(() => desk.api.close());

  const open = (token: string, line: object, text = 'The rate should be 6.00') =>
    desk.api.call(openDispute, { token, body: { line, text } as never });
  const opened = async (token: string, line: object) => (await open(token, line)).ok();
  const read = async (token: string, disputeId: string) => desk.api.call(readDispute, { token, params: { disputeId } });
  const accept = (disputeId: string, amount: string, token = desk.people.finance, currency = 'USD') =>
    desk.api.call(acceptDispute, {
      token,
      params: { disputeId },
      body: { amount: { amount, currency }, reason: 'The agreement says so' },
      headers: { 'idempotency-key': randomUUID() },
    });
  const heldOf = async (name: string) => {
    const id = desk.ibOf(name);
    return desk.inTenant(async (tx) => disputedEntries(tx, { ibKey: (await ibKeys(tx, [id])).get(id) }));
  };
  const payableOf = async (name: string): Promise<string | undefined> => {
    const asked = {
      token: desk.people.owner,
      query: { limit: '200', purpose: 'ib_payable' as const, owner: desk.ibOf(name) },
    };
    return (await desk.api.call(listLedgerAccounts, asked)).ok().data[0]?.balance.amount;
  };

  it('keeps the explanation as the introducing broker saw it, byte for byte, and holds the line', async () => {
    const seen = await desk.api.call(explainTradeRebates, {
      token: desk.people.lena,
      params: { tradeId: trades.lena },
    });
    const dispute = await opened(desk.people.lena, { kind: 'rebate', tradeId: trades.lena });
    // 5.50 for a lot, a tenth of it goes back to the trader.
    expect(dispute).toMatchObject({ state: 'open', line: { amount: '4.95' }, held: { amount: '4.95' }, ageHours: 0 });
    expect(await heldOf('Lena')).toMatchObject([{ source: 'trade', revision: 0 }]);
    const kept = await desk.api.call(readDisputeExplanation, {
      token: desk.people.finance,
      params: { disputeId: dispute.id },
    });
    expect(kept.body).toEqual(seen.body);
    expect((await open(desk.people.lena, { kind: 'rebate', tradeId: trades.lena })).code).toBe('payouts.dispute_open');
    // The same entry by its component is another dispute, and is held once.
    const part = await opened(desk.people.lena, { kind: 'rebate', tradeId: trades.lena, component: 'lots' });
    expect(await heldOf('Lena')).toMatchObject([{ source: 'trade', revision: 0 }]);
    for (const { id } of [dispute, part])
      (
        await desk.api.call(withdrawDispute, {
          token: desk.people.lena,
          params: { disputeId: id },
          body: { reason: 'My mistake' },
        })
      ).ok();
    expect(await heldOf('Lena')).toEqual([]);
  });

  it('is opened on lines of one’s own only', async () => {
    const { lena, zoe, omar } = desk.people;
    const wrong = [
      [lena, { kind: 'rebate', tradeId: trades.zoe }],
      [lena, { kind: 'missing', tradeId: trades.zoe }],
      [lena, { kind: 'rebate', tradeId: trades.lena, component: 'nothing' }],
      [lena, { kind: 'rebate', tradeId: encodeId('trd', 999_999n) }],
      [lena, { kind: 'award', awardId: encodeId('awd', 999_999n) }],
      [zoe, { kind: 'rebate', tradeId: trades.lena }],
    ] as const;
    for (const [token, line] of wrong) {
      const answer = await open(token, line);
      expect([answer.status, answer.code]).toEqual([404, 'payouts.dispute_line_unknown']);
    }
    for (const token of [desk.people.finance, desk.people.auditor, desk.people.clientOfLena, desk.people.sales])
      expect((await open(token, { kind: 'rebate', tradeId: trades.lena })).status).toBe(403);
    // Omar earns from the trade of Lena's client too: that line is his.
    expect(await opened(omar, { kind: 'rebate', tradeId: trades.lena })).toMatchObject({ line: { amount: '1.50' } });
  });

  it.each([
    [{ kind: 'rebate' }, 'x'],
    [{ kind: 'award', awardId: 'awd_1' }, 'x'],
    [{ kind: 'missing' }, ''],
    [{ kind: 'missing' }, 'a\u0007b'],
    [{ kind: 'missing', ibId: 'x' }, 'x'],
    [{ kind: 'else' }, 'x'],
  ])('is refused as %j, "%s"', async (line, text) => {
    expect((await open(desk.people.lena, line, text)).code).toBe('http.body_invalid');
  });

  it('goes to and fro between two sides, and neither sees what is not its own', async () => {
    const { lena, zoe, finance, support, owner } = desk.people;
    const { id } = await opened(lena, { kind: 'missing' });
    const write = (token: string, text: string) =>
      desk.api.call(writeToDispute, { token, params: { disputeId: id }, body: { text } });
    expect((await write(support, 'Which client?\nPlease tell.')).ok().state).toBe('answered');
    expect((await write(lena, 'The one of May')).ok().state).toBe('open');
    const seen = (await read(lena, id)).ok();
    expect(seen.messages.map(({ side, authorId }) => [side, authorId !== null])).toEqual([
      ['staff', false],
      ['ib', true],
    ]);
    expect((await read(finance, id)).ok().messages.every(({ authorId }) => authorId !== null)).toBe(true);
    for (const answer of [await read(zoe, id), await write(zoe, 'Mine too')])
      expect([answer.status, answer.code]).toEqual([404, 'payouts.dispute_unknown']);
    const looker = await makePerson(desk.api, { roles: ['finance'] });
    const assign = (userId: string | null) =>
      desk.api.call(assignDispute, { token: owner, params: { disputeId: id }, body: { userId } });
    expect((await assign(looker.id)).ok().ownerUserId).toBe(looker.id);
    expect((await assign(encodeId('usr', 5n))).code).toBe('payouts.dispute_owner_unknown');
    expect((await read(lena, id)).ok().ownerUserId).toBeNull();
    const theirs = { token: lena, query: { ownerUserId: looker.id } };
    expect((await desk.api.call(listDisputes, theirs)).ok().data).toEqual([]);
    const mine = { token: finance, query: { ownerUserId: looker.id } };
    expect((await desk.api.call(listDisputes, mine)).ok().data.map((each) => each.id)).toEqual([id]);
    expect((await desk.api.call(listDisputes, { token: zoe })).ok().data).toEqual([]);
    const rejected = await desk.api.call(rejectDispute, {
      token: finance,
      params: { disputeId: id },
      body: { reason: 'There was no trade' },
    });
    expect(rejected.ok()).toMatchObject({ state: 'rejected', reason: 'There was no trade', outcome: null });
    expect((await write(lena, 'But')).code).toBe('payouts.dispute_closed');
    expect((await accept(id, '1')).code).toBe('payouts.dispute_closed');
  });

  it('is granted an amount by an award of its own: within the limit at once, beyond it by a second person', async () => {
    const { lena, finance, otherFinance } = desk.people;
    const limit = (amount: string) =>
      desk.api.call(setDisputeLimit, { token: desk.people.owner, body: { limit: { amount, currency: USD } } });
    expect((await limit('-1')).code).toBe('payouts.dispute_amount_invalid');
    expect((await limit('2.00')).ok().data).toMatchObject([{ limit: { amount: '2.00' } }]);
    const before = Number(await payableOf('Lena'));

    const small = await opened(lena, { kind: 'rebate', tradeId: trades.more });
    for (const [amount, currency, code] of [
      ['0', 'USD', 'payouts.dispute_amount_invalid'],
      ['-1', 'USD', 'payouts.dispute_amount_invalid'],
      ['1', 'EUR', 'payouts.dispute_currency'],
      ['0.0000001', 'USD', 'money.too_fine'],
    ] as const)
      expect((await accept(small.id, amount, finance, currency)).code).toBe(code);
    const granted = (await accept(small.id, '2.00')).ok();
    expect(granted).toMatchObject({ state: 'accepted', outcome: { amount: '2.00' }, approvalId: null });
    expect(Number(await payableOf('Lena'))).toBeCloseTo(before + 2, 6);

    const large = await opened(lena, { kind: 'rebate', tradeId: trades.more });
    const asked = await accept(large.id, '2.01');
    expect(asked.status).toBe(202);
    expect((await accept(large.id, '2.01')).code).toBe('identity.approval_pending');
    const { approvalId, hash } = z.object({ approvalId: z.string(), hash: z.string() }).parse(asked.body);
    const agree = (token: string) => desk.api.call(approveApproval, { token, params: { approvalId }, body: { hash } });
    expect((await agree(finance)).code).toBe('identity.approval_own');
    expect((await agree(otherFinance)).ok().state).toBe('approved');
    expect((await agree(desk.people.owner)).code).toBe('identity.approval_closed');
    const done = (await read(lena, large.id)).ok();
    expect(done).toMatchObject({ state: 'accepted', outcome: { amount: '2.01' }, approvalId });
    expect(Number(await payableOf('Lena'))).toBeCloseTo(before + 4.01, 6);
    // The outcome is an award of the IB, so that it can be disputed like any other.
    expect(await opened(lena, { kind: 'award', awardId: done.outcomeAwardId })).toMatchObject({
      line: { amount: '2.01' },
    });
  });

  it('that was withdrawn meanwhile is not granted any more', async () => {
    const { lena, otherFinance } = desk.people;
    const { id } = await opened(lena, { kind: 'missing', tradeId: trades.more });
    const { approvalId, hash } = z
      .object({ approvalId: z.string(), hash: z.string() })
      .parse((await accept(id, '500')).body);
    (await desk.api.call(withdrawDispute, { token: lena, params: { disputeId: id }, body: { reason: 'Solved' } })).ok();
    const answer = await desk.api.call(approveApproval, {
      token: otherFinance,
      params: { approvalId },
      body: { hash },
    });
    expect(answer.code).toBe('identity.approval_outdated');
  });

  it('on an award is on the part of the IB', async () => {
    const ibId = desk.ibOf('Zoe');
    const key = await desk.inTenant(async (tx) => {
      const ibKey = (await ibKeys(tx, [ibId])).get(ibId) ?? 0;
      const [{ now: earnedAt } = { now: new Date(0) }] = await now(tx, {});
      const parts = [{ kind: 'ib', beneficiary: ibKey, depth: 0, units: 60_000_000n } as const];
      const [made] = await award(tx, [
        {
          kind: 'cpa',
          planVersionKey: null,
          component: 0,
          clientKey: null,
          ibKey,
          currency: USD,
          earnedAt,
          units: 80_000_000n,
          inputs: {},
          parts,
        },
      ]);
      return made?.key ?? 0n;
    });
    const line = { kind: 'award', awardId: awardIdOf(key) };
    expect(await opened(desk.people.zoe, line)).toMatchObject({ line: { amount: '60.00' }, hasExplanation: true });
    expect((await open(desk.people.lena, line)).code).toBe('payouts.dispute_line_unknown');
  });

  it('is told to the other side by mail, each step once', async () => {
    const lena = await makePerson(desk.api, { roles: ['ib'], ibId: desk.ibOf('Lena'), email: 'lena@example.com' });
    const sent: Mail[] = [];
    const sendMail = async (_tx: unknown, mail: Mail) => void sent.push(mail);
    const send = () => desk.inTenant((tx) => sendDisputeNotices(tx, { sendMail, site: 'https://acme.example' }));
    await send();
    const earlier = sent.length;
    expect(earlier).toBeGreaterThan(0);
    const { id } = await opened(lena.token, { kind: 'missing' });
    await desk.api.call(rejectDispute, {
      token: desk.people.finance,
      params: { disputeId: id },
      body: { reason: 'Nothing is missing' },
    });
    await send();
    const mine = sent.slice(earlier).filter(({ data }) => 'disputeId' in data && data.disputeId === id);
    const told = mine.flatMap(({ to, data }) => ('what' in data ? [[to.address, data.what, data.reason]] : []));
    expect(told).toContainEqual(['lena@example.com', 'rejected', 'Nothing is missing']);
    expect(told.filter(([, what]) => what === 'opened').length).toBeGreaterThan(0);
    expect(told.filter(([address, what]) => address === 'lena@example.com' && what === 'opened')).toEqual([]);
    const before = sent.length;
    await send();
    expect(sent.length).toBe(before);
  });

  it('leaves books that verify', async () => {
    expect(await desk.inTenant(verifyLedger)).toEqual([]);
  });
});
