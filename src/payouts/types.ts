import type { Currency } from '../kernel/currency.ts';
import type { StatementId } from '../kernel/ids.ts';

/** The numbers under which beneficiaries are stored; they are those of the sub-ledger (`commissions.entries`). */
export const PARTY_KINDS = { ib: 1, client: 2 } as const;
export type PartyKind = keyof typeof PARTY_KINDS;

/** Who is paid: an IB, or a client for its trader rebates, by its short key. */
export type Party = { readonly kind: PartyKind; readonly key: number };

/**
 * A statement that says that something is to be paid and that no run has paid yet. `payableUnits` are whole minor units of
 * its currency, in ledger units.
 */
export type UnpaidStatement = {
  readonly key: bigint;
  readonly id: StatementId;
  readonly party: Party;
  readonly number: number;
  readonly currency: Currency;
  readonly endsAt: Date;
  readonly payableUnits: bigint;
};
