import { planPublication } from '../commissions/index.ts';
import { ibMoveApproval } from '../ib/index.ts';
import type { ApprovalKind } from '../identity/index.ts';

/** Every kind of thing that one person asks for and another must agree to: one line for each. */
export const approvalKinds: readonly ApprovalKind[] = [ibMoveApproval, planPublication];
