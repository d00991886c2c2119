import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatAmount } from '../../src/kernel/money.ts';
import {
  type AccountKey,
  balanceAsOf,
  balancesOf,
  ensureAccounts,
  entriesOf,
  post,
  purposes,
  trialBalance,
} from '../../src/ledger/index.ts';
import { query } from '../../src/platform/query.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { EUR, USD, accounts, book, freshReference, ref, transfer, usd, usdUnits } from './support.ts';

const chart = query('test.chart', z.object({ purpose: z.string() }), `select purpose from ledger.purposes`);

describe('A transfer debits one account and credits another', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());
  const balances = (...keys: AccountKey[]) => acme.inTenant((tx) => balancesOf(tx, keys));

  it('books the journal of the 4-level example: the expense is the sum of the payables', async () => {
    const books = await accounts(acme, {
      expense: ref('commission_expense', 0),
      ib4: ref('ib_payable', 4),
      trader: ref('trader_rebate_payable', 9),
      ib3: ref('ib_payable', 3),
      ib2: ref('ib_payable', 2),
      master: ref('ib_payable', 1),
    });
    const credited = { ib4: '3.836', trader: '1.644', ib3: '2.055', ib2: '2.055', master: '1.37' } as const;
    const reference = freshReference();
    await book(
      acme,
      ...Object.entries(credited).map(([name, amount], leg) =>
        transfer(books.expense, books[name as keyof typeof credited], usd(amount), { reference, leg }),
      ),
    );
    const [expense, ...payables] = await balances(...Object.values(books));
    expect(expense && formatAmount({ units: expense.balance, currency: USD })).toBe('10.96');
    expect(expense?.version).toBe(5n);
    expect(payables.map((each) => formatAmount({ units: each.balance, currency: USD }))).toEqual([
      '3.836',
      '1.644',
      '2.055',
      '2.055',
      '1.37',
    ]);
    const lines = await acme.inTenant((tx) => trialBalance(tx));
    expect(lines.map(({ purpose, net }) => [purpose, net])).toEqual([
      ['commission_expense', 10_960_000n],
      ['ib_payable', -9_316_000n],
      ['trader_rebate_payable', -1_644_000n],
    ]);
  });
  it('gives the keys of accounts in the order asked for, the same every time, in one round trip', async () => {
    const refs = [
      ref('ib_payable', 103),
      ref('ib_payable', 101),
      ref('ib_payable', 103),
      ref('ib_payable', 101, EUR),
      ref('client_wallet', 101),
    ];
    const first = await acme.inTenant((tx) => ensureAccounts(tx, refs));
    const again = await acme.inTenant((tx) => ensureAccounts(tx, [...refs].reverse()));
    expect(again).toEqual([...first].reverse());
    expect(new Set(first).size).toBe(4);
    expect(first[0]).toBe(first[2]);
    const found = await balances(...first);
    expect(found.map(({ purpose, owner, currency }) => ({ purpose, owner, currency }))).toEqual(refs);
    expect(found.every(({ id }) => id.startsWith('lac_'))).toBe(true);
  });

  it.each([
    ['no units', 'ledger.units_invalid', (from: AccountKey, to: AccountKey) => transfer(from, to, usdUnits(0n))],
    ['negative units', 'ledger.units_invalid', (from: AccountKey, to: AccountKey) => transfer(from, to, usdUnits(-1n))],
    [
      'an account that does not exist',
      'ledger.account_unknown',
      (from: AccountKey) => transfer(from, 2_000_000 as AccountKey, usd('1')),
    ],
    [
      'another currency than the accounts',
      'ledger.currency_mismatch',
      (from: AccountKey, to: AccountKey) => transfer(from, to, { units: 1n, currency: EUR }),
    ],
    ['one account on both sides', 'ledger.account_same', (from: AccountKey) => transfer(from, from, usd('1'))],
    [
      'more than there is',
      'ledger.overdrawn',
      (_from: AccountKey, to: AccountKey) => transfer(to, _from, usd('5.000001')),
    ],
    [
      'more than 64 bits',
      'ledger.overflow',
      (from: AccountKey, to: AccountKey) => transfer(from, to, usdUnits(2n ** 63n - 1n)),
    ],
  ])('refuses %s as %s, and nothing of the transaction stays', async (_what, code, wrong) => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 51),
    });
    const [before] = await balances(wallet);
    if (before?.balance === 0n) await book(acme, transfer(capital, wallet, usd('5')));
    const fine = transfer(capital, wallet, usd('0.5'));
    await expect(book(acme, wrong(capital, wallet), fine)).rejects.toMatchObject({ code });
    const [after] = await balances(wallet);
    expect(after).toMatchObject({ balance: 5_000_000n, version: 1n });
  });

  it('refuses the second booking of a reference and leg, alone or among others', async () => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 52),
    });
    const once = transfer(capital, wallet, usd('3'));
    await book(acme, once);
    await expect(book(acme, once)).rejects.toMatchObject({ code: 'ledger.already_posted' });
    await expect(book(acme, { ...once, leg: 1 }, { ...once, leg: 1 })).rejects.toMatchObject({
      code: 'ledger.already_posted',
    });
    expect(await balances(wallet)).toMatchObject([{ balance: 3_000_000n, version: 1n }]);
  });

  it('names the transfer that is refused', async () => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 53),
    });
    const tooMuch = transfer(wallet, capital, usd('2'), { reference: 'payment/77', leg: 3 });
    const booking = book(acme, transfer(capital, wallet, usd('1')), tooMuch);
    await expect(booking).rejects.toMatchObject({
      code: 'ledger.overdrawn',
      status: 409,
      members: { reference: 'payment/77', leg: 3 },
    });
  });

  it('takes the transfers of a transaction one after the other: money may pass through, but not before it has come', async () => {
    const { capital, first, second } = await accounts(acme, {
      capital: ref('house_capital', 0),
      first: ref('client_wallet', 54),
      second: ref('client_wallet', 55),
    });
    await book(
      acme,
      transfer(capital, first, usd('1')),
      transfer(first, second, usd('1')),
      transfer(second, capital, usd('1')),
    );
    expect(await balances(first, second)).toMatchObject([
      { balance: 0n, version: 2n },
      { balance: 0n, version: 2n },
    ]);
    await expect(
      book(acme, transfer(first, second, usd('1')), transfer(capital, first, usd('1'))),
    ).rejects.toMatchObject({ code: 'ledger.overdrawn' });
  });

  it('refuses an owner that the purpose cannot have', async () => {
    await expect(acme.inTenant((tx) => ensureAccounts(tx, [ref('ib_payable', 0)]))).rejects.toMatchObject({
      code: 'ledger.account_owner_invalid',
    });
    await expect(acme.inTenant((tx) => ensureAccounts(tx, [ref('fee_income', 3)]))).rejects.toMatchObject({
      code: 'ledger.account_owner_invalid',
    });
  });

  it('pages through the entries of an account, newest first, undisturbed by new ones', async () => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 56),
    });
    for (const amount of ['1', '2', '3', '4', '5']) await book(acme, transfer(capital, wallet, usd(amount)));
    const page = (cursor?: bigint) =>
      acme.inTenant((tx) => entriesOf(tx, wallet, { limit: 2, ...(cursor !== undefined && { cursor }) }));
    const first = await page();
    await book(acme, transfer(wallet, capital, usd('15')));
    const second = await page(first.nextCursor);
    const third = await page(second.nextCursor);
    expect(
      [first, second, third].flatMap(({ entries }) =>
        entries.map(({ version, units, balanceAfter }) => [version, units, balanceAfter]),
      ),
    ).toEqual([
      [5n, 5_000_000n, 15_000_000n],
      [4n, 4_000_000n, 10_000_000n],
      [3n, 3_000_000n, 6_000_000n],
      [2n, 2_000_000n, 3_000_000n],
      [1n, 1_000_000n, 1_000_000n],
    ]);
    expect(third.nextCursor).toBeUndefined();
    expect(first.entries[0]).toMatchObject({ side: 'credit', kind: 'posted', currency: USD, counterAccount: capital });
    expect((await page()).entries[0]).toMatchObject({ side: 'debit', balanceAfter: 0n, version: 6n });
  });

  it('tells a balance and the trial balance as of a time, by posting and by value date', async () => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0, EUR),
      wallet: ref('client_wallet', 57, EUR),
    });
    const eur = (units: bigint) => ({ units, currency: EUR });
    const [may, june, july] = [
      new Date('2026-05-31T12:00:00Z'),
      new Date('2026-06-30T12:00:00Z'),
      new Date('2026-07-31T12:00:00Z'),
    ];
    await book(acme, transfer(capital, wallet, eur(700n), { effectiveAt: july }));
    await book(acme, transfer(capital, wallet, eur(40n), { effectiveAt: may }));
    await book(acme, transfer(wallet, capital, eur(5n), { effectiveAt: june }));
    const { entries } = await acme.inTenant((tx) => entriesOf(tx, wallet, { limit: 10 }));
    const at = (instant: Date, by: 'posted' | 'effective') =>
      acme.inTenant((tx) => balanceAsOf(tx, wallet, instant, by));
    expect(await at(new Date(may.getTime() - 1), 'effective')).toEqual(eur(0n));
    expect(await at(may, 'effective')).toEqual(eur(40n));
    expect(await at(june, 'effective')).toEqual(eur(35n));
    expect(await at(july, 'effective')).toEqual(eur(735n));
    expect(await at(july, 'posted')).toEqual(eur(0n));
    expect(await at(entries[0]?.postedAt ?? may, 'posted')).toEqual(eur(735n));
    const lines = await acme.inTenant((tx) => trialBalance(tx, { asOf: june, by: 'effective' }));
    expect(lines.filter((line) => line.currency === EUR)).toEqual([
      { purpose: 'house_capital', class: 'equity', currency: EUR, debits: 40n, credits: 5n, net: 35n },
      { purpose: 'client_wallet', class: 'liability', currency: EUR, debits: 5n, credits: 40n, net: -35n },
    ]);
    expect(await acme.inTenant((tx) => trialBalance(tx, { asOf: july }))).toEqual([]);
  });

  it('has the same chart of accounts in the program and in the database', async () => {
    const rows = await acme.inTenant((tx) => chart(tx, {}));
    expect(rows.map((row) => row.purpose).sort()).toEqual([...purposes].sort());
  });

  it('writes nothing for a transaction that fails', async () => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 58),
    });
    const failing = acme.inTenant(async (tx) => {
      post(tx, [transfer(capital, wallet, usd('1'))]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await balances(wallet)).toMatchObject([{ balance: 0n, version: 0n }]);
  });
});
