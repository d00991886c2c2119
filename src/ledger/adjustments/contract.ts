import { z } from 'zod';
import { LedgerAccountId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { ApprovalAsked, operation } from '../../kernel/operation.ts';

const REASON_CHARACTERS_MAX = 500;

/** Money that is moved by hand from one account to another. */
export const Adjustment = z
  .strictObject({
    debitAccountId: LedgerAccountId,
    creditAccountId: LedgerAccountId,
    amount: MoneyJson,
    reason: z.string().trim().min(1).max(REASON_CHARACTERS_MAX),
  })
  .meta({
    id: 'Adjustment',
    description: 'Money to be moved by hand: which account is debited, and which is credited.',
  });
export type Adjustment = z.infer<typeof Adjustment>;

export const requestAdjustment = operation({
  id: 'requestAdjustment',
  method: 'post',
  path: '/api/v1/ledger/adjustments',
  on: 'tenant',
  tag: 'Ledger',
  summary: 'Asks for money to be moved by hand',
  description:
    'A second person must agree; then one transfer is posted, with the reference `adjustment/<approval>`. The amount has ' +
    'at most the decimals of the ledger (4 beyond those of the currency) and is above 0. An account that may not overdraw ' +
    'must hold enough when it is posted.',
  need: { action: 'adjust', resource: 'ledger' },
  isIdempotent: true,
  body: Adjustment,
  answers: { 202: ApprovalAsked },
  problems: [
    'decimal.malformed',
    'money.too_fine',
    'money.too_large',
    'ledger.units_invalid',
    'ledger.account_unknown',
    'ledger.account_same',
    'ledger.currency_mismatch',
    'identity.approval_pending',
  ],
});
