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

/** The kinds of approval by which something may come to take effect in the past. */
export const isBackdating = (kind: string): boolean => /^(ibs|clients|commissions)\./.test(kind);
