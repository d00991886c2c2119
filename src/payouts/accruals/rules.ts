import type { ScheduleTerms } from '../schedules/contract.ts';
import { endUpTo, gridOf, signatureOf } from '../schedules/rules.ts';
import type { AccrualState, Bounds, EntryStanding } from './types.ts';

const DAY_MS = 86_400_000;

/** What a schedule says at an instant of what is pending and what is held. */
export function boundsOf(terms: ScheduleTerms, nowMs: number): Bounds {
  const grid = gridOf(signatureOf(terms));
  return {
    onHold: terms.onHold,
    pendingFromMs: endUpTo(grid, nowMs),
    heldFromMs: endUpTo(grid, nowMs - terms.holdDays * DAY_MS),
  };
}

/** The state of an entry; the rules are those of `AccrualState`, in their order. */
export function stateOf(entry: EntryStanding, { onHold, pendingFromMs, heldFromMs }: Bounds): AccrualState {
  if (entry.isPaid) return 'paid';
  if (entry.isReversed && !entry.isStated) return 'reversed';
  if (onHold || entry.isDisputed) return 'held';
  if (entry.isStated) return 'in_statement';
  if (entry.earnedAtMs >= pendingFromMs) return 'pending';
  return entry.earnedAtMs >= heldFromMs ? 'held' : 'available';
}
