import type { Currency } from '../../kernel/currency.ts';

/**
 * What becomes of an entry, of the first of these that fits: `paid` by a payout run; `reversed`, when corrections took all of it
 * back before a statement told of it; `held`, while its beneficiary is on hold, it is disputed, or the days of hold after its
 * period's end are not over; `in_statement`, told of by a statement that is not paid; `available`, its period ended and
 * nothing in the way; `pending` until its period ends.
 */
export const accrualStates = ['pending', 'held', 'available', 'in_statement', 'paid', 'reversed'] as const;
export type AccrualState = (typeof accrualStates)[number];

/** What is known of an entry, or of a sum of entries, that decides over its state. */
export type EntryStanding = {
  readonly isPaid: boolean;
  readonly isStated: boolean;
  readonly isReversed: boolean;
  readonly isDisputed: boolean;
  readonly earnedAtMs: number;
};

/** What of a schedule decides over states at an instant, in ms since 1970. */
export type Bounds = {
  readonly onHold: boolean;
  /** What was earned then or later is of a period that has not ended. */
  readonly pendingFromMs: number;
  /** What was earned then or later is held, where its period has ended. */
  readonly heldFromMs: number;
};

/** A beneficiary's sums in a currency, in ledger units; `reversed` is what was taken back, and in none of the others. */
export type AccrualSums = { readonly currency: Currency } & Readonly<Record<AccrualState, bigint>>;
