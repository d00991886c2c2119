import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatAmount } from '../../src/kernel/money.ts';
import { type AccountKey, balanceAsOf, balancesOf, ensureAccounts, entriesOf, post, trialBalance } from '../../src/ledger/index.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { EUR, USD, accounts, book, freshReference, ref, transfer, usd, usdUnits } from './support.ts';

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
    expect(payables.map((each) => formatAmount({ units: each.balance, currency: USD }))).toEqual(['3.836', '1.644', '2.055', '2.055', '1.37']);
    const lines = await acme.inTenant((tx) => trialBalance(tx));
    expect(lines.map(({ purpose, net }) => [purpose, net])).toEqual([
      ['commission_expense', 10_960_000n],
      ['ib_payable', -9_316_000n],
      ['trader_rebate_payable', -1_644_000n],
    ]);
  });
  it('gives the keys of accounts in the order asked for, the same every time, in one round trip', async () => {
    const refs = [ref('ib_payable', 103), ref('ib_payable', 101), ref('ib_payable', 103), ref('ib_payable', 101, EUR), ref('client_wallet', 101)];
    const first = await acme.inTenant((tx) => ensureAccounts(tx, refs));
    const again = await acme.inTenant((tx) => ensureAccounts(tx, [...refs].reverse()));
    expect(again).toEqual([...first].reverse());
    expect(new Set(first).size).toBe(4);
    expect(first[0]).toBe(first[2]);
    const found = await balances(...first);
    expect(found.map(({ purpose, owner, currency }) => ({ purpose, owner, currency }))).toEqual(refs);
    expect(found.every(({ id }) => id.startsWith('lac_'))).toBe(true);
  });
});
