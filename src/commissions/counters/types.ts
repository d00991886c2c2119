/**
 * What is counted: lots, dollars of notional, deposits and active clients for tiers; long and short volume; what was paid, for caps.
 * `deposits_of` is what `deposits` hold of a client (its owner) for an IB or the plan (its subject).
 */
export type Measure =
  | 'lots'
  | 'notional'
  | 'deposits'
  | 'deposits_of'
  | 'active'
  | 'long'
  | 'short'
  | 'paid_plan'
  | 'paid_ib'
  | 'paid_client';

/** Decimals of what is counted, but for money, which is in ledger units: a measure is rounded to them once, half to even. */
export const MEASURE_DIGITS = 12;

/** A counter of one component of a plan. Versions of a plan share the counters of components of one name. */
export type CounterName = {
  readonly component: string;
  readonly measure: Measure;
  /** The key of an IB or of a client; 0 for the whole plan. */
  readonly owner: number;
  /** What of the owner's: a symbol, or a client; '' where there is nothing to tell apart. */
  readonly subject: string;
};

/** A question to the counters: how much there is from one UTC day to another, both included, as days since 1970. */
export type Look = CounterName & {
  readonly fromDay: number;
  readonly toDay: number;
  /** Whether it asks how many subjects there are of which something was counted, and not how much of one. */
  readonly distinct: boolean;
};

/** What a trade adds to a counter, on the UTC day of its close. */
export type CounterChange = CounterName & { readonly day: number; readonly units: bigint };

/**
 * What a trade saw of the counters: by component what its adjusters looked at, in their order. `again` is what they see where the
 * trade was brought to the tier of its period later: by component, null where that has none.
 */
export type TradeStanding = {
  readonly seen: readonly (readonly bigint[])[];
  readonly again?: readonly (readonly bigint[] | null)[] | undefined;
};

/** A month of a tier whose trades are brought to what was reached: the first day of the month, and when that is done. */
export type TierMonth = {
  readonly component: string;
  readonly owner: number;
  readonly month: number;
  readonly at: 'reached' | 'month_end';
};

/** What a trade saw and what it counted, and whose trade that was: plain data, kept with its booking. */
export type CountedTrade = {
  readonly standing: TradeStanding;
  readonly counts: readonly CounterChange[];
  readonly planKey: number;
  /** The direct IB. */
  readonly ibKey: number;
  readonly clientKey: number;
  readonly symbol: string;
  /** The UTC day of the close. */
  readonly day: number;
  readonly months: readonly TierMonth[];
};

/** Counters while a batch is threaded through them. */
export type Counters = {
  readonly read: (planKey: number, look: Look) => bigint;
  readonly add: (planKey: number, counts: readonly CounterChange[]) => void;
};
