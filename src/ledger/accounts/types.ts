import type { Currency } from '../../kernel/currency.ts';
import type { ClientId, IbId, LedgerAccountId } from '../../kernel/ids.ts';
import type { AccountKey, accountClasses, Purpose, sides } from '../types.ts';

/** The short keys by which accounts name their owners; null for nobody. */
export type OwnerKeys = { readonly ibKey: number | null; readonly clientKey: number | null };

/** An account as it is listed, in ledger units; what is held is not known of a past instant. */
export type ListedAccount = {
  readonly key: AccountKey;
  readonly id: LedgerAccountId;
  readonly purpose: Purpose;
  readonly class: (typeof accountClasses)[number];
  readonly owner: number;
  readonly currency: Currency;
  readonly normalSide: (typeof sides)[number];
  readonly balance: bigint;
  readonly held: bigint | null;
  readonly version: bigint;
};

/** What a list of accounts is narrowed to. */
export type LedgerAccountFilter = {
  readonly purpose?: Purpose | undefined;
  readonly currency?: Currency | undefined;
  readonly owner?: IbId | ClientId | undefined;
  readonly asOf?: Date | undefined;
};
