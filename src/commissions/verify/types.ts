/** A breach of a rule: which, where, and what was found. */
export type BookingFinding = { readonly rule: string; readonly subject: string; readonly detail: string };

/** What was looked at, and the breaches that were found, at most 100 of each rule. */
export type BookingsVerified = {
  readonly findings: readonly BookingFinding[];
  readonly checked: {
    readonly trades: number;
    readonly bookings: number;
    readonly rebates: number;
    readonly batches: number;
  };
};
