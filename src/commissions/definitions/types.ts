import type { Currency } from '../../kernel/currency.ts';
import type { CompiledAdjuster } from '../adjusters/types.ts';
import type { PaidByPeriod } from '../periods/contract.ts';
import type { Earn, Judge, Weigh } from '../types.ts';

/** A rate rule with its rate in ledger units of the plan currency. */
export type CompiledRule = {
  readonly name: string;
  readonly symbol: string | undefined;
  readonly symbolGroup: string | undefined;
  readonly accountGroup: string | undefined;
  readonly budgetUnits: bigint;
};

/** A component with everything parsed, so that a trade costs arithmetic only. */
export type CompiledComponent = {
  readonly name: string;
  readonly model: string;
  readonly needsExecution: boolean;
  readonly earn: Earn;
  readonly levelMode: string;
  readonly usesRates: boolean;
  /** The ranks that agreements may give under it, from the lowest; empty for modes without. */
  readonly ranks: readonly string[];
  readonly weigh: Weigh;
  readonly rules: readonly CompiledRule[];
  /** In 10^-6 percent. */
  readonly traderRebate: bigint;
  readonly filters: readonly { readonly kind: string; readonly judge: Judge }[];
  /** In the order in which they work. */
  readonly adjusters: readonly CompiledAdjuster[];
};

/** What agreements look at in a component: its rules with their budgets, and its ranks. */
export type RatedComponent = Pick<CompiledComponent, 'name' | 'ranks' | 'usesRates'> & {
  readonly rules: readonly { readonly name: string; readonly budgetUnits: bigint }[];
};

/** A published plan version, ready for the engine. */
export type CompiledPlan = {
  readonly currency: Currency;
  /** Decimals of a ledger unit of the currency. */
  readonly rateDigits: number;
  /** A rate that is older serves for nothing. */
  readonly rateAgeMsMax: number;
  readonly components: readonly CompiledComponent[];
  /** What it pays by the period or by the client. Their places follow those of the components. */
  readonly periods: readonly PaidByPeriod[];
  /** Whether any component looks at the execution of trades. */
  readonly needsExecution: boolean;
  /** Whether any looks at the notional in dollars. */
  readonly needsNotional: boolean;
  /** Whether any looks at equity and credit of accounts. */
  readonly needsAccountState: boolean;
  /** Whether any looks at more than one trade, or counts what clients paid in. */
  readonly looksAtCounters: boolean;
  readonly countsDeposits: boolean;
  /** Whether any looks at when, or why, the position was opened. */
  readonly needsOpens: boolean;
  /** Whether any looks at how the client came. */
  readonly needsChannel: boolean;
  /** Which volume of a deal counts, and as of which instant all is taken. */
  readonly counts: 'close' | 'open' | 'both';
  readonly asOf: 'close' | 'open';
};
