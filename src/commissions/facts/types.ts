import type { Decimal } from '../../kernel/decimal.ts';
import type { ParkCode } from '../types.ts';
import type { PeriodLine, PeriodPart } from '../periods/types.ts';

/** A client in a period, half-open. */
export type ClientPeriod = { readonly clientKey: number; readonly from: Date; readonly to: Date };

/** An amount that counts for a client's period, at its own time. */
export type PeriodItem = {
  readonly part: PeriodPart;
  readonly at: Date;
  readonly currency: string;
  readonly amount: Decimal;
  /** The same amount in the deposit currency, by the deal's own rate: it serves where the plan keeps that currency. */
  readonly inDeposit?: { readonly currency: string; readonly amount: Decimal } | undefined;
};

/** That an amount is not known, and why: a period in which it counts waits. */
export type Unknown = { readonly part: PeriodPart; readonly code: ParkCode };

/** The same with the currency of the plan that is in force for it. */
export type PlannedPeriod = ClientPeriod & { readonly currency: string };

/** What is known of a period, in the currency of its plan and with the rates to it. */
export type PeriodFacts = { readonly lines: readonly PeriodLine[]; readonly unknown: readonly Unknown[] };
