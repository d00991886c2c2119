import { chargebackApproval, planPublication, rerunApproval } from '../commissions/index.ts';
import { clientRelinkApproval, ibMoveApproval } from '../ib/index.ts';
import { type ApprovalKind, defineApproval } from '../identity/index.ts';
import { adjustmentForm } from '../ledger/index.ts';
import { disputeOutcome, payoutApproval, periodClosing, refuseClosed } from '../payouts/index.ts';

/** The books know nothing of people; what they say of an adjustment is made a kind of approval here. */
export const ledgerAdjustment = defineApproval(adjustmentForm);

/** Every kind of thing that one person asks for and another must agree to: one line for each. */
export const approvalKinds: readonly ApprovalKind[] = [
  planPublication({ refuseClosed }),
  rerunApproval,
  chargebackApproval,
  ibMoveApproval({ refuseClosed }),
  clientRelinkApproval({ refuseClosed }),
  ledgerAdjustment,
  payoutApproval,
  periodClosing,
  disputeOutcome,
];
