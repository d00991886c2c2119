import type { Currency } from '../../kernel/currency.ts';
import { roundHalfEven } from '../../kernel/decimal.ts';
import type { RunningTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type ClosedTrade, countClosed, type TradePoint } from '../../trading/index.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import type { LiveBooking } from '../corrections/types.ts';
import { dayStartMs } from '../counters/rules.ts';
import { computeBatch, looksOf } from '../engine/rules.ts';
import type { TradeInput, TradeResult } from '../engine/types.ts';
import { inputsOf, tradesAmong } from '../inputs/store.ts';
import { spreadAndCommission } from '../models/spread-and-commission.ts';
import type { Earn } from '../types.ts';
import { monthOfMs, monthStartMs } from './months.ts';
import { Tally } from './rules.ts';
import { pageOfTrades, type TradePage } from './store.ts';
import { Threads } from './threads.ts';
import type { Revenue, Share, Side } from './types.ts';
import type { World } from './world.ts';

type Range = World['range'];
/** Whether a page's trades are counted as they came, or only to know what their months come to, or brought to that. */
type Pass = 'plain' | 'first' | 'final';

/** What a simulation goes through: one range of time in one pass. */
type Leg = Range & { readonly pass: Pass };

/**
 * Computes all trades of the range as it is assumed, and adds them up beside what is booked. Under plans that look at more than one
 * trade it begins where the first trade looks back to, at the beginning of its month at least; where tiers are trued up each
 * month is gone through twice, first to know what it comes to. One page of trades is in memory at a time.
 */
export async function computeAll(task: RunningTask<never>, world: World, withRevenue: boolean): Promise<Tally> {
  const legs = await task.read((tx) => legsOf(tx, world));
  const trades = await task.read(async (tx) => {
    let sum = 0;
    for (const leg of legs) sum += world.book.countsOpens ? 0 : await countClosed(tx, leg);
    return sum;
  });
  const total = world.book.countsOpens ? {} : { total: trades };
  const tally = new Tally();
  const threads: Record<Pass, Threads> = { plain: new Threads(), first: new Threads(), final: new Threads() };
  let done = 0;
  const pageBehind = async (leg: Leg, after: TradePoint | null): Promise<TradePoint | null> => {
    const reached: { next: TradePoint | null } = { next: null };
    await task.page(async (tx) => {
      const page = await pageOfTrades(tx, world.book, leg, after);
      await computePage(tx, { world, page, leg, threads, tally, withRevenue });
      reached.next = page.next;
      done += page.trades.length;
      return { done, ...total };
    });
    return reached.next;
  };
  for (const leg of legs)
    for (let next = await pageBehind(leg, null); next !== null;) next = await pageBehind(leg, next);
  return tally;
}

async function legsOf(tx: TenantTx, world: World): Promise<Leg[]> {
  const { range, book } = world;
  if (!book.looksAtCounters) return [{ ...range, pass: 'plain' }];
  const from = new Date(Math.min(monthStartMs(range.from.getTime()), await looksBackTo(tx, world)));
  if (!book.truesUp) return [{ from, to: range.to, pass: 'plain' }];
  const legs: Leg[] = [];
  for (let startMs = from.getTime(); startMs < range.to.getTime(); startMs = monthStartMs(startMs, 1)) {
    const [start, end] = [new Date(startMs), new Date(monthStartMs(startMs, 1))];
    const to = end < range.to ? end : range.to;
    legs.push({ from: start, to: end, pass: 'first' }, { from: start, to, pass: 'final' });
  }
  return legs;
}

/** The instant from which on trades may be looked at by the first trade of the range, such as by rolling days. */
async function looksBackTo(tx: TenantTx, world: World): Promise<number> {
  const page = await pageOfTrades(tx, world.book, world.range, null);
  const { inputs } = await inputsFor(tx, world, page);
  const days = inputs.flatMap((input) =>
    looksOf(input)
      .flat()
      .map(({ fromDay }) => fromDay),
  );
  return dayStartMs(days.reduce((first, day) => Math.min(first, day), Infinity));
}

type Work = {
  readonly world: World;
  readonly page: TradePage;
  readonly leg: Leg;
  readonly threads: Readonly<Record<Pass, Threads>>;
  readonly tally: Tally;
  readonly withRevenue: boolean;
};

const DELETED = 'deal_deleted';

/** The platform took it back: whatever is assumed, it is no trade any more. */
const isDeleted = (live: LiveBooking | undefined): boolean =>
  live?.reasons.some(({ reason }) => reason === DELETED) === true;

function inputsFor(tx: TenantTx, { book, tree, terms }: World, { trades, live, due, opens }: TradePage) {
  const known = trades.flatMap(({ dealKey }) => (isDeleted(live.get(dealKey)) ? [] : (due.get(dealKey) ?? [])));
  return inputsOf(tx, book, known, { opens, tree, terms }).then(tradesAmong);
}

async function computePage(tx: TenantTx, { world, page, leg, threads, tally, withRevenue }: Work): Promise<void> {
  const { inputs } = await inputsFor(tx, world, page);
  const results = await resultsOf(tx, world, inputs, leg, threads);
  if (leg.pass === 'first') return;
  const computed = new Map(inputs.map((input, place) => [input.dealKey, { input, result: results[place] }]));
  for (const trade of page.trades) {
    if (trade.closedAt < world.range.from || trade.closedAt >= world.range.to) continue; // Only counted, for those that come later.
    const live = page.live.get(trade.dealKey);
    const { input, result } = computed.get(trade.dealKey) ?? {};
    if (result === undefined && live === undefined && page.due.has(trade.dealKey)) continue; // It only opens, and no plan counts that.
    const booked = sideOfBooking(trade, live);
    tally.add(
      {
        dealKey: trade.dealKey,
        closedAtMs: trade.closedAt.getTime(),
        month: monthOfMs(trade.closedAt.getTime()),
        symbol: page.due.get(trade.dealKey)?.symbol ?? trade.symbol,
        live: booked,
        assumed:
          result === undefined
            ? { ...booked, currency: null, shares: [], reason: unknownOf(trade, booked) }
            : sideOf(result),
        revenue: withRevenue && input !== undefined ? revenueOf(input) : undefined,
      },
      { revenue: withRevenue },
    );
  }
}

async function resultsOf(
  tx: TenantTx,
  { book }: World,
  inputs: readonly TradeInput[],
  { pass }: Leg,
  threads: Readonly<Record<Pass, Threads>>,
): Promise<TradeResult[]> {
  if (!book.looksAtCounters) return computeBatch(inputs);
  await threads[pass].prepare(tx, inputs);
  if (pass === 'final') return threads.final.computeTruedUp(inputs, threads.first.standing, Date.now());
  return threads[pass].compute(inputs);
}

const KINDS = new Map(Object.entries(KIND_NUMBERS).map(([kind, number]) => [number, kind as Share['kind']]));

function sideOfBooking(trade: ClosedTrade, live: LiveBooking | undefined): Side {
  if (live === undefined)
    return { currency: null, shares: [], reason: trade.state === 'due' ? 'waits' : (trade.code ?? 'waits') };
  const shares = live.shares.map(({ kind, ...share }): Share => ({ ...share, kind: KINDS.get(kind) ?? 'house' }));
  const reason =
    live.earningUnits > 0n ? null : (live.reasons.find(({ component }) => component === -1)?.reason ?? 'nothing');
  return { currency: live.currency as Currency | null, shares, reason };
}

const sideOf = (result: TradeResult): Side => {
  if (result.kind === 'booked') return { currency: result.currency, shares: result.rebates, reason: null };
  return { currency: null, shares: [], reason: result.kind === 'unpaid' ? result.reason : result.code };
};

/** Why a trade could not be computed: what keeps it from being booked, or that it is none any more. */
const unknownOf = ({ code }: ClosedTrade, live: Side): string =>
  live.reason === DELETED ? DELETED : (code ?? 'waits');

const WHOLE = 100n;
const earnings = new Map<string, Earn>();

/** What spread and commission of a trade came to: all of both, by the model that shares them. */
function revenueOf(input: TradeInput): Revenue {
  const { plan, execution } = input;
  if (plan === undefined || execution === undefined) return undefined;
  const { currency, rateDigits } = plan;
  let earn = earnings.get(currency);
  if (earn === undefined) {
    const settings = { kind: 'spread_and_commission', spreadShare: '100', commissionShare: '100' };
    earn = spreadAndCommission.compile(settings, { currency, rateAgeMsMax: Infinity });
    earnings.set(currency, earn);
  }
  const earned = earn(input, WHOLE * 10n ** BigInt(rateDigits));
  if (earned === 'nothing_charged') return { currency, units: 0n };
  if (typeof earned === 'string') return undefined;
  return { currency, units: roundHalfEven(earned.numerator, earned.denominator) };
}
