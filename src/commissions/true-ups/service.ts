import type { TenantTx } from '../../platform/tenant-tx.ts';
import { revisionsOf } from '../corrections/rules.ts';
import { writeRevisions } from '../corrections/service.ts';
import type { Revision } from '../corrections/types.ts';
import { lockCounters } from '../counters/service.ts';
import { counterText, type Standing } from '../counters/rules.ts';
import { readStanding } from '../counters/store.ts';
import type { Look, TradeStanding } from '../counters/types.ts';
import { holdSettlement } from '../cuts/service.ts';
import { computeTrade, looksOf } from '../engine/rules.ts';
import * as queries from './queries.ts';
import { type LiveTrade, liveTrades } from './store.ts';
import type { MonthKey, Reached, TruedUp } from './types.ts';

/** In place of a tier, while none of the trades that a round has seen looks at it. */
const UNTOLD = -1;

/**
 * Brings the next trades of a month to the tier that it has reached: the next revision of each whose shares that changes, with
 * rows of a component of its own (`TRUE_UP_COMPONENT`), and in the ledger what that comes to. Goes by what each trade has and what it
 * should have, so doing it again changes nothing. A round that finds no further trade notes to what all were brought; where the
 * month has come to another tier meanwhile, it is due once more.
 */
export async function trueUpOn(
  tx: TenantTx,
  key: MonthKey,
  reached: Reached | undefined,
  limit: number,
): Promise<TruedUp> {
  await holdSettlement(tx);
  await lockCounters(tx, [key.planKey]);
  const rows = await queries.tradesOfMonth(tx, {
    ...key,
    afterIb: reached?.afterIb ?? -1,
    afterDeal: reached?.afterDeal ?? '0',
    limit,
  });
  const groups = await liveTrades(
    tx,
    rows.map(({ dealKey }) => dealKey),
  );
  const trades = groups.flatMap((group) => group.trades);
  const standing = await standingOf(tx, trades);
  const isLast = rows.length < limit;
  const isTold = reached !== undefined && reached.tier !== UNTOLD;
  const now = tierNow(key, trades, standing) ?? (isLast && !isTold ? { units: 0n, tier: 0 } : undefined);
  if (now !== undefined) await queries.noteMonth(tx, { ...key, units: String(now.units), tier: now.tier });
  const begun = isTold ? reached : { units: String(now?.units ?? 0n), tier: now?.tier ?? UNTOLD };
  let changed = 0;
  for (const { knownAt, configurationVersion, trades: ofGroup } of groups) {
    const revisions = ofGroup.flatMap((trade) => truedUp(key, trade, standing));
    changed += revisions.length;
    const cause = { kind: 'true_up', reason: `${key.component}: the tier of the month` } as const;
    if (revisions.length > 0) await writeRevisions(tx, revisions, cause, { knownAt, configurationVersion });
  }
  const last = rows.at(-1);
  if (last !== undefined && !isLast) {
    const { units, tier } = begun;
    const further = { afterIb: last.ibKey, afterDeal: String(last.dealKey), units, tier };
    return { looked: rows.length, changed, reached: further };
  }
  await queries.closeMonth(tx, { ...key, units: begun.units, tier: begun.tier });
  return { looked: rows.length, changed, reached: undefined };
}

const standingOf = (tx: TenantTx, trades: readonly LiveTrade[]): Promise<Standing> =>
  readStanding(
    tx,
    trades.flatMap(({ input }) =>
      looksOf(input).flatMap((looks) => looks.map((look) => ({ planKey: input.planKey ?? 0, look }))),
    ),
  );

/** What the month comes to as its trades look at it, and the tier that holds; undefined where none of these does. */
function tierNow(
  key: MonthKey,
  trades: readonly LiveTrade[],
  standing: Standing,
): { readonly units: bigint; readonly tier: number } | undefined {
  for (const { input } of trades.toReversed())
    for (const { name, adjusters } of input.plan?.components ?? [])
      for (const { trueUp } of adjusters) {
        const look = trueUp?.look(input);
        if (trueUp === undefined || look === undefined || !isOf(key, name, look)) continue;
        const units = standing.read(key.planKey, look);
        return { units, tier: trueUp.tierOf(units) };
      }
  return undefined;
}

const isOf = (key: MonthKey, component: string, look: Look): boolean =>
  component === key.component && look.owner === key.owner && look.fromDay === key.month;

/** The revision that brings a trade to the tier of its month, in the order of its batch; none where its shares are that already. */
function truedUp(key: MonthKey, { live, kept, input, execution }: LiveTrade, standing: Standing): Revision[] {
  const planKey = input.planKey ?? 0;
  const again = againOf(key, { live, kept, input, execution }, standing);
  if (again === undefined) return [];
  const result = computeTrade({ ...input, standing: { seen: kept.standing.seen, again } });
  if (result.kind === 'parked') throw new Error(`deal ${input.dealKey} was booked and is parked as ${result.code} now`);
  const { planVersionKey, currency, ibKey, symbolKey, groupKey, closedAt, openedAt, factsKey, rerunKey } = live;
  const keys = { planVersionKey, currency, ibKey, symbolKey, groupKey, closedAt, openedAt, factsKey, rerunKey };
  const revisions = revisionsOf(live, { kind: 'computed', computed: { ...keys, execution, result } });
  if (revisions.length > 0) {
    standing.add(
      planKey,
      kept.counts.map((count) => ({ ...count, units: -count.units })),
    );
    standing.add(planKey, result.counted?.counts ?? []);
  }
  return revisions;
}

/** What the components of a trade see at the tier of the month: of caps what others have left, of volume what they saw as it came. */
function againOf(key: MonthKey, { kept, input }: LiveTrade, standing: Standing): TradeStanding['again'] {
  const planKey = input.planKey ?? 0;
  const own = new Map(kept.counts.map((count) => [counterText(planKey, count), count.units]));
  let concerns = false;
  const again = (input.plan?.components ?? []).map(({ name, adjusters }, place) => {
    const before = kept.standing.again?.[place] ?? null;
    const ofMonth = adjusters.some(({ trueUp }) => trueUp !== undefined && isOf(key, name, trueUp.look(input)));
    if (!ofMonth) return before;
    concerns = true;
    const seen = kept.standing.seen[place] ?? [];
    return adjusters.flatMap(({ stage, looksOf: looks }, at) => {
      const from = adjusters.slice(0, at).reduce((sum, each) => sum + each.looks, 0);
      return looks(input).map((look, nth): bigint => {
        const stood = seen[from + nth] ?? 0n;
        if (stage === 'volume') return stood;
        const now = standing.read(planKey, look);
        return stage === 'cap' ? now - (own.get(counterText(planKey, look)) ?? 0n) : now;
      });
    });
  });
  return concerns ? again : undefined;
}
