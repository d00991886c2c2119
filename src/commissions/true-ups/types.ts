/** A month of a tier: of a component of a plan, for one direct IB or (0) for the whole plan; the first day since 1970. */
export type MonthKey = {
  readonly planKey: number;
  readonly component: string;
  readonly owner: number;
  readonly month: number;
  /** Which round of it this is. */
  readonly rounds: number;
};

/** How far a month is: the last trade that was looked at, and what the month came to when the round began; tier -1 until a trade tells. */
export type Reached = {
  readonly afterIb: number;
  readonly afterDeal: string;
  readonly units: string;
  readonly tier: number;
};

/** What a page of a round did; `reached` is undefined when the round is over. */
export type TruedUp = { readonly looked: number; readonly changed: number; readonly reached: Reached | undefined };
