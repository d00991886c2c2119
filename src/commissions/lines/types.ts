import type { Currency } from '../../kernel/currency.ts';

/** What an IB has of a trade by one component of a plan and one revision of its booking; in ledger units, signed. */
export type TradeEntry = {
  readonly revision: number;
  /** The component's place in the plan, and its name. */
  readonly componentNumber: number;
  readonly component: string;
  readonly currency: Currency;
  readonly units: bigint;
};

/** An award as the IB that has a part of it sees it. */
export type AwardEntry = {
  readonly componentNumber: number;
  readonly currency: Currency;
  /** The IB's own part, signed. */
  readonly units: bigint;
};

/** A line through the earnings: those of batches up to `cutKey` that were earned before `until`. */
export type EarningLine = { readonly cutKey: bigint; readonly until: Date };

/** What IBs, clients and the house earned between two lines, in ledger units; `lateUnits` of it was earned before the first. */
export type EarningSum = {
  readonly currency: Currency;
  readonly kind: 'ib' | 'client' | 'house';
  readonly entries: bigint;
  readonly units: bigint;
  readonly lateUnits: bigint;
};
