import type { CountedTrade } from '../counters/types.ts';
import type { TradeResult } from '../engine/types.ts';
import type { ExecutionFacts, NoPayReason } from '../types.ts';

/** What one beneficiary has of a trade by one component, over all revisions; in ledger units, `kind` as it is stored. */
export type Share = {
  readonly component: number;
  readonly kind: number;
  readonly beneficiary: number;
  readonly depth: number;
  readonly units: bigint;
};

/** Why a component paid nothing; component -1 speaks for the whole trade. */
export type Reason = { readonly component: number; readonly reason: string };

/** What a booking names: enough to find all its inputs again. */
type Keys = {
  readonly planVersionKey: number | null;
  readonly ibKey: number | null;
  readonly symbolKey: number;
  readonly groupKey: number;
  readonly closedAt: Date;
  readonly openedAt: Date | null;
  /** The version of the deal that it was computed from; null for the addition. */
  readonly factsKey: bigint | null;
  /** The re-run by whose terms it was computed; null for none. */
  readonly rerunKey: number | null;
};

/** A deal's booking as it is now: its last revision, and what all of them come to. */
export type LiveBooking = Keys & {
  readonly dealKey: bigint;
  readonly revision: number;
  readonly knownAt: Date;
  readonly configurationVersion: bigint;
  /** Of the plan; null where no plan was in force. */
  readonly currency: string | null;
  readonly earningUnits: bigint;
  readonly shares: readonly Share[];
  readonly reasons: readonly Reason[];
};

/** What a deal comes to when it is computed by what is known now. */
export type Computed = Keys & {
  readonly currency: string | null;
  readonly execution: ExecutionFacts | undefined;
  readonly result: Exclude<TradeResult, { kind: 'parked' }>;
};

/** What a deal is to come to: the result of a computation, or nothing at all, and why. */
export type Becomes =
  | { readonly kind: 'computed'; readonly computed: Computed }
  | { readonly kind: 'nothing'; readonly reason: NoPayReason; readonly factsKey: bigint | null };

/** A revision to be written: the whole that holds after it, and in `changes` what it adds and takes back. */
export type Revision = Keys & {
  readonly dealKey: bigint;
  readonly revision: number;
  readonly currency: string | null;
  readonly earningUnits: bigint;
  /** The whole by who has it. */
  readonly units: { readonly ib: bigint; readonly client: bigint; readonly house: bigint };
  readonly changes: readonly Share[];
  readonly reasons: readonly Reason[];
  readonly execution: ExecutionFacts | undefined;
  /** What it saw of the counters and what it counts; undefined where it takes all back, or its plan looks at none. */
  readonly counted: CountedTrade | undefined;
};

/** Why revisions are written, for whoever asks later. */
export type Cause = {
  readonly kind: 'amendment' | 'late_entry' | 'rerun' | 'chargeback' | 'true_up';
  readonly reason: string;
  readonly rerunKey?: number;
  readonly approvalId?: string;
};

/** What correcting came to: the batch that holds the revisions, and the deals that cannot be computed, with the code of why. */
export type Corrected = {
  readonly batchKey: bigint | undefined;
  readonly dealKeys: readonly bigint[];
  readonly hindered: readonly { readonly dealKey: bigint; readonly code: string }[];
};
