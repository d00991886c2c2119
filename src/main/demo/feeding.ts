import { setTimeout as wait } from 'node:timers/promises';
import { Bridge, DealGenerator, SIMULATED_SYMBOLS } from '../../../simulators/mt-server/index.ts';
import type { SeedBrokerage, SeededBrokerage } from '../../../seeds/brokerage.ts';
import type { TenantId } from '../../kernel/ids.ts';
import { createTenantClient } from '../../platform/tenant-client.ts';
import { dueSummary, type RawDeal } from '../../trading/index.ts';
import { highestNumber, type RealDeals, tradeOf } from './deals.ts';
import { demoProblem } from './errors.ts';
import type { Installation } from './installation.ts';

/** What went into the feed. */
export type Fed = {
  readonly totals: Bridge['totals'];
  readonly deals: number;
  /** Different deals that close volume, and by login how many and how much (1e-8 lot). */
  readonly trades: number;
  readonly byLogin: ReadonlyMap<bigint, { readonly trades: number; readonly lots: bigint }>;
  /** From the first batch to the last commit. */
  readonly durationMs: number;
};

const LINES_PER_BATCH = 1_000;
/** A bridge that lost an answer sends the batch again: one in ten does, and must change nothing. */
const DUPLICATE_SHARE = 0.1;
const POLL_MS = 20;
/** Without anything booked for so long something is wrong. */
const STANDSTILL_MS_MAX = 60_000;
/** The same deals in every run. */
const SEED = 20_260_310;
const START_MS = Date.UTC(2026, 2, 10, 6);
const TICKETS_FROM = 10_000_000n;
const TICKETS_TO = 2n ** 62n;

/** The real deals, then generated ones of the other accounts up to so many trades. */
export function* dealsOf(real: RealDeals, seed: SeedBrokerage, trades: number): Generator<RawDeal> {
  yield* real.deals;
  const taken = new Set(real.accounts.logins);
  const highest = highestNumber(real.deals);
  const generator = new DealGenerator({
    seed: SEED,
    symbols: SIMULATED_SYMBOLS,
    logins: seed.clients
      .flatMap(({ accounts }) => accounts.map(({ login }) => login))
      .filter((login) => !taken.has(login)),
    clock: seed.server,
    startUtcMs: START_MS,
    firstTicket: highest >= TICKETS_FROM && highest < TICKETS_TO ? highest + 1n : TICKETS_FROM,
  });
  yield* generator.trades(Math.max(0, trades - real.trades));
}

/** Pushes deals through the HTTP feed as a bridge does, and waits until all that is due is booked. */
export async function feed(
  { deps, port }: Installation,
  tenantId: TenantId,
  { source }: SeededBrokerage,
  deals: Iterable<RawDeal>,
  watch: { readonly signal: AbortSignal; readonly booked: () => number; readonly lastBookedMs: () => number },
): Promise<Fed> {
  const client = createTenantClient();
  const tally = new Tally();
  const startedMs = performance.now();
  try {
    const bridge = new Bridge({
      client,
      origin: `http://demo.${deps.config.baseHost}:${port}`,
      sourceId: source.id,
      secret: source.secret,
      duplicateShare: DUPLICATE_SHARE,
      seed: SEED,
      signal: watch.signal,
    });
    const totals = await bridge
      .run(tally.counting(deals), { batchLinesMax: LINES_PER_BATCH, firstSeq: 1 })
      .catch((error: unknown) => {
        if (watch.signal.aborted) throw error;
        throw demoProblem('demo.feed_refused', {
          detail: error instanceof Error ? error.message : String(error),
          cause: error,
        });
      });
    await untilBooked(deps, tenantId, watch);
    const endedMs = Math.max(watch.lastBookedMs(), startedMs);
    return {
      totals,
      deals: tally.deals,
      trades: tally.trades,
      byLogin: tally.byLogin,
      durationMs: endedMs - startedMs,
    };
  } finally {
    await client.close();
  }
}

/** What is due is gone when nothing is left to claim, and the sweeper finds nothing to put back. */
async function untilBooked(
  { platform, work }: Installation['deps'],
  tenantId: TenantId,
  { signal, booked }: { readonly signal: AbortSignal; readonly booked: () => number },
): Promise<void> {
  const origin = { actor: 'demo', causation: 'wait' };
  let last = { booked: -1, due: -1, atMs: performance.now() };
  for (;;) {
    signal.throwIfAborted();
    const { count } = await platform.tenancy.withTenant(tenantId, origin, (tx) => dueSummary(tx));
    if (count === 0 && (await work.dispatcher.sweep(tenantId)) === 0) return;
    const nowMs = performance.now();
    if (count !== last.due || booked() !== last.booked) last = { booked: booked(), due: count, atMs: nowMs };
    if (nowMs - last.atMs > STANDSTILL_MS_MAX)
      throw demoProblem('demo.no_progress', {
        detail: `${count} trades wait, and none was booked for ${STANDSTILL_MS_MAX / 1000} s`,
      });
    await wait(POLL_MS, undefined, { signal });
  }
}

/** Counts deals on their way. */
class Tally {
  deals = 0;
  trades = 0;
  readonly byLogin = new Map<bigint, { trades: number; lots: bigint }>();
  readonly #seen = new Set<bigint>();

  *counting(deals: Iterable<RawDeal>): Generator<RawDeal> {
    for (const deal of deals) {
      this.deals += 1;
      const trade = tradeOf(deal);
      if (trade !== undefined && !this.#seen.has(trade.ticket)) this.#add(trade);
      yield deal;
    }
  }

  #add({ ticket, login, closedVolume }: { ticket: bigint; login: bigint; closedVolume: bigint }): void {
    this.#seen.add(ticket);
    this.trades += 1;
    const sum = this.byLogin.get(login) ?? { trades: 0, lots: 0n };
    this.byLogin.set(login, { trades: sum.trades + 1, lots: sum.lots + closedVolume });
  }
}
