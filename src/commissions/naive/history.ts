import { looksAt, withSight } from './adjusters.ts';
import { naiveCounting, type NaiveCount, type NaiveOutcome } from './engine.ts';
import type { NaiveAdjuster, NaiveComponent, NaiveFacts } from './types.ts';

/** A trade that was booked, with what it counted by component. */
type Booked = { facts: NaiveFacts; counts: NaiveCount[][] };

/**
 * Trades under versions of one plan, one after the other, each with what those before it count for it: gone through anew for
 * every trade, so slow as can be.
 */
export function naiveBatch(trades: readonly NaiveFacts[]): NaiveOutcome[] {
  const before: Booked[] = [];
  return trades.map((trade) => {
    const facts = { ...trade, saw: { seen: seenAfter(before, trade) } };
    const { outcome, counts } = naiveCounting(facts);
    if (outcome.kind !== 'parked') before.push({ facts, counts });
    return outcome;
  });
}

const seenAfter = (before: readonly Booked[], trade: NaiveFacts): bigint[][] =>
  (trade.plan?.components ?? []).map((component) => {
    const nothing = Array.from({ length: 100 }, () => 0n);
    return withSight(component, nothing).flatMap(({ adjuster }) =>
      looksAt(adjuster) === 0 ? [] : seenBy(adjuster, before, trade, component),
    );
  });

/** What of the trades before counts for an adjuster of a trade. */
function seenBy(
  adjuster: NaiveAdjuster,
  before: readonly Booked[],
  trade: NaiveFacts,
  { name }: NaiveComponent,
): bigint[] {
  const ownerOf = (facts: NaiveFacts): string => {
    if (adjuster.kind === 'hedged_volume') return `${facts.clientKey} ${facts.symbol}`;
    if (adjuster.kind === 'tier') return adjuster.of === 'plan' ? '' : String(facts.chain[0]?.ibKey);
    if (adjuster.kind !== 'cap' || adjuster.of === 'order' || adjuster.of === 'plan') return '';
    return String(adjuster.of === 'client' ? facts.clientKey : facts.chain[0]?.ibKey);
  };
  const found = before
    .filter(({ facts }) => ownerOf(facts) === ownerOf(trade) && isWithin(adjuster, facts.closedAtMs, trade.closedAtMs))
    .flatMap(({ facts, counts }) => {
      const place = facts.plan?.components.findIndex((one) => one.name === name) ?? -1;
      return (counts[place] ?? [])
        .filter((one) => one.adjuster.kind === adjuster.kind)
        .filter(({ adjuster: one }) => JSON.stringify(one) === JSON.stringify(adjuster))
        .map(({ units }) => ({ facts, units }));
    });
  const total = (some: typeof found): bigint => some.reduce((sum, { units }) => sum + units, 0n);
  if (adjuster.kind === 'hedged_volume')
    return [
      total(found.filter(({ facts }) => facts.execution?.side === 'buy')),
      total(found.filter(({ facts }) => facts.execution?.side === 'sell')),
    ];
  if (adjuster.kind !== 'tier' || adjuster.by !== 'active_clients') return [total(found)];
  const clients = new Set(found.map(({ facts }) => facts.clientKey));
  return [BigInt(clients.size), clients.has(trade.clientKey) ? 1n : 0n];
}

const DAY_MS = 86_400_000;

/** "Over a calendar month or rolling days"; "by UTC days and months". */
function isWithin(adjuster: NaiveAdjuster, atMs: number, ownMs: number): boolean {
  const [day, own] = [atMs, ownMs].map((ms) => Math.floor(ms / DAY_MS)) as [number, number];
  if (adjuster.kind === 'tier' && adjuster.rollingDays !== undefined)
    return day <= own && day > own - adjuster.rollingDays;
  if (adjuster.kind === 'cap' && adjuster.of !== 'order' && adjuster.over === 'day') return day === own;
  return new Date(atMs).toISOString().slice(0, 7) === new Date(ownMs).toISOString().slice(0, 7);
}
