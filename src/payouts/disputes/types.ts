import type { Currency } from '../../kernel/currency.ts';
import type { ApprovalId, DisputeId, IbId, UserId } from '../../kernel/ids.ts';

/** What a dispute is about: a rebate of a trade, an award, or something that is missing, of a trade or at all. */
export const disputeKinds = ['rebate', 'award', 'missing'] as const;
export type DisputeKind = (typeof disputeKinds)[number];

/** `open`: staff's turn; `answered`: the IB's turn; the others are the end of it. */
export const disputeStates = ['open', 'answered', 'accepted', 'rejected', 'withdrawn'] as const;
export type DisputeState = (typeof disputeStates)[number];

/** What happens to a dispute. */
export type DisputeEvent = 'ib_wrote' | 'staff_wrote' | 'accept' | 'reject' | 'withdraw';

/** A dispute as it is kept. Amounts are ledger units of its currency. */
export type Dispute = {
  readonly key: bigint;
  readonly id: DisputeId;
  readonly ibKey: number;
  readonly ibId: IbId;
  readonly kind: DisputeKind;
  readonly dealKey: bigint | null;
  readonly component: string | null;
  readonly awardKey: bigint | null;
  /** That of the line; null where something is missing at all. */
  readonly currency: Currency | null;
  /** What the line was when it was disputed; 0 where something is missing. */
  readonly lineUnits: bigint;
  readonly text: string;
  readonly hasExplanation: boolean;
  readonly state: DisputeState;
  readonly ownerUserId: UserId | null;
  readonly openedBy: string;
  readonly openedAt: Date;
  readonly changedAt: Date;
  readonly closedAt: Date | null;
  readonly reason: string | null;
  readonly outcomeUnits: bigint | null;
  readonly outcomeCurrency: Currency | null;
  /** The award by which the outcome was posted. */
  readonly outcomeAwardKey: bigint | null;
  readonly approvalId: ApprovalId | null;
  readonly ageHours: number;
};
