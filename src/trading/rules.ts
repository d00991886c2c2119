import type { Deal } from './types.ts';

const BUY = 0;
const SELL = 1;

/** 6 rollover, 8 variation margin, 11 settlement, 12 transfer, 13 sync, 14 external service, 15 migration, 18 split, 19 corporate action. */
const TECHNICAL_REASONS: ReadonlySet<number> = new Set([6, 8, 11, 12, 13, 14, 15, 18, 19]);

/** Whether the deal carries traded volume. All other actions, unknown numbers too, are money. */
export const isTraded = ({ action }: Pick<Deal, 'action'>): boolean => action === BUY || action === SELL;

/** Whether the deal closes volume: then it is a trade. */
export const closesVolume = (deal: Pick<Deal, 'action' | 'closedVolume'>): boolean =>
  isTraded(deal) && deal.closedVolume > 0n;

/** Whether the deal opens volume (the entry of a position, or the opening part of a reversal). */
export const opensVolume = (deal: Pick<Deal, 'action' | 'openedVolume'>): boolean =>
  isTraded(deal) && deal.openedVolume > 0n;

/** Whether a deal of this reason can earn: technical ones (rollover, migration, split ...) do not. A server that gives no reason is believed. */
const isEligibleReason = (reason: number | undefined): boolean =>
  reason === undefined || !TECHNICAL_REASONS.has(reason);

/** Whether the deal can earn at all: traded, and not for a technical reason. */
export const isEligible = (deal: Pick<Deal, 'action' | 'reason'>): boolean =>
  isTraded(deal) && isEligibleReason(deal.reason);

/** What the bits of the modification flags say, in ascending order of the bit. */
const MODIFIERS: readonly (readonly [number, string])[] = [
  [1, 'administrator'],
  [2, 'manager'],
  [4, 'inherited'],
  [8, 'restored'],
  [16, 'admin_api'],
  [32, 'manager_api'],
  [64, 'server_api'],
  [128, 'gateway_api'],
  [256, 'added_by_server_api'],
];

/** Who or what touched the record; any entry means it deserves a review. Bits that are not known come as `bit_<n>`. */
export function modifiersOf(flags: number): string[] {
  const known = new Map(MODIFIERS);
  const names: string[] = [];
  for (let bit = 0; bit < 32; bit += 1) {
    const mask = 2 ** bit;
    if (Math.floor(flags / mask) % 2 === 1) names.push(known.get(mask) ?? `bit_${bit}`);
  }
  return names;
}
