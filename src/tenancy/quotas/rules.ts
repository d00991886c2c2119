/** What a tenant may use of the installation. Null: no bound. */
export type Quotas = {
  /** Requests to its hosts; more get 429. Null: as many as the installation's setting says. */
  readonly requestsPerMinute: number | null;
  /** People who work there; more are refused with 403. */
  readonly usersMax: number | null;
  readonly clientsMax: number | null;
  /** More are refused with 429 until the day (UTC) is over. */
  readonly exportsPerDay: number;
  /** A soft one: more are booked all the same, and operator and tenant are told once that day. */
  readonly tradesPerDayExpected: bigint | null;
};

/** Of a tenant for which nothing else was said. */
export const quotasByDefault: Quotas = {
  requestsPerMinute: null,
  usersMax: 500,
  clientsMax: null,
  exportsPerDay: 10,
  tradesPerDayExpected: null,
};
