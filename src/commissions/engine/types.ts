import type { Currency } from '../../kernel/currency.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import type { CountedTrade, TradeStanding } from '../counters/types.ts';
import type { ChainLink, LevelReason, NoPayReason, ParkCode, TradeFacts } from '../types.ts';

/** One trade with all that the engine needs to know of it, as of the trade's time. */
export type TradeInput = TradeFacts & {
  readonly dealKey: bigint;
  readonly clientKey: number;
  /** The plan version in force; undefined where there is none. */
  readonly plan: CompiledPlan | undefined;
  /** The client's own IB first (depth 0), the master last; empty for a client without IB. */
  readonly chain: readonly ChainLink[];
  /** As of which instant plan and chain were taken (UTC, ms); the close unless given. */
  readonly asOfMs?: number | undefined;
  /** Whose counters a plan looks at that looks at any: the key of the plan, whatever its version. */
  readonly planKey?: number | undefined;
  /** What the trade saw of them; only under such a plan. */
  readonly standing?: TradeStanding | undefined;
};

/**
 * What one beneficiary earns by one component, in ledger units of the plan currency. Always above 0, but for those of a true-up,
 * which say what it changes: a level that gets nothing has no row, for it adds nothing to the sum and the explanation is computed
 * again when asked.
 */
export type Rebate = {
  /** The place of the component in the plan version; of a true-up that and `TRUE_UP_COMPONENT`. */
  readonly component: number;
  readonly kind: 'ib' | 'client' | 'house';
  /** The key of the IB or of the client; 0 for the house. */
  readonly beneficiary: number;
  /** The IB's distance from the client's own IB; 0 for the client, -1 for the house. */
  readonly depth: number;
  readonly units: bigint;
};

/** What one component made of a trade: the place of the rule that won (-1: none), and what it earned or why nothing. */
export type ComponentResult = {
  readonly rule: number;
  readonly units: bigint;
  readonly reason: NoPayReason | undefined;
};

/** What the engine makes of a trade. The rebates of a booked trade add up to its earning, exactly. */
export type TradeResult =
  | {
      readonly kind: 'booked';
      readonly dealKey: bigint;
      readonly currency: Currency;
      readonly earningUnits: bigint;
      readonly components: readonly ComponentResult[];
      readonly rebates: readonly Rebate[];
      /** Only under a plan that looks at counters. */
      readonly counted?: CountedTrade | undefined;
    }
  | {
      readonly kind: 'unpaid';
      readonly dealKey: bigint;
      readonly reason: NoPayReason;
      readonly components: readonly ComponentResult[];
      readonly counted?: CountedTrade | undefined;
    }
  | { readonly kind: 'parked'; readonly dealKey: bigint; readonly code: ParkCode };

/** One step of an explanation: what was looked at, its figures as text, and the rounded result in ledger units. */
export type Step = {
  readonly step:
    | 'rule'
    | 'filter'
    | 'volume'
    | 'earning'
    | 'adjuster'
    | 'share'
    | 'trader_rebate'
    | 'house'
    | 'true_up';
  /** The name of the component; where it is computed once more for a true-up, with the words for that. */
  readonly component: string;
  readonly ibKey?: number;
  readonly depth?: number;
  readonly reason?: NoPayReason | LevelReason | ParkCode;
  readonly figures: Readonly<Record<string, string>>;
  readonly units?: bigint;
};

/** A trade's result with the steps that led to it, in their order. */
export type Explanation = { readonly result: TradeResult; readonly steps: readonly Step[] };
