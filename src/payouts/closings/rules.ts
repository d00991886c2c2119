import { type ClosingCheck, closingChecks, type FoundChecks } from './types.ts';

/** Why a period cannot be closed as asked: what must go first, and what nobody has acknowledged. */
export function obstaclesOf(
  found: FoundChecks,
  acknowledged: readonly string[],
): { readonly blockers: ClosingCheck[]; readonly unacknowledged: ClosingCheck[] } {
  const names = [...found.keys()];
  return {
    blockers: names.filter((name) => closingChecks[name].weight === 'blocker'),
    unacknowledged: names.filter((name) => closingChecks[name].weight === 'warning' && !acknowledged.includes(name)),
  };
}

/**
 * The kinds of approval by which something may come to be of the past, with the member of the payload that says from when on.
 * Null: what a re-run changes may be of any period, and counts as long as it waits.
 */
export const backdatingKinds: ReadonlyMap<string, string | null> = new Map([
  ['ibs.move', 'effectiveAt'],
  ['clients.relink', 'effectiveAt'],
  ['plans.publish', 'validFrom'],
  ['commissions.rerun', null],
  ['commissions.chargeback', 'since'],
]);
