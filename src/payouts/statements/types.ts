import type { Currency } from '../../kernel/currency.ts';
import type { StatementId } from '../../kernel/ids.ts';
import type { Party } from '../types.ts';

/** What becomes of a statement: `carried` says that nothing of it is to be paid, and its sum stands in the next one. */
export const statementStates = ['unpaid', 'paid', 'carried'] as const;
export type StatementState = (typeof statementStates)[number];

/** The verdict over something that says it is a statement. */
export const verdicts = ['valid', 'altered', 'unknown'] as const;
export type StatementVerdict = (typeof verdicts)[number];

/** What the entries of a beneficiary in a currency come to in a period, in ledger units. */
export type StatementFigures = {
  readonly kind: number;
  readonly party: number;
  readonly currency: Currency;
  readonly previousKey: bigint | null;
  /** Where the statement before ended; null for the first in its currency. */
  readonly startsAt: Date | null;
  readonly openingUnits: bigint;
  readonly earningUnits: bigint;
  readonly adjustmentUnits: bigint;
  readonly lines: number;
  /** SHA-256 over the lines (`lineText`), hexadecimal. */
  readonly linesHash: string;
  readonly firstDeal: bigint | null;
  readonly lastDeal: bigint | null;
  readonly firstAward: bigint | null;
  readonly lastAward: bigint | null;
};

/** How a sum is settled: what is to be paid, in whole minor units, and what is carried over to the next statement. */
export type Settled = {
  readonly payableUnits: bigint;
  readonly carriedUnits: bigint;
  /** Whether what is carried is a minor unit or more, either way. */
  readonly carries: boolean;
};

/** Where a statement's entries are found: what is not of these keys is not of the statement. */
export type Extent = {
  readonly party: Party;
  readonly currency: Currency;
  readonly endsAt: Date;
  readonly cutBatch: bigint;
  readonly firstDeal: bigint | null;
  readonly lastDeal: bigint | null;
  readonly firstAward: bigint | null;
  readonly lastAward: bigint | null;
  /** End and cut of the statement before in this currency: what it told of is not told again. */
  readonly before: { readonly endsAt: Date; readonly cutBatch: bigint } | null;
};

/** A statement as it is stored. */
export type StoredStatement = Extent & {
  readonly key: bigint;
  readonly id: StatementId;
  readonly number: number;
  readonly startsAt: Date | null;
  readonly issuedAt: Date;
  readonly openingUnits: bigint;
  readonly earningUnits: bigint;
  readonly adjustmentUnits: bigint;
  readonly payableUnits: bigint;
  readonly carriedUnits: bigint;
  readonly nettedUnits: bigint;
  readonly lines: number;
  readonly document: string;
  readonly hash: string;
  readonly previousHash: string | null;
  readonly kid: string;
  readonly signature: string;
  readonly paidAt: Date | null;
};
