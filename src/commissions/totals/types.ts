import type { Currency } from '../../kernel/currency.ts';
import type { NoPayReason } from '../types.ts';

/** What one beneficiary earned in all in one currency; the beneficiary 0 is the house. */
export type BeneficiaryTotal = {
  readonly kind: 'ib' | 'client' | 'house';
  readonly beneficiary: number;
  readonly currency: Currency;
  readonly rebates: number;
  readonly units: bigint;
};

/** What all bookings earned in one currency, beside what their rebates come to; `unbalanced` of them differ. */
export type EarningTotal = {
  readonly currency: Currency;
  readonly bookings: number;
  readonly earningUnits: bigint;
  readonly rebateUnits: bigint;
  readonly unbalanced: number;
};

/** How many bookings paid nothing for a reason. */
export type UnpaidTotal = { readonly reason: NoPayReason; readonly bookings: number };
