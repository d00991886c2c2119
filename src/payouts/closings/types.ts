import type { ApprovalId, ClosingId } from '../../kernel/ids.ts';

/** What may stand against closing a period. A blocker must go first; a warning is acknowledged by its name. */
export const closingChecks = {
  trades_due: {
    weight: 'blocker',
    sentence: 'Trades of the period wait to be booked. They will be in a moment, or the queue needs a look.',
  },
  trades_parked: {
    weight: 'warning',
    sentence: 'Deals of the period are parked. Once mended they are booked as adjustments of the next one.',
  },
  changes_unapproved: {
    weight: 'warning',
    sentence:
      'Re-runs, chargebacks, or moves and plans that begin in the period wait for approval. Moves and plans are refused once it is closed, all else is of the next one.',
  },
  statements_unissued: {
    weight: 'warning',
    sentence: 'Cycles that ended in the period have statements that are not made yet.',
  },
  disputes_undecided: {
    weight: 'warning',
    sentence: 'Disputes are undecided. Their outcome is posted in a later period.',
  },
} as const satisfies Record<string, { weight: 'blocker' | 'warning'; sentence: string }>;
export type ClosingCheck = keyof typeof closingChecks;
export const warningNames = [
  'trades_parked',
  'changes_unapproved',
  'statements_unissued',
  'disputes_undecided',
] as const;

/** How often each check found something; those that found nothing are left out. */
export type FoundChecks = ReadonlyMap<ClosingCheck, number>;

/** A closed period: everything before `until` that was booked up to the cut. */
export type Closing = {
  readonly key: number;
  readonly id: ClosingId;
  readonly until: Date;
  readonly cutBatch: bigint;
  readonly cutAt: Date;
  readonly previousKey: number | null;
  readonly acknowledged: readonly string[];
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
  readonly approvalId: ApprovalId;
};
