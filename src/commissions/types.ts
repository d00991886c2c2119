import type { Decimal } from '../kernel/decimal.ts';
import type { LevelReason, NoPayReason } from './reasons/types.ts';

export { LEVEL_REASONS, type LevelReason, NO_PAY_REASONS, type NoPayReason } from './reasons/types.ts';

/** Lots are whole numbers of 10^-8 lot, as finely as any platform states them. */
export const LOT_DIGITS = 8;

/** Why a trade cannot be booked as it is; the codes are declared in errors.ts. */
export type ParkCode =
  | 'commissions.open_unknown'
  | 'commissions.open_reason_unknown'
  | 'commissions.price_unknown'
  | 'commissions.base_currency_missing'
  | 'commissions.account_state_unknown'
  | 'commissions.rate_missing'
  | 'commissions.rate_stale'
  | 'commissions.trade_impossible'
  | 'commissions.earning_too_large'
  | 'commissions.rate_above_budget'
  | 'commissions.period_too_large';

/** Something a plan version or an agreement may not say; the codes are declared in errors.ts. */
export type RefusalCode =
  | 'commissions.names_not_unique'
  | 'commissions.rate_too_fine'
  | 'commissions.rate_above_budget'
  | 'commissions.levels_above_budget'
  | 'commissions.percentages_above_100'
  | 'commissions.amounts_need_per_lot'
  | 'commissions.weights_all_zero'
  | 'commissions.rank_unknown'
  | 'commissions.filter_needs_close'
  | 'commissions.adjuster_twice'
  | 'commissions.limits_contradict'
  | 'commissions.tiers_not_rising'
  | 'commissions.tier_mode_unfit'
  | 'commissions.plan_empty'
  | 'commissions.ladder_not_rising'
  | 'commissions.agreement_names_no_rule';
export type Refusal = { readonly code: RefusalCode; readonly detail: string };

/** An exact number: numerator / denominator, the denominator above 0. */
export type Fraction = { readonly numerator: bigint; readonly denominator: bigint };

/** Only an active IB is paid; a suspended and a terminated one are passed over alike. */
export type LinkStatus = 'active' | 'suspended' | 'terminated';

/**
 * An IB's rates in ledger units of the plan currency, by component and rule of one plan version (`compileAgreement`). Of a
 * component whose levels have ranks it is the IB's rank: 1 is the lowest, 0 none.
 */
export type AgreementRates = readonly (readonly bigint[])[];

/** One IB between the client and the master. Without an agreement under the plan its rates are 0. */
export type ChainLink = {
  readonly ibKey: number;
  readonly status: LinkStatus;
  readonly rates: AgreementRates | undefined;
  /**
   * What the rates were looked up in, in this order; for each rule the first that has a term for it wins. Absent where the plan
   * has nothing but agreements.
   */
  readonly sources?: readonly RateSource[] | undefined;
};

/** Where an IB's rates under a plan may come from, in the order in which they are looked up. */
export const RATE_SOURCES = {
  link: 'deal of the client link',
  personal: 'personal override',
  group: 'group override',
  agreement: 'agreement',
} as const;
export type RateSource = {
  readonly kind: keyof typeof RATE_SOURCES;
  /** What it gives by component and rule, in the units of `AgreementRates`; undefined where it has no term for it. */
  readonly rates: readonly (readonly (bigint | undefined)[])[];
};

/**
 * How the platform carried a trade out, in exact decimal texts; what it did not tell is absent. Only models that look at it
 * have it read, and a booking then keeps it, so that later deals change nothing.
 */
export type ExecutionFacts = {
  /** Units per lot: as the deal says, else as the symbol did at its close. */
  readonly contractSize: string;
  readonly pipSize: string;
  /** Decimals of a price: a point is 10^-digits. */
  readonly digits: number;
  /** What a lot is so many units of, where the symbol says it. */
  readonly baseCurrency?: string | undefined;
  /** The currency in which the symbol is quoted, and that of the account. */
  readonly profitCurrency: string;
  readonly depositCurrency: string;
  /** Of the position that was closed: a sell closes a buy. */
  readonly side: 'buy' | 'sell';
  readonly openPrice?: string | undefined;
  readonly closePrice?: string | undefined;
  /** Why the position was opened, by the platform's name. */
  readonly openReason?: string | undefined;
  readonly openBid?: string | undefined;
  readonly openAsk?: string | undefined;
  readonly closeBid?: string | undefined;
  readonly closeAsk?: string | undefined;
  /** Without swap and commission, in deposit currency. */
  readonly profit?: string | undefined;
  /** Profit currency to deposit currency, where the platform gives one. */
  readonly rateProfit?: string | undefined;
  /** What the client was charged on this leg and its part of the entries, in deposit currency, never below 0; absent while an entry is not known. */
  readonly charged?: string | undefined;
  /** How profit and deposit currency become that of the plan, and the base currency dollars, by the rates at the close; absent where none is needed or known. */
  readonly conversions?: readonly AppliedRates[] | undefined;
  /** Equity and credit of the account as last told before the close; absent where the plan does not ask, or nobody told. */
  readonly accountState?: AccountState | undefined;
  /** The referral code with which the client signed up, '' without one; absent where the plan does not ask. */
  readonly channel?: string | undefined;
};

/** What an account stood at: in deposit currency, told for an instant so long before the close. */
export type AccountState = {
  readonly equity: string;
  readonly credit: string;
  readonly at: string;
  readonly ageMs: number;
};

/** The published rates that lead from one currency to another, each taken as it is or turned round; how old each was at the close. */
export type AppliedRates = {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly {
    readonly key: string;
    readonly rate: string;
    readonly base: string;
    readonly quote: string;
    readonly source: string;
    readonly at: string;
    readonly ageMs: number;
  }[];
};

/** What a model must know of its plan. */
export type PlanFrame = {
  readonly currency: string;
  /** A trade waits where it needs a rate that is older. */
  readonly rateAgeMsMax: number;
};

/** What of a trade the models, filters and rules may look at. */
export type TradeFacts = {
  /** The volume that the plan counts, in 10^-8 lot: closed, opened, or both. */
  readonly lots: bigint;
  /** What a lot of the account group counts: 0.4 makes 100 lots count as 40. */
  readonly lotFactor: Decimal;
  readonly symbol: string;
  readonly symbolGroup: string;
  readonly accountGroup: string;
  /** UTC instant of the position's first open, in ms; undefined while it is not known. */
  readonly openedAtMs: number | undefined;
  /** UTC instant of the close, in ms. */
  readonly closedAtMs: number;
  /** Whether both instants have milliseconds; else both are cut to seconds before they are compared. */
  readonly timesHaveMs: boolean;
  /** Absent where the plan looks at nothing of it. */
  readonly execution?: ExecutionFacts | undefined;
};

/** Takes the figures of a step for the explanation; absent while booking, so that figures cost nothing there. */
export type Note = (figures: Readonly<Record<string, string>>) => void;

/**
 * A compiled base model: what a trade earns in all at a rate, exactly, in ledger units of the plan currency; or why nothing, or
 * why that cannot be said yet.
 */
export type Earn = (trade: TradeFacts, rateUnits: bigint, note?: Note) => Fraction | NoPayReason | ParkCode;

/** What a filter says of a trade. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly reason: NoPayReason }
  | { readonly kind: 'park'; readonly code: ParkCode };

/** A compiled filter. */
export type Judge = (trade: TradeFacts, note?: Note) => Verdict;

/** The weight of each IB of a chain (depth 0 first) in an earning; what they lack of the whole, which is above 0, is the house's. */
export type Shares = { readonly weights: readonly bigint[]; readonly whole: bigint };

/**
 * A compiled level mode: how a chain shares an earning, after suspension has moved parts. `reasons` is filled, one per IB,
 * when given.
 */
export type Weigh = (component: number, rule: number, chain: readonly ChainLink[], reasons?: LevelReason[]) => Shares;

/** A base model: one file in models/. `settings` given to `compile` have passed the kind's own schema. */
export type Model = {
  readonly kind: string;
  /**
   * What a rate is: money per lot, of which amounts per lot are shares; a number of the model's unit, such as pips; or a
   * percentage, which is 100 at most.
   */
  readonly rate: 'per_lot' | 'number' | 'percent';
  /** Whether it looks at the execution of a trade. */
  readonly needsExecution: boolean;
  /** Whether it looks at the notional in dollars, for which the rate of the symbol's base currency is read. */
  readonly needsNotional?: boolean;
  readonly compile: (settings: unknown, plan: PlanFrame) => Earn;
};

/** A filter: one file in filters/. */
export type Filter = {
  readonly kind: string;
  /** Whether it looks at the execution of a trade, when the position was opened, or how the client came. */
  readonly needsExecution?: boolean;
  readonly needsOpen?: boolean;
  readonly needsChannel?: boolean;
  /** Whether only a deal that closes volume can be judged: then a plan that counts opens must not have it. */
  readonly needsClose?: boolean;
  readonly compile: (settings: unknown) => Judge;
};

/** What a level mode must know of its component. */
export type LevelFrame = {
  readonly component: string;
  readonly ratePerLot: boolean;
  /** Decimals of a ledger unit of the plan currency. */
  readonly rateDigits: number;
  /** The rules in order, with their budget rates in ledger units. */
  readonly rules: readonly { readonly name: string; readonly budgetUnits: bigint }[];
};

/** A level mode: one file in levels/. `compile` is called only where `refusals` gave none. */
export type LevelMode = {
  readonly kind: string;
  /** Whether parts come from the rates of agreements, which must then keep within the budget. */
  readonly usesRates: boolean;
  readonly refusals: (settings: unknown, frame: LevelFrame) => readonly Refusal[];
  readonly compile: (settings: unknown, frame: LevelFrame) => Weigh;
  /** The ranks that agreements may give, from the lowest; absent where the mode knows none. */
  readonly ranks?: (settings: unknown) => readonly string[];
};
