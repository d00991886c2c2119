import type { Currency } from '../kernel/currency.ts';
import type { LedgerAccountId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';

declare const accountKey: unique symbol;
/** The short key of an account inside its tenant's database; people and other programs see its LedgerAccountId. */
export type AccountKey = number & { readonly [accountKey]: true };

/** The chart of accounts: what an account is for. Its class, normal side and whether it may overdraw are in `ledger.purposes`. */
export const purposes = [
  'commission_expense',
  'ib_payable',
  'trader_rebate_payable',
  'ib_wallet',
  'client_wallet',
  'psp_clearing',
  'fee_income',
  'house_capital',
  'ib_receivable',
  'trader_rebate_receivable',
  'currency_exchange',
] as const;
export type Purpose = (typeof purposes)[number];

export const accountClasses = ['asset', 'liability', 'equity', 'income', 'expense'] as const;
export const sides = ['debit', 'credit'] as const;
export const transferKinds = ['posted', 'pending', 'post_pending', 'void_pending'] as const;

/** Of which kind the owner of an account is. */
export const ownerKinds = ['house', 'ib', 'client', 'gateway'] as const;
export type OwnerKind = (typeof ownerKinds)[number];

/** Of which kind the owners of each purpose are. */
export const ownerKindOf: Readonly<Record<Purpose, OwnerKind>> = {
  commission_expense: 'house',
  ib_payable: 'ib',
  trader_rebate_payable: 'client',
  ib_wallet: 'ib',
  client_wallet: 'client',
  psp_clearing: 'gateway',
  fee_income: 'house',
  house_capital: 'house',
  ib_receivable: 'ib',
  trader_rebate_receivable: 'client',
  currency_exchange: 'house',
};

/** The purposes whose accounts belong to owners of a kind. */
export const purposesOf = (kind: OwnerKind): Purpose[] => purposes.filter((purpose) => ownerKindOf[purpose] === kind);

/**
 * Names an account. `owner` is the key of whom it belongs to, of the kind that the purpose says (an IB, a client,
 * a gateway); the house is 0.
 */
export type AccountRef = { readonly purpose: Purpose; readonly owner: number; readonly currency: Currency };

/** What makes a transfer unique: what it belongs to (`booking_batch/123`) and its number there. */
export type TransferName = { readonly reference: string; readonly leg: number };

/** Money that goes from one account to another: `debit` is debited, `credit` credited, both of the money's currency. */
export type NewTransfer = TransferName & {
  readonly debit: AccountKey;
  readonly credit: AccountKey;
  readonly money: Money;
  /** The value date; the instant of posting unless given. */
  readonly effectiveAt?: Date;
};

/** The end of a hold: `post` moves `units` of it (all unless given) and releases the rest, `void` releases all. */
export type Resolution = TransferName & {
  readonly hold: TransferName;
  readonly effectiveAt?: Date;
} & ({ readonly outcome: 'post'; readonly units?: bigint } | { readonly outcome: 'void' });

export type TransferKind = (typeof transferKinds)[number];

/**
 * An account and what is on it, in ledger units. `balance` is posted and counted on the account's normal side;
 * `held` of it is promised to pending transfers, `free` is the rest.
 */
export type Balance = AccountRef & {
  readonly key: AccountKey;
  readonly id: LedgerAccountId;
  readonly balance: bigint;
  readonly held: bigint;
  readonly free: bigint;
  /** The number of transfers that ever touched the account. */
  readonly version: bigint;
};

/** A transfer as one of its accounts sees it. */
export type Entry = TransferName & {
  readonly transfer: bigint;
  readonly version: bigint;
  readonly side: (typeof sides)[number];
  readonly kind: TransferKind;
  readonly units: bigint;
  readonly currency: Currency;
  readonly counterAccount: AccountKey;
  readonly balanceAfter: bigint;
  readonly postedAt: Date;
  readonly effectiveAt: Date;
};

/** Which of a transfer's two times an "as of" means: when it was posted, or its value date. */
export type TimeAxis = 'posted' | 'effective';

/** One line of the trial balance: all accounts of a purpose in a currency, in ledger units; sums may pass 64 bits. */
export type TrialBalanceLine = {
  readonly purpose: Purpose;
  readonly class: (typeof accountClasses)[number];
  readonly currency: Currency;
  readonly debits: bigint;
  readonly credits: bigint;
  /** debits - credits: over all lines of a currency these add up to 0. */
  readonly net: bigint;
};

/** What the transfers under one reference moved in all from one account to another, in ledger units. */
export type TransferSum = {
  readonly reference: string;
  readonly debitPurpose: Purpose;
  readonly debitOwner: number;
  readonly creditPurpose: Purpose;
  readonly creditOwner: number;
  readonly currency: Currency;
  readonly units: bigint;
};
