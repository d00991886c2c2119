import type { Rebate, TradeResult } from '../engine/types.ts';
import type { NoPayReason } from '../types.ts';
import type { Payable } from './types.ts';

const DAY_MS = 86_400_000;

/** The numbers under which kinds of beneficiary are stored. */
export const KIND_NUMBERS: Readonly<Record<Rebate['kind'], number>> = { ib: 1, client: 2, house: 3 };

/**
 * Adds a batch's rebates up: one sum per beneficiary, currency and UTC day of the close. The house's part stays in the
 * house and moves no money. In the order of first appearance, so that the same batch gives the same transfers.
 */
export function payablesOf(
  results: readonly { readonly result: TradeResult; readonly closedAtMs: number }[],
): Payable[] {
  const sums = new Map<string, { -readonly [Member in keyof Payable]: Payable[Member] }>();
  for (const { result, closedAtMs } of results) {
    if (result.kind !== 'booked') continue;
    const dayMs = Math.floor(closedAtMs / DAY_MS) * DAY_MS;
    for (const { kind, beneficiary, units } of result.rebates) {
      if (kind === 'house') continue;
      const name = `${kind} ${beneficiary} ${result.currency} ${dayMs}`;
      const sum = sums.get(name);
      if (sum === undefined) sums.set(name, { kind, beneficiary, currency: result.currency, dayMs, units });
      else sum.units += units;
    }
  }
  return [...sums.values()];
}

/** What of a trade's earning went to IBs, to its client and to the house: the database refuses a booking where they do not add up. */
export function conservationOf(rebates: readonly Pick<Rebate, 'kind' | 'units'>[]): Record<Rebate['kind'], bigint> {
  const sums = { ib: 0n, client: 0n, house: 0n };
  for (const { kind, units } of rebates) sums[kind] += units;
  return sums;
}

/** The whole trade's reason has the component -1; components that paid nothing beside one that paid have theirs. */
export const reasonsOf = (
  result: Exclude<TradeResult, { kind: 'parked' }>,
): { component: number; reason: NoPayReason }[] => [
  ...(result.kind === 'unpaid' ? [{ component: -1, reason: result.reason }] : []),
  ...result.components.flatMap(({ reason }, component) => (reason === undefined ? [] : [{ component, reason }])),
];
