import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { QueueState } from './types.ts';

/** What is asked anew at each scrape; whatever of it fails or is slow is left out and counted. */
type MetricSources = {
  readonly queues?: () => Promise<readonly QueueState[]>;
  readonly pools?: () => {
    readonly pools: number;
    readonly poolsMax: number;
    readonly users: number;
    readonly waiting: number;
  };
  readonly relay?: () => {
    readonly waiting: number;
    readonly active: number;
    readonly handled: number;
    readonly parked: number;
    readonly failingTenants: number;
    readonly lagEventsMax: number;
  };
};

/** The metrics of one process, in Prometheus' form. Times in milliseconds go in, seconds come out. */
export type Metrics = {
  readonly observeBatch: (batch: { readonly trades: number; readonly durationMs: number }) => void;
  readonly countTrades: (outcome: 'booked' | 'parked', trades: number) => void;
  readonly countProofs: (outcome: 'equal' | 'different', bookings: number) => void;
  readonly countFeedLines: (verdict: 'accepted' | 'duplicate' | 'parked' | 'rejected', lines: number) => void;
  readonly observeRequest: (request: {
    method: string;
    route: string;
    status: number;
    durationMs: number;
    queries: number;
  }) => void;
  readonly countJob: (job: { queue: string; name: string; outcome: 'done' | 'failed'; tookMs: number }) => void;
  /** The text that Prometheus reads, and its content type. */
  readonly scrape: () => Promise<{ readonly text: string; readonly contentType: string }>;
};

const SOURCE_MS_MAX = 2_000;
const BATCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const TRADE_SECONDS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1];
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const QUERIES = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89];

/** Makes a process's metrics: one registry, no global state. */
export function createMetrics(sources: MetricSources = {}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const histogram = <Label extends string>(name: string, help: string, buckets: number[], labelNames: Label[]) =>
    new Histogram({ name: `cascade_${name}`, help, buckets, labelNames, registers });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `cascade_${name}`, help, labelNames, registers });

  const batchSeconds = histogram(
    'commission_batch_seconds',
    'Time to book one batch of trades, claim to commit',
    BATCH_SECONDS,
    [],
  );
  const tradeSeconds = histogram(
    'commission_trade_seconds',
    'Time of a batch divided by its trades, once per trade',
    TRADE_SECONDS,
    [],
  );
  const trades = counter('commission_trades_total', 'Trades by what became of them', ['outcome']);
  const proofs = counter('bookings_proven_total', 'Bookings computed again, by whether the same came out', ['outcome']);
  const lines = counter('feed_lines_total', 'Lines of the feed by verdict', ['verdict']);
  const requestSeconds = histogram(
    'http_request_seconds',
    'Time from the route to the end of the answer',
    REQUEST_SECONDS,
    ['method', 'route', 'status'],
  );
  const requestQueries = histogram('http_request_queries', 'Named statements sent to databases per request', QUERIES, [
    'method',
    'route',
  ]);
  const jobSeconds = histogram('job_seconds', 'Time of one try of a job', BATCH_SECONDS, ['queue', 'name', 'outcome']);
  const failedScrapes = counter('scrape_failures_total', 'Sources that did not answer a scrape', ['source']);
  const refresh = gauges(registry, sources, (source) => failedScrapes.inc({ source }));

  return {
    observeBatch: ({ trades: count, durationMs }) => {
      batchSeconds.observe(durationMs / 1_000);
      if (count <= 0) return;
      const each = durationMs / 1_000 / count;
      for (let index = 0; index < count; index += 1) tradeSeconds.observe(each);
    },
    countTrades: (outcome, count) => trades.inc({ outcome }, count),
    countProofs: (outcome, bookings) => proofs.inc({ outcome }, bookings),
    countFeedLines: (verdict, count) => lines.inc({ verdict }, count),
    observeRequest: ({ method, route, status, durationMs, queries }) => {
      requestSeconds.observe({ method, route, status }, durationMs / 1_000);
      requestQueries.observe({ method, route }, queries);
    },
    countJob: ({ queue, name, outcome, tookMs }) => jobSeconds.observe({ queue, name, outcome }, tookMs / 1_000),
    scrape: async () => {
      await refresh();
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}

/** The gauges that are set anew at each scrape. */
function gauges(registry: Registry, sources: MetricSources, onFailure: (source: string) => void): () => Promise<void> {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: `cascade_${name}`, help, labelNames, registers: [registry] });
  const depth = gauge('queue_jobs', 'Jobs of a queue by state', ['queue', 'state']);
  const oldest = gauge(
    'queue_oldest_waiting_seconds',
    'How long the job that has waited longest waits; 0 where none waits',
    ['queue'],
  );
  const workers = gauge('queue_workers', 'Workers connected to a queue', ['queue']);
  const paused = gauge('queue_paused', '1 while a queue is paused', ['queue']);
  const pools = gauge(
    'tenant_pools',
    "Tenants' pools: open, how many may be, transactions at work, callers that wait",
    ['state'],
  );
  const relay = gauge(
    'relay',
    'The relay: tenants waiting and visited, events handled and parked, tenants out of reach, lag in events',
    ['what'],
  );
  return async () => {
    if (sources.pools !== undefined)
      for (const [state, value] of Object.entries(sources.pools())) pools.set({ state }, value);
    if (sources.relay !== undefined)
      for (const [what, value] of Object.entries(sources.relay())) relay.set({ what }, value);
    if (sources.queues === undefined) return;
    try {
      for (const state of await within(SOURCE_MS_MAX, sources.queues())) {
        const queue = state.name;
        for (const name of ['waiting', 'active', 'delayed', 'failed', 'completed'] as const)
          depth.set({ queue, state: name }, state[name]);
        oldest.set({ queue }, (state.oldestWaitingMs ?? 0) / 1_000);
        workers.set({ queue }, state.workers);
        paused.set({ queue }, state.paused ? 1 : 0);
      }
    } catch {
      onFailure('queues'); // Old figures would pass for present ones: without an answer there are none.
      for (const each of [depth, oldest, workers, paused]) each.reset();
    }
  };
}

/** The answer, or a rejection when it takes longer. */
export async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
