import type { Currency } from '../../kernel/currency.ts';
import type { CounterChange, CounterName, Look } from '../counters/types.ts';
import type { Fraction, NoPayReason, Note, ParkCode, PlanFrame, Refusal, TradeFacts } from '../types.ts';

/** The stages between a trade's eligibility and its sharing, in the order in which they work (commission-models, Filters). */
export const STAGES = ['volume', 'clamp', 'coefficient', 'tier', 'cap'] as const;
export type Stage = (typeof STAGES)[number];

/** What an adjuster must know of its component. */
export type AdjusterFrame = PlanFrame & {
  readonly currency: Currency;
  readonly component: string;
  /** Decimals of a ledger unit of the plan currency. */
  readonly rateDigits: number;
  /** The rules in order, with their budget rates in ledger units. */
  readonly rules: readonly { readonly name: string; readonly budgetUnits: bigint }[];
};

/** Whose a trade is: what counters are kept by. */
export type Owned = TradeFacts & { readonly clientKey: number; readonly chain: readonly { readonly ibKey: number }[] };

/** What an adjuster is given of a trade. */
export type AdjusterSight = {
  readonly trade: Owned;
  /** The place of the rule that won. */
  readonly rule: number;
  /** How much of its volume the trade counts, by the volume rule: 1 without one. */
  readonly counted: Fraction;
  /** What the counters stood at that it looks at, in the order of its looks. */
  readonly seen: readonly bigint[];
  /** Whether the trade is computed once more as its period ended, or reached so far, and not as it came. */
  readonly again: boolean;
  readonly note?: Note | undefined;
};

/** What an adjuster makes of an amount; a reason where nothing is left of it. What it counts is counted either way. */
export type Adjusted = {
  readonly amount: Fraction;
  readonly counts?: readonly CounterChange[];
  readonly reason?: NoPayReason | undefined;
};

/**
 * A compiled adjuster. Amounts are exact, in ledger units of the plan currency; it never makes one larger. Of the stage `volume`
 * the amount is the part of its volume that a trade counts, which is 1 at first.
 */
export type Adjust = (amount: Fraction, sight: AdjusterSight) => Adjusted | ParkCode;

/** How the trades of a period are brought to the tier that was reached: as soon as it is, or when the month is over. */
export type TrueUp = {
  readonly at: 'reached' | 'month_end';
  readonly of: 'ib' | 'plan';
  /** What counts, as a trade looks at it. */
  readonly look: (trade: Owned) => Look;
  /** The place of the tier that holds for a count. */
  readonly tierOf: (units: bigint) => number;
};

/** An adjuster of a component, ready for the engine. */
export type CompiledAdjuster = {
  readonly kind: string;
  readonly stage: Stage;
  /** The counters that it looks at for a trade: always as many as `looks` says. */
  readonly looks: number;
  readonly looksOf: (trade: Owned) => readonly Look[];
  readonly adjust: Adjust;
  /** The largest part of the plan's amount that it lets pass under a rule; all of it where this is absent. */
  readonly shareMax?: ((rule: number) => Fraction) | undefined;
  /** The counter to which what a client of an IB pays in is added. */
  readonly deposits?: ((ibKey: number) => CounterName) | undefined;
  /** The counters of money to which the rounded amount of the component is added. */
  readonly paid?: ((trade: Owned) => CounterChange) | undefined;
  readonly trueUp?: TrueUp | undefined;
};

/** A kind of adjuster: one file beside this one. `compile` is called only where `refusals` gave none. */
export type Adjuster = {
  readonly kind: string;
  readonly stage: Stage;
  /** Whether it looks at the execution of a trade, at its notional in dollars, or at equity and credit of the account. */
  readonly needsExecution?: (settings: unknown) => boolean;
  readonly needsNotional?: (settings: unknown) => boolean;
  readonly needsAccountState?: boolean;
  /** Whether it counts what clients paid in. */
  readonly countsDeposits?: (settings: unknown) => boolean;
  readonly refusals: (settings: unknown, frame: AdjusterFrame) => readonly Refusal[];
  readonly compile: (settings: unknown, frame: AdjusterFrame) => Omit<CompiledAdjuster, 'kind' | 'stage'>;
};

/** Of an adjuster that looks at no counter. */
export const LOOKS_AT_NOTHING = { looks: 0, looksOf: (): readonly Look[] => [] } as const;
