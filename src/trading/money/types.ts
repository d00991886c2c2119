import type { Currency } from '../../kernel/currency.ts';

/**
 * What a money operation is, by the platform's number (Action): 2 is a deposit above 0 and a withdrawal below, 3 credit, 4
 * charge, 5 correction, 6 bonus; all others are `other`: commissions, interest, dividends, taxes, and numbers that are new.
 */
export const moneyKinds = ['deposit', 'withdrawal', 'credit', 'charge', 'correction', 'bonus', 'other'] as const;
export type MoneyKind = (typeof moneyKinds)[number];

/** A money operation on an account, as it stands now: the last that the server told of its ticket. */
export type MoneyOperation = {
  readonly dealKey: bigint;
  readonly ticket: bigint;
  readonly clientKey: number;
  readonly accountKey: number;
  /** UTC; of a label that the server's clock skips the label itself. */
  readonly at: Date;
  /** The platform's number. */
  readonly action: number;
  readonly kind: MoneyKind;
  /** The deposit currency of the account. */
  readonly currency: Currency;
  /** An exact decimal text, below 0 where the account is debited. */
  readonly amount: string;
};

/** That a money operation, or news of one, came in. */
export type MoneyArrival = {
  readonly dealKey: bigint;
  /** Undefined while no client has the login. */
  readonly clientKey: number | undefined;
  readonly at: Date;
};
