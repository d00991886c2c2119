import type { TenantTx } from '../../platform/tenant-tx.ts';
import { tradesAsBooked } from '../../trading/index.ts';
import { liveBookings, termsOf } from '../corrections/store.ts';
import type { LiveBooking } from '../corrections/types.ts';
import { liveStandings } from '../counters/store.ts';
import type { CountedTrade } from '../counters/types.ts';
import type { TradeInput } from '../engine/types.ts';
import { inputsOf } from '../inputs/store.ts';
import { openBook, type PlanBook } from '../plans/store.ts';
import type { ExecutionFacts } from '../types.ts';
import * as queries from './queries.ts';

/** A booked trade with all that its last revision was computed from. */
export type LiveTrade = {
  readonly live: LiveBooking;
  readonly kept: CountedTrade;
  readonly input: TradeInput;
  readonly execution: ExecutionFacts | undefined;
};

/** Trades that share a knowledge of the tree and of the plans: what is computed from it is one batch. */
export type LiveGroup = {
  readonly knownAt: Date;
  readonly configurationVersion: bigint;
  readonly trades: readonly LiveTrade[];
};

/** The inputs of the last revisions of deals that look at counters, found again, grouped by what was known. */
export async function liveTrades(tx: TenantTx, dealKeys: readonly bigint[]): Promise<LiveGroup[]> {
  const kept = await liveStandings(tx, dealKeys);
  const bookings = [...(await liveBookings(tx, dealKeys)).values()].filter(({ dealKey }) => kept.has(dealKey));
  const executions = new Map(
    (
      await queries.executionsKept(tx, {
        dealKeys: bookings.map(({ dealKey }) => dealKey),
        revisions: bookings.map(({ revision }) => revision),
      })
    ).map(({ dealKey, execution }) => [dealKey, execution]),
  );
  const groups = new Map<string, LiveBooking[]>();
  for (const booking of bookings) {
    const name = `${booking.configurationVersion} ${booking.knownAt.getTime()} ${booking.rerunKey}`;
    groups.set(name, [...(groups.get(name) ?? []), booking]);
  }
  const books = new Map<bigint, PlanBook>();
  const found: LiveGroup[] = [];
  for (const group of groups.values()) found.push(...(await groupOf(tx, group, { kept, executions, books })));
  return found;
}

async function groupOf(
  tx: TenantTx,
  group: readonly LiveBooking[],
  known: {
    readonly kept: ReadonlyMap<bigint, CountedTrade>;
    readonly executions: ReadonlyMap<bigint, ExecutionFacts>;
    readonly books: Map<bigint, PlanBook>;
  },
): Promise<LiveGroup[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { knownAt, configurationVersion, rerunKey } = first;
  const book = known.books.get(configurationVersion) ?? (await openBook(tx, configurationVersion));
  known.books.set(configurationVersion, book);
  const byDeal = new Map(group.map((booking) => [booking.dealKey, booking]));
  const { inputs } = await inputsOf(tx, book, await tradesAsBooked(tx, group), {
    knownAt,
    // An open in whole seconds is the same whether it is said to have milliseconds or not: minima are whole seconds.
    opens: new Map(
      group.flatMap(({ dealKey, openedAt }) =>
        openedAt === null ? [] : [[dealKey, { openedAt: openedAt.getTime(), hasMs: true }] as const],
      ),
    ),
    executions: known.executions,
    standings: new Map([...known.kept].map(([dealKey, { standing }]) => [dealKey, standing])),
    terms: rerunKey === null ? undefined : (await termsOf(tx, [rerunKey])).get(rerunKey),
  });
  const trades = inputs.flatMap((input): LiveTrade[] => {
    const [live, kept] = [byDeal.get(input.dealKey), known.kept.get(input.dealKey)];
    if (live === undefined || kept === undefined) return [];
    return [{ live, kept, input, execution: known.executions.get(input.dealKey) }];
  });
  return [{ knownAt, configurationVersion, trades }];
}
