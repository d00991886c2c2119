import { KIND_NUMBERS, reasonsOf } from '../booking/rules.ts';
import type { TradeResult } from '../engine/types.ts';
import { LEVEL_REASONS, NO_PAY_REASONS } from '../types.ts';
import type { BookedOutcome, StoredBooking, StoredReason, StoredRebate } from './types.ts';

/** What the engine made of a trade, as a booking would keep it; parked trades have none. */
export const outcomeOf = (
  result: Exclude<TradeResult, { kind: 'parked' }>,
  keys: { readonly planVersionKey: number | null; readonly ibKey: number | null },
): BookedOutcome => ({
  ...keys,
  earningUnits: result.kind === 'booked' ? result.earningUnits : 0n,
  rebates:
    result.kind === 'booked' ? result.rebates.map((rebate) => ({ ...rebate, kind: KIND_NUMBERS[rebate.kind] })) : [],
  reasons: reasonsOf(result),
});

/** What a booking keeps. */
export const outcomeStored = (
  { planVersionKey, ibKey, earningUnits }: StoredBooking,
  rebates: readonly StoredRebate[],
  reasons: readonly StoredReason[],
): BookedOutcome => ({ planVersionKey, ibKey, earningUnits, rebates, reasons });

/**
 * Where two outcomes part, as a sentence; undefined where they are the same to the byte. Of a revision the depths are not kept
 * where nothing else changed.
 */
export function differenceOf(
  stored: BookedOutcome,
  computed: BookedOutcome,
  { withDepths }: { readonly withDepths: boolean } = { withDepths: true },
): string | undefined {
  const [kept, again] = [facetsOf(stored, withDepths), facetsOf(computed, withDepths)];
  for (const [facet, text] of Object.entries(kept))
    if (text !== again[facet]) return `${facet}: stored ${text}, computed again ${again[facet]}`;
  return undefined;
}

const facetsOf = (
  { planVersionKey, ibKey, earningUnits, rebates, reasons }: BookedOutcome,
  withDepths: boolean,
): Record<string, string> => ({
  'plan version': String(planVersionKey),
  IB: String(ibKey),
  'earned units': String(earningUnits),
  rebates: sortedText(
    rebates.map(
      ({ component, kind, beneficiary, depth, units }) =>
        `${component}/${kind}/${beneficiary}${withDepths ? `@${depth}` : ''}=${units}`,
    ),
  ),
  reasons: sortedText(reasons.map(({ component, reason }) => `${component}=${reason}`)),
});

const sortedText = (words: readonly string[]): string => words.toSorted().join(' ');

/** The sentence behind a stored code. */
export function sentenceOf(code: string): string | undefined {
  if (code in NO_PAY_REASONS) return NO_PAY_REASONS[code as keyof typeof NO_PAY_REASONS].sentence;
  if (code in LEVEL_REASONS) return LEVEL_REASONS[code as keyof typeof LEVEL_REASONS];
  return undefined;
}

const NO_BOOKING: Readonly<Record<Whereabouts['state'] | 'absent', string>> = {
  absent: 'There is no such deal',
  due: 'It waits to be booked',
  parked: 'It is parked',
  kept: 'It closes no volume, and no plan counts what opens it',
  technical: 'It is an execution of the platform itself, which never earns anything',
  group_unpaid: 'It is of an account group that never earns anything',
  deleted: 'It was deleted on the platform before it was booked',
  handed_on: 'It was handed on, and its booking is not there',
};

/** Where a deal is that has no booking. */
type Whereabouts = {
  readonly state: 'due' | 'parked' | 'kept' | 'technical' | 'group_unpaid' | 'deleted' | 'handed_on';
  readonly code: string | null;
  readonly detail: string | null;
};

/** Why a deal has no booking: a code for programs, a sentence for people. */
export function whyNoBooking(where: Whereabouts | undefined): { readonly code: string; readonly sentence: string } {
  const code = where?.state ?? 'absent';
  const parked = [where?.code, where?.detail].filter((word) => (word ?? '') !== '');
  return { code, sentence: [NO_BOOKING[code], ...parked].join(': ') };
}
