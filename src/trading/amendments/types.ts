import type { DueDeal, NothingEarned } from '../deals/types.ts';

/** A stored version of a deal; version 0 is its addition. */
export type DealVersion = {
  readonly key: bigint;
  readonly version: number;
  readonly kind: 'add' | 'update' | 'delete';
  /** Of which place in which source it was; null where the sender counts none. */
  readonly sourceKey: number | null;
  readonly seq: bigint | null;
};

/** Why a deal comes to nothing: the platform took it back, or it is one that never earns now. */
export type Nothing = 'deleted' | 'kept' | NothingEarned;

/** What a deal is by its latest update or deletion, where something has been booked for it. */
export type BookedAmendment = {
  readonly dealKey: bigint;
  /** The row that says what it is now. */
  readonly versionKey: bigint;
  readonly now:
    | {
        readonly kind: 'trade';
        readonly symbolKey: number;
        readonly groupKey: number;
        readonly closedAt: Date;
        /** The same as what waits to be booked, should it have been no trade until now. */
        readonly due: DueDeal;
      }
    | { readonly kind: 'nothing'; readonly why: Nothing };
};

/** What looking at waiting updates and deletions came to. */
export type TakenUp = {
  /** What only changes what is to be booked, and is done. */
  readonly replaced: number;
  /**
   * What was handed on, and is to be corrected: `carryOut` when that is done, `keepWaiting` where it cannot be, `bookAfterAll`
   * where it was no trade and so was not booked.
   */
  readonly booked: readonly BookedAmendment[];
  /** Where to go on: the key to give as `after`; undefined when all were looked at. */
  readonly next: bigint | undefined;
};
