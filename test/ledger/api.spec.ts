import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import { encodeId, type LedgerAccountId } from '../../src/kernel/ids.ts';
import { ensureAccounts } from '../../src/ledger/index.ts';
import {
  listLedgerAccounts,
  listLedgerEntries,
  readLedgerAccount,
  readTrialBalance,
} from '../../src/ledger/accounts/contract.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';

const [USD, JPY] = [Currency.parse('USD'), Currency.parse('JPY')];

describe('The books over HTTP', () => {
  let desk: MoneyDesk;
  let betweenBatches: Date;
  beforeAll(async () => {
    desk = await openMoneyDesk();
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
    for (const query of [{}, { asOf }, { asOf: '0000-01-01T00:00:00Z' }]) {
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
});
