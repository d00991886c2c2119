import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { verifyBookings } from '../../src/commissions/index.ts';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { encodeId } from '../../src/kernel/ids.ts';
import { ensureAccounts, verifyLedger } from '../../src/ledger/index.ts';
import { listLedgerAccounts, listLedgerEntries } from '../../src/ledger/accounts/contract.ts';
import { requestAdjustment } from '../../src/ledger/adjustments/contract.ts';
import { query } from '../../src/platform/query.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';

const [USD, JPY] = [Currency.parse('USD'), Currency.parse('JPY')];

const adjustedEvents = query(
  'test.adjusted_events',
  z.object({ stream: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select stream, payload from platform.events where type = 'ledger.adjusted' order by seq`,
);

describe('Adjustments by hand', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    await desk.brokerage.feed(Object.values(LOGINS).flatMap((login) => desk.brokerage.deal({ login })));
    await desk.brokerage.book();
    await desk.inTenant((tx) =>
      ensureAccounts(tx, [
        { purpose: 'commission_expense', owner: 0, currency: JPY },
        { purpose: 'house_capital', owner: 0, currency: JPY },
        { purpose: 'house_capital', owner: 0, currency: USD },
      ]),
    );
  });
  afterAll(() => desk.api.close());

  const accountOf = async (purpose: string, currency = USD, owner: string | null = null) => {
    const asked = { token: desk.people.owner, query: { limit: '200' } };
    const found = (await desk.api.call(listLedgerAccounts, asked))
      .ok()
      .data.find(
        (each) => each.purpose === purpose && each.currency === currency && (owner === null || each.owner.id === owner),
      );
    if (found === undefined) throw new Error(`there is no account ${purpose} ${currency}`);
    return found;
  };
  const ask = async (body: object, token = desk.people.finance, key: string | null = randomUUID()) =>
    desk.api.call(requestAdjustment, {
      token,
      body: body as never,
      headers: key === null ? {} : { 'idempotency-key': key },
    });
  const house = async (amount: unknown, currency = USD) => ({
    debitAccountId: (await accountOf('commission_expense', currency)).id,
    creditAccountId: (await accountOf('house_capital', currency)).id,
    amount: { amount, currency },
    reason: 'A correction by hand',
  });
  const approve = (asked: Awaited<ReturnType<typeof ask>>, token: string) => {
    const { approvalId, hash } = asked.ok();
    return desk.api.call(approveApproval, { token, params: { approvalId }, body: { hash } });
  };

  it.each([
    ['0', 422, 'ledger.units_invalid'],
    ['0.000000', 422, 'ledger.units_invalid'],
    ['-1', 422, 'ledger.units_invalid'],
    ['0.0000001', 422, 'money.too_fine'],
    ['9223372036854.775808', 422, 'money.too_large'],
    ...[
      '1e21',
      '1e3',
      '1E3',
      ' ',
      '',
      ' 1',
      '1 ',
      '0x10',
      '1,000.00',
      '١٢',
      '１２',
      'NaN',
      'Infinity',
      '+1',
      '01',
      '.5',
      '5.',
    ].map((text) => [text, 422, 'http.body_invalid'] as const),
    [12, 422, 'http.body_invalid'],
    [null, 422, 'http.body_invalid'],
    [['1'], 422, 'http.body_invalid'],
  ] as (readonly [unknown, number, string])[])('refuse the amount %j with %i', async (amount, status, code) => {
    const answer = await ask(await house(amount));
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  it.each([
    ['0.001', USD],
    ['0.000001', USD],
    ['1.5', JPY],
    ['0.0001', JPY],
    ['90071992547.40993', USD],
  ])('store %s %s exactly', async (amount, currency) => {
    const body = await house(amount, currency);
    const done = (await approve(await ask(body), desk.people.otherFinance)).ok();
    expect(done.state).toBe('approved');
    const entries = await desk.api.call(listLedgerEntries, {
      token: desk.people.finance,
      params: { accountId: body.creditAccountId },
      query: { limit: '1' },
    });
    const [entry] = entries.ok().data;
    expect(entry?.reference).toBe(`adjustment/${done.id}`);
    expect(Number(entry?.amount.amount)).toBe(Number(amount));
    expect(entry?.amount.amount.replace(/0+$/, '')).toBe(amount.replace(/0+$/, ''));
  });

  it('leave an event with both balances before and after, and only when somebody else agreed', async () => {
    const body = await house('12.50');
    const before = await accountOf('house_capital');
    const asked = await ask(body);
    expect((await approve(asked, desk.people.finance)).code).toBe('identity.approval_own');
    expect(await accountOf('house_capital')).toEqual(before);
    (await approve(asked, desk.people.otherFinance)).ok();
    expect((await approve(asked, desk.people.owner)).code).toBe('identity.approval_closed');
    const after = await accountOf('house_capital');
    const event = (await desk.inTenant((tx) => adjustedEvents(tx, {}))).at(-1);
    expect(event).toMatchObject({
      stream: `adjustment/${asked.ok().approvalId}`,
      payload: {
        amount: '12.50',
        before: { credit: before.balance.amount },
        after: { credit: after.balance.amount },
        reason: 'A correction by hand',
      },
    });
    expect(after.transfers).toBe(before.transfers + 1);
  });

  it('are posted once under two who agree at once, and asked for once under one Idempotency-Key', async () => {
    const [body, key] = [await house('3.25'), randomUUID()];
    const first = await ask(body, desk.people.finance, key);
    const again = await ask(body, desk.people.finance, key);
    expect(again.body).toEqual(first.body);
    expect((await ask({ ...body, reason: 'Another' }, desk.people.finance, key)).status).toBe(422);
    expect((await ask(body, desk.people.finance, null)).status).toBe(400);
    const before = (await accountOf('house_capital')).transfers;
    const both = await Promise.all([approve(first, desk.people.otherFinance), approve(first, desk.people.owner)]);
    expect(both.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 409]);
    expect((await accountOf('house_capital')).transfers).toBe(before + 1);
  });

  it('never take more than an account holds that may not overdraw', async () => {
    const payable = await accountOf('ib_payable', USD, desk.ibOf('Zoe'));
    const body = { ...(await house('1000')), debitAccountId: payable.id };
    const answer = await approve(await ask(body), desk.people.otherFinance);
    expect([answer.code, (answer.body as { because?: string }).because]).toEqual([
      'identity.approval_failed',
      'ledger.overdrawn',
    ]);
    expect(await accountOf('ib_payable', USD, desk.ibOf('Zoe'))).toEqual(payable);
    (await approve(await ask({ ...body, amount: payable.balance }), desk.people.otherFinance)).ok();
    expect((await accountOf('ib_payable', USD, desk.ibOf('Zoe'))).balance.amount).toBe('0.00');
  });

  it('name two different accounts of the currency, and are for those with the right', async () => {
    const body = await house('1');
    const wrong = [
      [{ ...body, debitAccountId: encodeId('lac', 9n) }, 404, 'ledger.account_unknown'],
      [{ ...body, creditAccountId: body.debitAccountId }, 422, 'ledger.account_same'],
      [{ ...body, amount: { amount: '1', currency: 'JPY' } }, 422, 'ledger.currency_mismatch'],
      [{ ...body, approvedBy: 'usr_1' }, 422, 'http.body_invalid'],
      [{ ...body, reason: ' ' }, 422, 'http.body_invalid'],
      [{ ...body, debitAccountId: "lac_' or 1=1" }, 422, 'http.body_invalid'],
    ] as const;
    for (const [given, status, code] of wrong) {
      const answer = await ask(given);
      expect([answer.status, answer.code]).toEqual([status, code]);
    }
    const { auditor, omar, clientOfLena } = desk.people;
    for (const token of [auditor, omar, clientOfLena]) expect((await ask(body, token)).status).toBe(403);
  });

  it('leave books that verify', async () => {
    const { ledger, bookings } = await desk.inTenant(async (tx) => ({
      ledger: await verifyLedger(tx),
      bookings: await verifyBookings(tx),
    }));
    expect([ledger, bookings.findings]).toEqual([[], []]);
  });
});
