import type { DealId } from '../../kernel/ids.ts';

/** A deal that closed volume, or opened it where that may count, claimed to be booked: with all that was resolved when it was stored. */
export type DueTrade = {
  /** The deal's key in the hot tables; deals are claimed and booked in its order. */
  readonly dealKey: bigint;
  /** The server's own number of the deal. */
  readonly ticket: bigint;
  readonly serverKey: number;
  /** Keys of src/clients. */
  readonly accountKey: number;
  readonly clientKey: number;
  /** Keys of rows that never change, so that a booking which names them can be explained for ever. */
  readonly symbolKey: number;
  readonly groupKey: number;
  /** The canonical symbol and its group, as of the close. */
  readonly symbol: string;
  readonly symbolGroup: string;
  /** The account group as the platform names it, and what a lot of it counts: a decimal text. */
  readonly accountGroup: string;
  readonly lotFactor: string;
  /** In 1e-8 lot; 0 of a deal that only opens. */
  readonly closedVolume: bigint;
  /** The same of what it opened; absent where nobody has read it. */
  readonly openedVolume?: bigint;
  /** UTC instant of the close in ms; `hasMs` is false where the server gave whole seconds. */
  readonly closedAt: number;
  readonly hasMs: boolean;
  /** The platform's number of why the deal was made; undefined where the server gives none. */
  readonly reason: number | undefined;
  /** 0 where the feed does not tell it. */
  readonly positionId: bigint;
  /** The version of the deal that says all this: its addition, unless it was amended before it was booked. */
  readonly factsKey: bigint;
};

/** When a position was opened that a deal closes: UTC, ms. */
export type PositionOpen = { readonly openedAt: number; readonly hasMs: boolean };

/** Something to be parked: a stable code for programs, a sentence for people. */
export type Parking = { readonly dealKey: bigint; readonly code: string; readonly detail: string };

/** How much waits to be booked. */
export type DueSummary = {
  /** Counted up to 10 000. */
  readonly count: number;
  /** When the oldest of them was received (put back counts anew); undefined if nothing waits. */
  readonly oldestReceivedAt: Date | undefined;
};

/** A deal that waits for somebody to mend the cause. */
export type ParkedDeal = {
  readonly id: DealId;
  readonly code: string;
  readonly detail: string;
  readonly parkedAt: Date;
  /** How often it was parked, this time included. */
  readonly times: number;
  readonly kind: 'add' | 'update' | 'delete';
  readonly version: number;
  readonly server: string;
  readonly ticket: bigint;
  readonly login: bigint | undefined;
  readonly symbol: string;
  readonly closedVolume: bigint;
};

/** What running parked deals again came to. */
export type ParkedRunAgain = {
  /** Deals that are due now. */
  readonly dealKeys: readonly bigint[];
  /** Resolved without becoming due: they open volume, or their group does not pay. */
  readonly settled: number;
  /** Still parked, under the same code or another. */
  readonly stillParked: number;
  /** Where to go on: the key to give as `after`; undefined when all were looked at. */
  readonly next: bigint | undefined;
};

/**
 * What is known of a closing deal, or one that opened volume and may count: it waits, is parked, was handed to the commissions,
 * or earns nothing by its group or reason.
 */
export type ClosingDeal = {
  readonly dealKey: bigint;
  /** It closed nothing: then it has a booking only where its plan counts opens. */
  readonly opens: boolean;
  readonly state: 'due' | 'parked' | 'handed_on' | 'unpaid';
};

/**
 * Where a deal is. `technical` (the platform's own executions, such as migrations and splits) and `group_unpaid` never
 * earn anything; `kept` closes no volume; `deleted` was taken back before it was booked; `handed_on` has a booking. A parked one has the reason.
 */
export type Whereabouts = {
  readonly state: 'due' | 'parked' | 'kept' | 'technical' | 'group_unpaid' | 'deleted' | 'handed_on';
  readonly code: string | null;
  readonly detail: string | null;
};
