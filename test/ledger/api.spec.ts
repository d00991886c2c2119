import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { encodeId, type LedgerAccountId } from '../../src/kernel/ids.ts';
import { ensureAccounts } from '../../src/ledger/index.ts';
import {
  listLedgerAccounts,
  listLedgerEntries,
  readLedgerAccount,
  readTrialBalance,
} from '../../src/ledger/accounts/contract.ts';
import { requestAdjustment } from '../../src/ledger/adjustments/contract.ts';
import { query } from '../../src/platform/query.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';

const [USD, JPY] = [Currency.parse('USD'), Currency.parse('JPY')];

const adjustedEvents = query(
  'test.adjusted_events',
  z.object({ stream: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select stream, payload from platform.events where type = 'ledger.adjusted' order by seq`,
);

describe('The books over HTTP', () => {
  let desk: MoneyDesk;
  let betweenBatches: Date;
  beforeAll(async () => {
    desk = await openMoneyDesk({ tenants: ['acme', 'zenith'] });
    const { brokerage } = desk;
    const round = async (): Promise<void> => {
      await brokerage.feed(Object.values(LOGINS).flatMap((login) => brokerage.deal({ login })));
      await brokerage.book();
    };
    await round();
    betweenBatches = await desk.inTenant(async (tx) => {
      const found = await tx.sql.raw<{ rows: { at: Date }[] }>(`select max(posted_at) as at from ledger.transfers`);
      return found.rows[0]?.at ?? new Date(0);
    });
    await desk.inTenant(async (tx) => {
      await tx.sql.raw('select pg_sleep(0.005)'); // Postings have milliseconds: the second round has later ones.
      const ofJapan = (['commission_expense', 'house_capital'] as const).map((purpose) => ({
        purpose,
        owner: 0,
        currency: JPY,
      }));
      await ensureAccounts(tx, [...ofJapan, { purpose: 'house_capital', owner: 0, currency: USD }]);
    });
    await round();
    await round();
  });
  afterAll(() => desk.api.close());

  const accounts = async (token: string, query = {}) =>
    (await desk.api.call(listLedgerAccounts, { token, query: { limit: '200', ...query } })).ok();
  const accountOf = async (purpose: string, currency = USD, owner: string | null = null) => {
    const found = (await accounts(desk.people.owner)).data.find(
      (each) => each.purpose === purpose && each.currency === currency && (owner === null || each.owner.id === owner),
    );
    if (found === undefined) throw new Error(`there is no account ${purpose} ${currency}`);
    return found;
  };

  it('list accounts with whom they belong to, paged and narrowed', async () => {
    const { auditor } = desk.people;
    const all = (await accounts(auditor)).data;
    expect(all).toHaveLength(11);
    const lena = desk.ibOf('Lena');
    expect((await accounts(auditor, { owner: lena })).data).toMatchObject([
      {
        purpose: 'ib_payable',
        owner: { kind: 'ib', id: lena },
        balance: { amount: '14.85' },
        free: { amount: '14.85' },
      },
    ]);
    expect((await accounts(auditor, { purpose: 'trader_rebate_payable' })).data).toHaveLength(3);
    expect((await accounts(auditor, { currency: 'JPY' })).data).toHaveLength(2);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await accounts(auditor, {
        limit: '2',
        sort: '-opened',
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.data.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    expect((await accounts(auditor, { owner: encodeId('ibr', 5n) })).data).toEqual([]);
  });

  it('show an IB and a client their own accounts and nobody else’s, answered as if these were not there', async () => {
    const { omar, clientOfZoe, support } = desk.people;
    expect((await accounts(omar)).data).toMatchObject([{ purpose: 'ib_payable', owner: { id: desk.ibOf('Omar') } }]);
    const [own] = (await accounts(clientOfZoe)).data;
    expect(own).toMatchObject({ purpose: 'trader_rebate_payable', owner: { id: desk.clientOf(LOGINS.ofZoe) } });
    expect((await accounts(omar, { owner: desk.ibOf('Lena') })).data).toEqual([]);
    const ids = [own?.id ?? '', encodeId('lac', 77n)] as LedgerAccountId[];
    for (const operation of [readLedgerAccount, listLedgerEntries]) {
      const answers = [];
      for (const accountId of ids) answers.push(await desk.api.call(operation, { token: omar, params: { accountId } }));
      const forms = answers.map(({ body }, place) => ({
        ...(body as object),
        instance: '',
        detail: String((body as { detail?: string }).detail).replace(ids[place] ?? '', 'id'),
      }));
      expect(forms[0]).toMatchObject({ status: 404, code: 'ledger.account_unknown' });
      expect(forms[0]).toEqual(forms[1]);
    }
    expect((await desk.api.call(listLedgerAccounts, { token: support })).status).toBe(403);
    expect((await desk.api.call(readTrialBalance, { token: omar })).status).toBe(403);
  });

  it('list entries newest first, page by page, with balances that follow from them', async () => {
    const { id: accountId, balance } = await accountOf('commission_expense');
    const found = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 30; pages += 1) {
      const query = { limit: '4', ...(cursor === undefined ? {} : { cursor }) };
      const page = (
        await desk.api.call(listLedgerEntries, { token: desk.people.finance, params: { accountId }, query })
      ).ok();
      found.push(...page.data);
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(found.map(({ version }) => version)).toEqual(found.map((_, place) => found.length - place));
    expect(found[0]?.balanceAfter).toEqual(balance);
    expect(found.every(({ counterAccountId }) => counterAccountId !== null)).toBe(true);
    const [own] = (await accounts(desk.people.omar)).data;
    const ofOmar = (
      await desk.api.call(listLedgerEntries, { token: desk.people.omar, params: { accountId: own?.id as never } })
    ).ok();
    expect(ofOmar.data.map(({ counterAccountId }) => counterAccountId)).toEqual([null, null, null]);
    for (const bad of [
      'x',
      Buffer.from('["-version","0",""]').toString('base64url'),
      Buffer.from('["version","5",""]').toString('base64url'),
    ]) {
      const answer = await desk.api.call(listLedgerEntries, {
        token: desk.people.finance,
        params: { accountId },
        query: { cursor: bad },
      });
      expect(answer.code).toBe('platform.cursor_invalid');
    }
  });

  it('tell what they were at an instant: balances, entries, the trial balance', async () => {
    const asOf = betweenBatches.toISOString();
    const { finance } = desk.people;
    const lena = await accountOf('ib_payable', USD, desk.ibOf('Lena'));
    const then = (
      await desk.api.call(readLedgerAccount, { token: finance, params: { accountId: lena.id }, query: { asOf } })
    ).ok();
    expect(then).toMatchObject({ balance: { amount: '4.95' }, held: null, free: null, transfers: 1 });
    expect((await accounts(finance, { asOf })).data).toHaveLength(8); // Those of Japan were not open yet.
    const entries = await desk.api.call(listLedgerEntries, {
      token: finance,
      params: { accountId: lena.id },
      query: { asOf },
    });
    expect(entries.ok().data.map(({ version }) => version)).toEqual([1]);
    for (const query of [{}, { asOf }, { asOf: '2001-01-01T00:00:00Z' }]) {
      const trial = (await desk.api.call(readTrialBalance, { token: finance, query })).ok();
      expect(trial.totals.map(({ net }) => net.amount.replace(/[0.]/g, ''))).toEqual(trial.totals.map(() => ''));
      const expense = trial.lines.find(
        ({ purpose, currency }) => purpose === 'commission_expense' && currency === 'USD',
      );
      expect(expense?.net.amount).toBe('asOf' in query ? (query.asOf === asOf ? '24.00' : undefined) : '72.00');
    }
  });

  it('refuse what is no listed name, currency or instant', async () => {
    for (const query of [
      { sort: 'balance' },
      { sort: 'key desc; select 1' },
      { purpose: "ib_payable' or 1=1" },
      { currency: 'XXX' },
      { owner: 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3' },
      { asOf: 'now' },
      { cursor: Buffer.from(`["opened","1","' or 1=1"]`).toString('base64url') },
      { balance: '1' },
    ])
      expect([
        query,
        (await desk.api.call(listLedgerAccounts, { token: desk.people.owner, query: query as object })).status,
      ]).toEqual([query, 400]);
  });

  describe('adjusted by hand', () => {
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
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
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
  });
});
