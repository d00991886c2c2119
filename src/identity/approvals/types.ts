import type { ApprovalId, UserId } from '../../kernel/ids.ts';

/** `expired` by the database's clock, whether anybody has written it down yet or not. */
export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'cancelled' | 'expired' | 'failed';

/** Who made it happen, for what carries it out: the one who asked, and those who agreed. */
export type ApprovedBy = {
  readonly approvalId: ApprovalId;
  /** A user or an API key. */
  readonly requestedBy: string;
  readonly approvedBy: readonly UserId[];
  readonly reason: string;
};
