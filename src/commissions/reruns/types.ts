import type { RerunId } from '../../kernel/ids.ts';
import type { MoneyJson } from '../../kernel/money.ts';

export const rerunStates = ['preparing', 'prepared', 'applying', 'applied', 'failed', 'cancelled'] as const;
export type RerunState = (typeof rerunStates)[number];

/** Sums over all trades of a currency. */
export type CurrencyTotal = { readonly currency: string; readonly before: string; readonly after: string };

/** What a beneficiary gets more or less. */
export type PartyTotal = {
  readonly kind: 'ib' | 'client' | 'house';
  readonly id: string | null;
  readonly name: string | null;
  readonly change: MoneyJson;
};

/** What a preview came to. */
export type RerunTotals = {
  /** Trades that were computed again, those of them that come to something else, and those that cannot be computed. */
  readonly looked: number;
  readonly changed: number;
  readonly hindered: number;
  /** What the changed trades earn, before and after. */
  readonly earnings: readonly CurrencyTotal[];
  /** Who gets more or less, the largest changes first, at most 100; all of them are in the file. */
  readonly parties: readonly PartyTotal[];
};

/** A re-run as it is stored. */
export type StoredRerun = {
  readonly key: number;
  readonly id: RerunId;
  readonly state: RerunState;
  readonly selection: unknown;
  readonly terms: unknown;
  readonly reason: string;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly knownAt: Date | null;
  readonly configurationVersion: bigint | null;
  readonly digest: string | null;
  readonly totals: unknown;
  readonly preparedAt: Date | null;
  readonly approvalId: string | null;
  readonly appliedUpTo: bigint;
  readonly appliedAt: Date | null;
  readonly taskId: string | null;
  readonly errorCode: string | null;
};
