import { lifecycleOf } from '../machine.ts';
import type { DisputeEvent, DisputeState } from './types.ts';

/** The lifecycle of a dispute. Who has written last waits for the other side; what has ended stays as it is. */
export const disputeStep = lifecycleOf<DisputeState, DisputeEvent>({
  open: { ib_wrote: 'open', staff_wrote: 'answered', accept: 'accepted', reject: 'rejected', withdraw: 'withdrawn' },
  answered: {
    ib_wrote: 'open',
    staff_wrote: 'answered',
    accept: 'accepted',
    reject: 'rejected',
    withdraw: 'withdrawn',
  },
  accepted: {},
  rejected: {},
  withdrawn: {},
});

/** While a dispute is in one of these its line counts as held. */
export const isUndecided = (state: DisputeState): boolean => disputeStep(state, 'ib_wrote') !== undefined;

/** What the other side is told by mail. */
export const notices = ['opened', 'answered', 'replied', 'accepted', 'rejected', 'withdrawn'] as const;
export type Notice = (typeof notices)[number];

/** Who is told: the IB of what staff does, staff of what the IB does. */
export const noticeReader: Readonly<Record<Notice, 'ib' | 'staff'>> = {
  opened: 'staff',
  replied: 'staff',
  withdrawn: 'staff',
  answered: 'ib',
  accepted: 'ib',
  rejected: 'ib',
};
