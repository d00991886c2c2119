import { Currency } from '../../src/kernel/currency.ts';
import { parseMoney } from '../../src/kernel/money.ts';
import { type AccountKey, type AccountRef, type NewTransfer, ensureAccounts, post } from '../../src/ledger/index.ts';
import type { TestTenant } from '../support/tenancy.ts';

export const USD = Currency.parse('USD');
export const EUR = Currency.parse('EUR');

/** `usd('10.96')` is 10 960 000 ledger units. */
export const usd = (amount: string) => parseMoney({ amount, currency: USD }, 'ledger');

export const usdUnits = (units: bigint) => ({ units, currency: USD });

export const ref = (purpose: AccountRef['purpose'], owner: number, currency: Currency = USD): AccountRef => ({
  purpose,
  owner,
  currency,
});

let references = 0;
/** A reference that no other transfer of the test file has. */
export const freshReference = (): string => `test/${(references += 1)}`;

/** Makes accounts and gives their keys by the names asked for. */
export const accounts = async <Name extends string>(
  acme: TestTenant,
  refs: Record<Name, AccountRef>,
): Promise<Record<Name, AccountKey>> => {
  const names = Object.keys(refs) as Name[];
  const keys = await acme.inTenant((tx) =>
    ensureAccounts(
      tx,
      names.map((name) => refs[name]),
    ),
  );
  return Object.fromEntries(names.map((name, place) => [name, keys[place]])) as Record<Name, AccountKey>;
};

/** A transfer with a reference of its own. */
export const transfer = (
  debit: AccountKey,
  credit: AccountKey,
  money: NewTransfer['money'],
  more: Partial<NewTransfer> = {},
): NewTransfer => ({
  debit,
  credit,
  money,
  reference: freshReference(),
  leg: 0,
  ...more,
});

/** Books transfers in a transaction of their own. */
export const book = (acme: TestTenant, ...transfers: NewTransfer[]): Promise<void> =>
  acme.inTenant(async (tx) => post(tx, transfers));
