import { minus, read, times } from './fractions.ts';
import type { NaiveFacts, NaiveFilter, NaiveList } from './types.ts';

/** Why a trade does not pass a filter (a reason, or the code with which it waits), or undefined where it passes. */
export function heldBackBy(facts: NaiveFacts, filter: NaiveFilter): string | undefined {
  const { execution } = facts;
  if (filter.kind === 'minimum_time_open') return tooShort(facts, filter.seconds);
  if (filter.kind === 'minimum_movement') return tooLittle(facts, filter.spreads);
  if (filter.kind === 'symbol') return outside(filter, [facts.symbol]);
  if (filter.kind === 'symbol_group') return outside(filter, [facts.symbolGroup]);
  if (filter.kind === 'account_group') return outside(filter, [facts.accountGroup]);
  if (execution === undefined) return 'commissions.price_unknown';
  if (filter.kind === 'side') return outside(filter, [execution.side]);
  if (filter.kind === 'channel') {
    if (execution.channel === undefined) return 'commissions.price_unknown';
    return outside(filter, execution.channel === '' ? ['direct'] : [execution.channel, 'referral']);
  }
  if (execution.openReason !== undefined) return outside(filter, [execution.openReason]);
  return facts.openedAtMs === undefined ? 'commissions.open_unknown' : 'commissions.open_reason_unknown';
}

/** A list names those that are paid, or those that are not. */
const outside = ({ kind, mode, list }: NaiveList, words: string[]): string | undefined =>
  words.some((word) => list.includes(word)) === (mode === 'allow') ? undefined : `${kind}_excluded`;

/** "Paid when close - open >= minimum (in milliseconds where both have them)", else both are cut to seconds. */
function tooShort({ openedAtMs, closedAtMs, timesHaveMs }: NaiveFacts, seconds: number): string | undefined {
  if (openedAtMs === undefined) return 'commissions.open_unknown';
  const unit = timesHaveMs ? 1 : 1000;
  const units = Math.floor(closedAtMs / unit) - Math.floor(openedAtMs / unit);
  if (units < 0) return 'commissions.open_unknown';
  return units < (seconds * 1000) / unit ? 'below_minimum_time' : undefined;
}

/** "Movement is |close - open|, against the spread at the close"; "a negative spread counts as 0". */
function tooLittle({ execution }: NaiveFacts, spreads: string): string | undefined {
  if (execution === undefined) return 'commissions.price_unknown';
  const { openPrice, closePrice, closeBid, closeAsk } = execution;
  if (openPrice === undefined) return 'commissions.open_unknown';
  if (closePrice === undefined || closeBid === undefined || closeAsk === undefined) return 'commissions.price_unknown';
  const moved = minus(read(closePrice), read(openPrice));
  const spread = minus(read(closeAsk), read(closeBid));
  const least = times({ n: spread.n < 0n ? 0n : spread.n, d: spread.d }, read(spreads));
  return (moved.n < 0n ? -moved.n : moved.n) * least.d < least.n * moved.d ? 'movement_below_minimum' : undefined;
}
