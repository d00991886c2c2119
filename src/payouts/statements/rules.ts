import { type Currency, ledgerExponent, minorExponent } from '../../kernel/currency.ts';
import { formatAmount } from '../../kernel/money.ts';
import type { StatementFigures, Settled, StatementState } from './types.ts';

/** Ledger units of a minor unit. */
const minorUnits = (currency: Currency): bigint => 10n ** BigInt(ledgerExponent(currency) - minorExponent(currency));

/**
 * What of a sum is to be paid: whole minor units where it comes to the minimum, else nothing; the rest is carried over. What is
 * below 0 is carried too: more was taken back than earned.
 */
export function settleSum(totalUnits: bigint, currency: Currency, minimumUnits: bigint): Settled {
  const unit = minorUnits(currency);
  const isPaid = totalUnits >= unit && totalUnits >= minimumUnits;
  const payableUnits = isPaid ? totalUnits - (totalUnits % unit) : 0n;
  const carriedUnits = totalUnits - payableUnits;
  return { payableUnits, carriedUnits, carries: carriedUnits >= unit || carriedUnits <= -unit };
}

/** What has become of a statement. */
export const stateOf = ({
  payableUnits,
  paidAt,
}: {
  readonly payableUnits: bigint;
  readonly paidAt: Date | null;
}): StatementState => (paidAt !== null ? 'paid' : payableUnits > 0n ? 'unpaid' : 'carried');

/** What the head of a statement says of whom, when and how it was made. */
export type HeadFacts = {
  readonly id: string;
  readonly tenantId: string;
  readonly number: number;
  readonly beneficiary: { readonly kind: 'ib' | 'client'; readonly id: string };
  readonly schedule: string;
  readonly period: { readonly from: string | null; readonly to: string };
  readonly cut: { readonly batch: string; readonly at: string };
  readonly issuedAt: string;
  readonly minimumUnits: bigint;
  readonly nettedUnits: bigint;
  readonly previous: string | null;
};

/**
 * The head of a statement as data: what is hashed and signed in its canonical form (RFC 8785). The lines are in it by their
 * number and their hash.
 */
export function headOf(facts: HeadFacts, figures: StatementFigures, settled: Settled) {
  const { currency, openingUnits, earningUnits, adjustmentUnits } = figures;
  const shown = (units: bigint): string => formatAmount({ units, currency });
  return {
    type: 'cascade.statement',
    version: 1,
    id: facts.id,
    tenant: facts.tenantId,
    number: facts.number,
    beneficiary: facts.beneficiary,
    currency,
    schedule: facts.schedule,
    timeZone: 'UTC',
    period: facts.period,
    cut: facts.cut,
    issuedAt: facts.issuedAt,
    opening: shown(openingUnits),
    earnings: shown(earningUnits),
    adjustments: shown(adjustmentUnits),
    total: shown(openingUnits + earningUnits + adjustmentUnits),
    minimum: shown(facts.minimumUnits),
    payable: shown(settled.payableUnits),
    carried: shown(settled.carriedUnits),
    receivableNetted: shown(facts.nettedUnits),
    lines: { count: figures.lines, sha256: figures.linesHash },
    previous: facts.previous,
  };
}
