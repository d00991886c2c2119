import type { MoneyOperation } from '../../trading/index.ts';
import type { PaidByPeriod } from '../periods/contract.ts';
import type { ClientProgress } from '../periods/types.ts';
import type { PublishedVersion } from '../plans/store.ts';
import type { AppliedRates, ParkCode } from '../types.ts';

/** A deposit with what it came to in the currency of a plan. */
export type CountedDeposit = {
  readonly operation: MoneyOperation;
  /** Ledger units of the plan currency. */
  readonly units: bigint;
  readonly rates: AppliedRates | undefined;
};

/** A component that pays once for ever, as it stands for a client. */
export type Ladder = {
  readonly clientKey: number;
  readonly version: PublishedVersion;
  readonly component: PaidByPeriod;
  readonly country: string | undefined;
  readonly deposits: readonly CountedDeposit[];
  readonly progress: ClientProgress;
  /** What of its steps was paid, in ledger units of the plan currency. */
  readonly paidUnits: bigint;
};

/** A ladder that cannot be judged yet. */
export type WaitingLadder = { readonly clientKey: number; readonly component: string; readonly code: ParkCode };
