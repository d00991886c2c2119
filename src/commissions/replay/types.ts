import type { DealId, IbId } from '../../kernel/ids.ts';
import type { MoneyJson } from '../../kernel/money.ts';
import type { TradeStanding } from '../counters/types.ts';
import type { Step } from '../engine/types.ts';
import type { ExecutionFacts, LinkStatus } from '../types.ts';

/** A revision of a booking with the inputs that it names. */
export type StoredBooking = {
  readonly dealKey: bigint;
  /** 0 is the first. */
  readonly revision: number;
  readonly batchKey: bigint;
  /** As of which knowledge of the tree, and which count of changes of plans, it was booked. */
  readonly knownAt: Date;
  readonly configurationVersion: bigint;
  readonly planVersionKey: number | null;
  readonly ibKey: number | null;
  readonly symbolKey: number;
  readonly groupKey: number;
  readonly closedAt: Date;
  readonly openedAt: Date | null;
  /** Null where the plan looks at nothing of it. */
  readonly execution: ExecutionFacts | null;
  /** What it saw of the counters; null where its plan looks at none. */
  readonly standing: TradeStanding | null;
  readonly earningUnits: bigint;
  /** The version of the deal that it was computed from; null for the addition. */
  readonly factsKey: bigint | null;
  /** The re-run by whose terms it was computed; null for none. */
  readonly rerunKey: number | null;
  /** Why the trade as a whole pays nothing; null where it pays. */
  readonly wholeReason: string | null;
};

/** A rebate as it is stored; `kind` 1 is an IB, 2 the client, 3 the house. */
export type StoredRebate = {
  readonly component: number;
  readonly kind: number;
  readonly beneficiary: number;
  readonly depth: number;
  readonly units: bigint;
};

/** Why a component paid nothing; component -1 speaks for the whole trade. */
export type StoredReason = { readonly component: number; readonly reason: string };

/** All that a booking says of its trade, in one comparable form. */
export type BookedOutcome = {
  readonly planVersionKey: number | null;
  readonly ibKey: number | null;
  readonly earningUnits: bigint;
  readonly rebates: readonly StoredRebate[];
  readonly reasons: readonly StoredReason[];
};

/** How many bookings were computed again, and the trades of which another result came out. */
export type Recomputed = {
  readonly findings: readonly { readonly rule: string; readonly subject: string; readonly detail: string }[];
  readonly recomputed: number;
};

/** A step as people read it: with the name of the IB, and the sentence behind a reason. */
export type ToldStep = Omit<Step, 'ibKey' | 'units'> & {
  readonly ib?: string;
  readonly sentence?: string;
  /** The rounded result of the step. */
  readonly amount?: string;
};

/** A booked trade, told so that each rebate can be followed to the cent. */
export type TradeExplanation = {
  readonly id: DealId;
  readonly ticket: string;
  readonly symbol: string;
  readonly symbolGroup: string;
  readonly accountGroup: string;
  readonly lots: string;
  readonly openedAt: string | null;
  /** Where somebody said by hand when the position was opened. */
  readonly openByHand?: { readonly reason: string; readonly by?: string | undefined; readonly setAt: string };
  readonly closedAt: string;
  /** Which revision of its booking is told; 0 is the first. */
  readonly revision: number;
  /** Where its booking stands, and as of which knowledge it was made. */
  readonly batch: string;
  readonly knownAt: string;
  readonly plan: { readonly name: string; readonly version: number } | null;
  /** The client's own IB first, the master last. */
  readonly chain: readonly {
    readonly id: IbId;
    readonly name: string;
    readonly depth: number;
    readonly status: LinkStatus;
  }[];
  readonly earning: MoneyJson | null;
  /** Why it paid nothing. */
  readonly reason?: { readonly code: string; readonly sentence: string };
  readonly rebates: readonly {
    readonly component: string;
    readonly to: string;
    readonly kind: 'ib' | 'client' | 'house';
    /** The IB's distance from the client's own IB; 0 for the client, -1 for the house. */
    readonly depth: number;
    readonly amount: MoneyJson;
  }[];
  readonly steps: readonly ToldStep[];
  /** All revisions of its booking, the first one first. */
  readonly revisions: readonly ToldRevision[];
};

/** What led to a revision: the first booking, an amendment of the deal, an entry that came late, a re-run, a chargeback, a true-up. */
export type RevisionCause = 'booking' | 'amendment' | 'late_entry' | 'rerun' | 'chargeback' | 'true_up';

/** A revision of a booking: why it was written, and what it added and took back. */
export type ToldRevision = {
  readonly revision: number;
  readonly batch: string;
  readonly bookedAt: string;
  readonly cause: RevisionCause;
  /** What somebody said to it; null where nobody had to. */
  readonly reason: string | null;
  /** What the trade earned in all after it. */
  readonly earning: MoneyJson | null;
  readonly changes: readonly {
    readonly component: string;
    readonly to: string;
    readonly ibId: IbId | null;
    readonly kind: 'ib' | 'client' | 'house';
    readonly depth: number;
    readonly amount: MoneyJson;
  }[];
};
