import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../src/kernel/currency.ts';
import { formatAmount } from '../../src/kernel/money.ts';
import type { Payable } from '../../src/commissions/booking/types.ts';
import { holdSettlement } from '../../src/commissions/index.ts';
import { postOwed, type Taken } from '../../src/commissions/owed/service.ts';
import { balancesOf, ensureAccounts, hold, trialBalance, verifyLedger } from '../../src/ledger/index.ts';
import { EUR, USD, accounts, book, freshReference, ref, transfer, usd } from '../ledger/support.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';

const DAY_MS = Date.UTC(2026, 2, 10);

/** What is owed to an IB in dollars, but for what is said. */
const owed = (beneficiary: number, amount: string, words: Partial<Payable> = {}): Payable => ({
  kind: 'ib',
  beneficiary,
  currency: USD,
  dayMs: DAY_MS,
  units: usd(amount).units,
  ...words,
});

describe('What is owed and what is taken back', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  const postAll = (...payables: Payable[]): Promise<Taken[]> =>
    acme.inTenant(async (tx) => {
      await holdSettlement(tx);
      return postOwed(tx, { reference: freshReference(), payables });
    });
  const amountOn = async (purpose: Parameters<typeof ref>[0], owner: number, currency: Currency = USD) => {
    const [balance] = await acme.inTenant(async (tx) =>
      balancesOf(tx, await ensureAccounts(tx, [ref(purpose, owner, currency)])),
    );
    return balance === undefined ? '' : formatAmount({ units: balance.balance, currency });
  };

  it('is a payable when it is earned, and less of one when it is taken back', async () => {
    await postAll(owed(1, '10.96'), owed(8, '1.644', { kind: 'client' }), owed(2, '0'));
    await postAll(owed(1, '-3.96'), owed(8, '-0.644', { kind: 'client' }));
    expect(await amountOn('ib_payable', 1)).toBe('7.00');
    expect(await amountOn('trader_rebate_payable', 8)).toBe('1.00');
    expect(await amountOn('ib_receivable', 1)).toBe('0.00');
  });

  it('is a receivable as far as the payable has nothing free: what is held for a payout stays held', async () => {
    await postAll(owed(3, '5.00'));
    const books = await accounts(acme, { payable: ref('ib_payable', 3), wallet: ref('ib_wallet', 3) });
    await acme.inTenant(async (tx) => hold(tx, [transfer(books.payable, books.wallet, usd('4.00'))]));
    expect(await postAll(owed(3, '-3.00'))).toMatchObject([{ fromPayable: 1_000_000n, receivable: 2_000_000n }]);
    expect(await amountOn('ib_payable', 3)).toBe('4.00');
    expect(await amountOn('ib_receivable', 3)).toBe('2.00');
  });

  it('is wholly a receivable when all was paid', async () => {
    await postAll(owed(4, '5.00'), owed(9, '1.00', { kind: 'client' }));
    const books = await accounts(acme, {
      payable: ref('ib_payable', 4),
      wallet: ref('ib_wallet', 4),
      rebate: ref('trader_rebate_payable', 9),
      client: ref('client_wallet', 9),
    });
    await book(
      acme,
      transfer(books.payable, books.wallet, usd('5.00')),
      transfer(books.rebate, books.client, usd('1.00')),
    );
    await postAll(owed(4, '-5.00'), owed(9, '-1.00', { kind: 'client' }));
    expect(await amountOn('ib_payable', 4)).toBe('0.00');
    expect(await amountOn('ib_receivable', 4)).toBe('5.00');
    expect(await amountOn('trader_rebate_receivable', 9)).toBe('1.00');
  });

  it('is counted by currency: one that is free does not serve for another', async () => {
    await postAll(owed(5, '5.00'), owed(5, '2.00', { currency: EUR }));
    await postAll(owed(5, '-3.00', { currency: EUR }), owed(5, '-3.00'));
    expect(await amountOn('ib_payable', 5)).toBe('2.00');
    expect(await amountOn('ib_payable', 5, EUR)).toBe('0.00');
    expect(await amountOn('ib_receivable', 5, EUR)).toBe('1.00');
    expect(await amountOn('ib_receivable', 5)).toBe('0.00');
  });

  it('serves for what is taken in the same transaction, and is not taken twice', async () => {
    const day = (dayMs: number) => ({ dayMs });
    await acme.inTenant(async (tx) => {
      await holdSettlement(tx);
      const first = [owed(6, '-2.00'), owed(6, '3.00'), owed(6, '-0.50', day(DAY_MS + 86_400_000))];
      await postOwed(tx, { reference: freshReference(), payables: first });
      await postOwed(tx, { reference: freshReference(), payables: [owed(6, '-1.00')] });
    });
    expect(await amountOn('ib_payable', 6)).toBe('0.00');
    expect(await amountOn('ib_receivable', 6)).toBe('0.50');
  });

  it('is nothing without an amount, and leaves the books whole', async () => {
    expect(await postAll(owed(7, '0'))).toEqual([]);
    expect(await postAll()).toEqual([]);
    const lines = await acme.inTenant((tx) => trialBalance(tx));
    expect(lines.filter(({ currency }) => currency === USD).reduce((sum, { net }) => sum + net, 0n)).toBe(0n);
    expect(await acme.inTenant((tx) => verifyLedger(tx))).toEqual([]);
  });
});
