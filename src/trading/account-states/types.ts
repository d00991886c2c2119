/** What an account stood at, as its server tells it: exact decimal texts in deposit currency. */
export type AccountSnapshot = {
  readonly login: bigint;
  readonly equity: string;
  readonly credit: string;
  readonly balance: string | undefined;
  /** The server's wall clock written as if it were UTC, in ms since 1970. */
  readonly serverTimeMs: number;
};

/** The last state of an account that was told for an instant at or before a trade's. */
export type StateBefore = {
  readonly equity: string;
  readonly credit: string;
  /** The instant, and how long before the trade it was. */
  readonly at: string;
  readonly ageMs: number;
};
