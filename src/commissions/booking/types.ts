import type { Currency } from '../../kernel/currency.ts';

/** What one beneficiary gets out of a batch for trades of one UTC day; becomes one ledger transfer. */
export type Payable = {
  readonly kind: 'ib' | 'client';
  readonly beneficiary: number;
  readonly currency: Currency;
  /** The UTC day of the trades' close, as its first instant in ms: the value date. */
  readonly dayMs: number;
  readonly units: bigint;
};

/** What a booking transaction did. */
export type BatchOutcome = {
  readonly claimed: number;
  readonly booked: number;
  readonly unpaid: number;
  readonly parked: number;
  readonly rebates: number;
};

export const NOTHING_BOOKED: BatchOutcome = { claimed: 0, booked: 0, unpaid: 0, parked: 0, rebates: 0 };
