import type { ApprovalId, LedgerAccountId } from '../../kernel/ids.ts';
import { formatAmount, type Money, parseMoney } from '../../kernel/money.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { accountOfId } from '../accounts/queries.ts';
import { ledgerProblem } from '../errors.ts';
import { lockBalances } from '../queries.ts';
import { post } from '../service.ts';
import { Adjustment } from './contract.ts';

type Account = Awaited<ReturnType<typeof accountOfId>>[number];
type Checked = { readonly debit: Account; readonly credit: Account; readonly money: Money };

/** Who agreed to an adjustment. */
type AgreedBy = {
  readonly approvalId: ApprovalId;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
};

/**
 * The accounts and the sum of an adjustment; a Problem where it could never be posted. Whether an account holds enough is
 * not looked at: it may by the time of the posting.
 */
export async function checkAdjustment(tx: TenantTx, adjustment: Adjustment): Promise<Checked> {
  const money = parseMoney(adjustment.amount, 'ledger');
  if (money.units <= 0n) throw ledgerProblem('ledger.units_invalid', { detail: 'An adjustment is above 0' });
  if (adjustment.debitAccountId === adjustment.creditAccountId) throw ledgerProblem('ledger.account_same');
  const debit = await anyAccount(tx, adjustment.debitAccountId);
  const credit = await anyAccount(tx, adjustment.creditAccountId);
  for (const { id, currency } of [debit, credit])
    if (currency !== money.currency)
      throw ledgerProblem('ledger.currency_mismatch', { detail: `${id} is kept in ${currency}` });
  return { debit, credit, money };
}

const whatever = { everything: true, ibPurposes: [], ibKey: null, clientPurposes: [], clientKey: null };

async function anyAccount(tx: TenantTx, id: LedgerAccountId): Promise<Account> {
  const [account] = await accountOfId(tx, { ...whatever, id, asOf: null });
  if (account === undefined) throw ledgerProblem('ledger.account_unknown', { detail: id });
  return account;
}

/** What an adjustment is about, for whoever is to agree. */
const wordsOf = ({ debit, credit, money }: Checked): string =>
  `${formatAmount(money)} ${money.currency} from ${debit.purpose} to ${credit.purpose}`;

/**
 * Posts an adjustment under the reference of its approval, with an event that has both balances before and after: the
 * lock of balances is taken before they are read. `ledger.overdrawn` fails the transaction at its commit.
 */
async function adjust(tx: TenantTx, adjustment: Adjustment, by: AgreedBy): Promise<{ readonly reference: string }> {
  await lockBalances(tx, {});
  const { debit, credit, money } = await checkAdjustment(tx, adjustment);
  const reference = `adjustment/${by.approvalId}`;
  post(tx, [{ debit: debit.key, credit: credit.key, money, reference, leg: 0 }]);
  const shown = (units: bigint): string => formatAmount({ units, currency: money.currency });
  const after = (account: Account, side: Account['normalSide']): string =>
    shown(account.normalSide === side ? account.balance + money.units : account.balance - money.units);
  emit(tx, {
    stream: reference,
    type: 'ledger.adjusted',
    schemaVersion: 1,
    payload: {
      approvalId: by.approvalId,
      requestedBy: by.requestedBy,
      approvedBy: by.approvedBy,
      debitAccountId: debit.id,
      creditAccountId: credit.id,
      amount: formatAmount(money),
      currency: money.currency,
      reason: adjustment.reason,
      before: { debit: shown(debit.balance), credit: shown(credit.balance) },
      after: { debit: after(debit, 'debit'), credit: after(credit, 'credit') },
    },
  });
  return { reference };
}

/** The kind of approval that an adjustment needs, for the mechanism of approvals; main joins the two. */
export const adjustmentForm = {
  kind: 'ledger.adjust',
  right: { action: 'approve', resource: 'ledger' },
  payload: Adjustment,
  fingerprint: async (tx: TenantTx, adjustment: Adjustment): Promise<string> =>
    wordsOf(await checkAdjustment(tx, adjustment)),
  execute: adjust,
};

/** What the approval of an adjustment says of it. */
export const subjectOf = (adjustment: Adjustment, checked: Checked) => ({
  subject: adjustment.debitAccountId,
  summary: wordsOf(checked),
  reason: adjustment.reason,
});
