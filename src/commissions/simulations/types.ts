import type { Currency } from '../../kernel/currency.ts';

/** What a trade comes to on one side: as it is booked, or as it is assumed. */
export type Side = {
  /** Null where nothing is earned, so that no currency is known. */
  readonly currency: Currency | null;
  readonly shares: readonly Share[];
  /** Why it pays nothing, or why it waits; null where it earns. */
  readonly reason: string | null;
};

/** What one beneficiary has of a trade, in ledger units. */
export type Share = {
  readonly kind: 'ib' | 'client' | 'house';
  readonly beneficiary: number;
  readonly depth: number;
  readonly units: bigint;
};

/** What spread and commission of a trade came to for the broker, in the currency of the assumed plan; undefined where nobody told. */
export type Revenue = { readonly currency: Currency; readonly units: bigint } | undefined;

/** A trade on both sides. */
export type Compared = {
  readonly dealKey: bigint;
  readonly closedAtMs: number;
  /** The UTC month of the close: `2026-03`. */
  readonly month: string;
  readonly symbol: string;
  readonly live: Side;
  readonly assumed: Side;
  readonly revenue: Revenue;
};

/** An amount as it is booked and as it is assumed. */
export type Both = { live: bigint; assumed: bigint };

/** What there is in one month and currency of an IB, a level or a symbol. */
export type Line = { readonly name: string; readonly month: string; readonly currency: Currency } & Both;

/** All of one month and currency. */
export type MonthSum = {
  readonly month: string;
  readonly currency: Currency;
  readonly earned: Both;
  readonly ibs: Both;
  readonly clients: Both;
  readonly house: Both;
  /** What spread and commission came to, of the trades that tell it. */
  revenue: bigint;
  trades: number;
};
