import { setTimeout as wait } from 'node:timers/promises';
import { startProduct } from './arms/product.ts';
import type { Backend, Brokerage, Installation } from './installation.ts';
import { percentile } from './measure.ts';
import { type Batch, batchesOf, IN_FLIGHT, LINES_PER_BATCH, openSender } from './sender.ts';

/** How long a bridge gathers trades before it sends them. */
const FILL_MS = 10;
const SETTLE_MS_MAX = 60_000;

type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number };
/** Milliseconds to the commit that booked a trade, over all trades. */
export type Latency = {
  readonly tradesPerSecond: number;
  readonly trades: number;
  readonly fillMs: number;
  /** From the POST that carried it. */
  readonly fromPost: Percentiles;
  /** From when the trade came to the bridge: the filling of the batch included. */
  readonly fromTrade: Percentiles;
};

/**
 * Trades come at a fixed rate whatever happens. The bridge sends what it has gathered every few milliseconds, in at most
 * two batches at once: while both are on their way the next one grows. Measures how long each trade took to be booked.
 */
export async function measureLatency(
  installation: Installation,
  {
    backend,
    brokerage,
    tradesPerSecond,
    seconds,
  }: { backend: Backend; brokerage: Brokerage; tradesPerSecond: number; seconds: number },
): Promise<Latency> {
  const rate = Math.max(1, Math.floor(tradesPerSecond));
  const warm = await installation.nextTrades(brokerage, 500);
  const trades = await installation.nextTrades(brokerage, Math.max(1, Math.floor(rate * seconds)));
  const product = await startProduct(installation, backend);
  const sender = openSender(product.port, brokerage.slug, brokerage.source);
  try {
    const { commits } = installation;
    commits.reset(brokerage.tenantId);
    await sender.postAll(
      batchesOf(
        warm.map(({ line }) => line),
        50,
      ),
    );
    await commits.until(brokerage.tenantId, warm.length, SETTLE_MS_MAX);
    commits.reset(brokerage.tenantId);
    const sentAt: number[] = [];
    const dueAt: number[] = [];
    const onTheirWay = new Set<Promise<unknown>>();
    const startedMs = performance.now();
    while (sentAt.length < trades.length) {
      await wait(FILL_MS);
      if (onTheirWay.size === IN_FLIGHT) await Promise.race(onTheirWay);
      const nowMs = performance.now();
      const upTo = Math.min(
        trades.length,
        sentAt.length + LINES_PER_BATCH,
        Math.floor(((nowMs - startedMs) / 1000) * rate),
      );
      if (upTo === sentAt.length) continue;
      const [batch] = batchesOf(trades.slice(sentAt.length, upTo).map(({ line }) => line)) as [Batch];
      for (let place = sentAt.length; place < upTo; place += 1) dueAt.push(startedMs + ((place + 1) / rate) * 1000);
      while (sentAt.length < upTo) sentAt.push(nowMs);
      const post = sender.post(batch).finally(() => onTheirWay.delete(post));
      onTheirWay.add(post);
    }
    await Promise.all([...onTheirWay, commits.until(brokerage.tenantId, trades.length, SETTLE_MS_MAX)]);
    const committedAt = await commitTimes(installation, brokerage, {
      from: trades[0]?.ticket ?? 0n,
      count: trades.length,
    });
    const since = (from: readonly number[]): Percentiles => {
      const sorted = committedAt
        .map((at, place) => at - (from[place] ?? Number.NaN))
        .sort((left, right) => left - right);
      return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99) };
    };
    return {
      tradesPerSecond: rate,
      trades: trades.length,
      fillMs: FILL_MS,
      fromPost: since(sentAt),
      fromTrade: since(dueAt),
    };
  } finally {
    await sender.close();
    await product.stop();
  }
}

/** When each of the trades was booked, in the order in which they came. */
async function commitTimes(
  { commits, postgres }: Installation,
  { tenantId, database }: Brokerage,
  { from, count }: { from: bigint; count: number },
): Promise<number[]> {
  const atOfBatch = new Map(commits.of(tenantId).map(({ batch, atMs }) => [String(batch), atMs]));
  const { rows } = await postgres.admin(database).query<{ batch: string }>(
    `select b.batch_key as batch from trading.deals d join commissions.bookings b on b.deal_key = d.key
      where d.ticket between $1 and $2 and d.version = 0 order by d.ticket`,
    [String(from), String(from + BigInt(count - 1))],
  );
  if (rows.length !== count) throw new Error(`${rows.length} of ${count} trades were booked`);
  return rows.map(({ batch }) => {
    const at = atOfBatch.get(batch);
    if (at === undefined) throw new Error(`the commit of batch ${batch} was not seen`);
    return at;
  });
}
