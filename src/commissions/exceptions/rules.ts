import type { TradeInput, TradeResult } from '../engine/types.ts';
import { NO_PAY_REASONS } from '../types.ts';

/** Of so many symbols an event tells; the list has all. */
const TOLD_MAX = 20;

/** What a batch met of holes in the set-up, for whoever must see it; undefined where it met none. */
export function exceptionsIn(inputs: readonly TradeInput[], results: readonly TradeResult[]) {
  const reasons = new Map<string, number>();
  const symbols = new Set<string>();
  results.forEach((result, place) => {
    if (result.kind !== 'unpaid' || !NO_PAY_REASONS[result.reason].exception) return;
    reasons.set(result.reason, (reasons.get(result.reason) ?? 0) + 1);
    const symbol = inputs[place]?.symbol;
    if (result.reason === 'symbol_unmatched' && symbol !== undefined) symbols.add(symbol);
  });
  if (reasons.size === 0) return undefined;
  return { trades: Object.fromEntries(reasons), symbols: [...symbols].sort().slice(0, TOLD_MAX) };
}
