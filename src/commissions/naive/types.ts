/** What the naive engine is told of a plan, a chain and a trade, in plain words and decimal texts. */
export type NaiveRule = {
  name: string;
  symbol?: string | undefined;
  symbolGroup?: string | undefined;
  accountGroup?: string | undefined;
  budget: string;
};
export type NaiveLevels =
  | { kind: 'differential'; suspension: 'roll-up' | 'house' }
  | { kind: 'fixed_by_level'; unit: 'percent'; levels: string[] }
  | { kind: 'fixed_by_level'; unit: 'amount'; levels: string[]; scaling: boolean }
  | { kind: 'share_up'; shares: string[] }
  | { kind: 'rank_slots'; unit: 'percent' | 'amount'; ranks: { name: string; slot: string }[] }
  | { kind: 'additive_override'; overrides: string[] }
  | { kind: 'pool'; weights: number[]; lacking: 'others' | 'house' };
export type NaiveSpread = {
  spread?: 'close' | 'mean' | undefined;
  limits?: { symbol?: string | undefined; symbolGroup?: string | undefined; pips: string }[] | undefined;
};
export type NaiveModel =
  | { kind: 'per_lot' }
  | { kind: 'per_million' }
  | { kind: 'pips' }
  | { kind: 'points' }
  | { kind: 'commission_share' }
  | { kind: 'profit_share' }
  | ({ kind: 'spread_share' } & NaiveSpread)
  | ({ kind: 'spread_and_commission'; spreadShare: string; commissionShare: string } & NaiveSpread);
/** The published rates that lead from one currency to another, and how old each was. */
export type NaiveConversion = {
  from: string;
  to: string;
  rows: readonly {
    key: string;
    rate: string;
    base: string;
    quote: string;
    source: string;
    at: string;
    ageMs: number;
  }[];
};
/** How a trade was carried out, decimals as text; what is not known is left out. */
export type NaiveExecution = {
  contractSize: string;
  pipSize: string;
  digits: number;
  baseCurrency?: string | undefined;
  profitCurrency: string;
  depositCurrency: string;
  side: 'buy' | 'sell';
  openPrice?: string | undefined;
  closePrice?: string | undefined;
  openReason?: string | undefined;
  openBid?: string | undefined;
  openAsk?: string | undefined;
  closeBid?: string | undefined;
  closeAsk?: string | undefined;
  profit?: string | undefined;
  rateProfit?: string | undefined;
  charged?: string | undefined;
  conversions?: NaiveConversion[] | undefined;
  accountState?: { equity: string; credit: string; at: string; ageMs: number } | undefined;
  channel?: string | undefined;
};
export type NaiveList = {
  kind: 'symbol' | 'symbol_group' | 'account_group' | 'side' | 'channel' | 'open_reason';
  mode: 'allow' | 'deny';
  list: string[];
};
export type NaiveFilter =
  | { kind: 'minimum_time_open'; seconds: number }
  | { kind: 'minimum_movement'; spreads: string }
  | NaiveList;
/** What stands between what a trade earns and what is shared. */
export type NaiveAdjuster =
  | { kind: 'hedged_volume' }
  | { kind: 'clamp'; most?: string | undefined; least?: string | undefined; per?: 'trade' | 'lot' | undefined }
  | { kind: 'credit_coefficient'; below?: string | undefined; stateAgeHoursMax?: number | undefined }
  | {
      kind: 'tier';
      by: 'lots' | 'notional' | 'active_clients' | 'deposits';
      of?: 'ib' | 'plan' | undefined;
      rollingDays?: number | undefined;
      mode: 'marginal' | 'step' | 'retroactive' | 'marginal_then_trued_up';
      unit?: 'rate' | 'percent' | undefined;
      tiers: { upTo?: string | undefined; rate: string }[];
    }
  | { kind: 'cap'; of: 'order'; amount: string }
  | { kind: 'cap'; of: 'client' | 'ib' | 'plan'; over: 'day' | 'month'; amount: string };
export type NaiveComponent = {
  name: string;
  model: NaiveModel;
  levels: NaiveLevels;
  rules: NaiveRule[];
  traderRebate?: string | undefined;
  filters?: NaiveFilter[] | undefined;
  adjusters?: NaiveAdjuster[] | undefined;
};
type Step = { deposits: string; pays: string };
export type NaivePeriodModel =
  | {
      kind: 'net_revenue';
      share: string;
      parts?: string[] | undefined;
      carryOver?: boolean | undefined;
    }
  | { kind: 'net_loss'; share: string; carryOver: boolean }
  | {
      kind: 'cpa';
      tables: { countries?: string[] | undefined; steps: Step[] }[];
      gates?:
        | {
            firstDeposits?: { hours: number; atLeast: string } | undefined;
            lots?: string | undefined;
            tradingDays?: number | undefined;
            withinDays?: number | undefined;
          }
        | undefined;
    };

/** A way in which a plan pays by the period or the client. */
export type NaivePeriod = {
  name: string;
  model: NaivePeriodModel;
  levels: NaiveLevels;
  part?: string | undefined;
  traderRebate?: string | undefined;
};
export type NaivePlan = {
  currency: string;
  rateAgeHoursMax?: number | undefined;
  counts?: 'close' | 'open' | 'both' | undefined;
  asOf?: 'close' | 'open' | undefined;
  components: NaiveComponent[];
  periods?: NaivePeriod[] | undefined;
};
export type NaiveTerm =
  | { component?: string | undefined; rule?: string | undefined; rate: string }
  | { component?: string | undefined; rank: string };

/** An IB of the chain with the terms of its agreement; undefined where it has none. */
export type NaiveLink = {
  ibKey: number;
  status: 'active' | 'suspended' | 'terminated';
  terms: NaiveTerm[] | undefined;
};

/** One trade in plain words: lots and factor as decimal text, instants in ms, the client's own IB first. */
export type NaiveFacts = {
  clientKey: number;
  lots: string;
  lotFactor: string;
  symbol: string;
  symbolGroup: string;
  accountGroup: string;
  openedAtMs: number | undefined;
  closedAtMs: number;
  timesHaveMs: boolean;
  execution?: NaiveExecution | undefined;
  plan: NaivePlan | undefined;
  chain: NaiveLink[];
  /** By component, in the order of its adjusters, what the trade saw of the counts; and what it sees where it is trued up. */
  saw?: NaiveSight | undefined;
};
export type NaiveSight = {
  readonly seen: readonly (readonly bigint[])[];
  readonly again?: readonly (readonly bigint[] | null)[] | undefined;
};
