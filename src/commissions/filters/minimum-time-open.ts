import { z } from 'zod';
import type { Filter, Judge, TradeFacts, Verdict } from '../types.ts';

const SECONDS_MAX = 366 * 24 * 60 * 60;

const settings = z.strictObject({
  kind: z.literal('minimum_time_open'),
  seconds: z.int().min(1).max(SECONDS_MAX),
});

const pass: Verdict = { kind: 'pass' };
const tooShort: Verdict = { kind: 'refuse', reason: 'below_minimum_time' };
const openUnknown: Verdict = { kind: 'park', code: 'commissions.open_unknown' };

/** How long the position was open; where one side lacks milliseconds both are cut to seconds. */
function openMs(trade: TradeFacts, openedAtMs: number): number {
  const wholeSeconds = (instantMs: number): number => Math.floor(instantMs / 1000) * 1000;
  return trade.timesHaveMs ? trade.closedAtMs - openedAtMs : wholeSeconds(trade.closedAtMs) - wholeSeconds(openedAtMs);
}

/**
 * Minimum time open: paid when close - open >= minimum, from the position's first open, per closing leg.
 * An open that is unknown, or after the close, cannot be judged: the trade is parked.
 */
const judging =
  (minimumMs: number): Judge =>
  (trade, note) => {
    if (trade.openedAtMs === undefined) return openUnknown;
    const heldMs = openMs(trade, trade.openedAtMs);
    note?.({
      heldMs: String(heldMs),
      minimumMs: String(minimumMs),
      comparedIn: trade.timesHaveMs ? 'milliseconds' : 'seconds',
    });
    if (heldMs < 0) return openUnknown;
    return heldMs >= minimumMs ? pass : tooShort;
  };

export const minimumTimeOpen = {
  kind: 'minimum_time_open',
  needsOpen: true,
  needsClose: true,
  settings,
  compile: (given) => judging(settings.parse(given).seconds * 1000),
} satisfies Filter & { settings: z.ZodType };
