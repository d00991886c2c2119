import { formatAmount } from '../../kernel/money.ts';
import type { TenantId } from '../../kernel/ids.ts';
import { makeSealer } from '../../platform/crypto.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  agreeByHand,
  draftRun,
  issueDue,
  postRun,
  runWithTotals,
  STATEMENT_KEYS_PURPOSE,
} from '../../payouts/index.ts';
import type { Installation } from './installation.ts';

/** What was stated, and what a run paid of it. */
export type Paid = {
  readonly statements: number;
  readonly paid: readonly { readonly payments: number; readonly amount: string; readonly currency: string }[];
};

/**
 * Has the statements made that are due, and pays them by a run that one person drafts and another agrees to. Nothing where nothing
 * was earned.
 */
export async function payOut({ deps }: Installation, tenantId: TenantId): Promise<Paid> {
  const { withTenant } = deps.platform.tenancy;
  const as =
    (actor: string) =>
    <T>(work: (tx: TenantTx) => Promise<T>): Promise<T> =>
      withTenant(tenantId, { actor, causation: 'pay' }, work);
  const statements = await issueDue(as('demo'), makeSealer(deps.config.secret, STATEMENT_KEYS_PURPOSE));
  if (statements === 0) return { statements, paid: [] };
  const runId = await as('demo')((tx) => draftRun(tx, {}, { draftedBy: 'demo finance' }));
  await as('demo')((tx) => agreeByHand(tx, { runId, agreedBy: 'demo owner' }));
  await postRun(withTenant, { tenantId, runId, origin: { actor: 'demo', causation: 'pay' } });
  const { totals } = await as('demo')((tx) => runWithTotals(tx, runId));
  const sums = new Map<string, { payments: number; units: bigint; currency: (typeof totals)[number]['currency'] }>();
  for (const { state, items, units, currency } of totals) {
    if (state !== 'paid') continue;
    const sum = sums.get(currency) ?? { payments: 0, units: 0n, currency };
    sums.set(currency, { ...sum, payments: sum.payments + items, units: sum.units + units });
  }
  return {
    statements,
    paid: [...sums.values()].map(({ payments, units, currency }) => ({
      payments,
      amount: formatAmount({ units, currency }),
      currency,
    })),
  };
}

/** The same in words. */
export const paidInWords = ({ statements, paid }: Paid): string =>
  statements === 0
    ? '6  No statement is due'
    : `6  ${statements} signed statements; one person drafted a payout run, another agreed: ` +
      (paid.length === 0
        ? 'nothing comes to a whole minor unit'
        : paid.map(({ payments, amount, currency }) => `${payments} payments of ${amount} ${currency}`).join(', ')) +
      ', in whole minor units; the rest stays payable';
