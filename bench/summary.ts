import type { Postgres, RedisServer } from './cluster.ts';
import type { Latency } from './latency.ts';
import type { Machine } from './machine.ts';
import { cpuMicrosPerTrade, pairedRatio, type Run, type Spread, spreadOf, tradesPerSecond } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { BackendRuns, BenchResult } from './run.ts';
import type { SizeRuns } from './sizes.ts';

/** The repeats of one arm in figures. */
export type ArmSummary = {
  readonly tradesPerRepeat: number;
  readonly tradesPerSecond: Spread;
  readonly repeats: readonly number[];
  /** Medians, in microseconds of CPU and bytes. */
  readonly cpuMicrosPerTrade: { readonly node: number; readonly postgres: number; readonly redis: number };
  readonly walBytesPerTrade: number;
};

/** Two arms compared: the ratio of throughput, and of CPU per trade, which the machine's other load disturbs less. */
export type Ratio = { readonly throughput: Spread; readonly cpu: Spread };

export type BackendSummary = {
  readonly backend: string;
  readonly baselineConcurrency: number;
  readonly baselineTried: BackendRuns['concurrencies'];
  readonly arms: Readonly<Record<'baseline' | 'booking' | 'endToEnd' | 'limit', ArmSummary>>;
  readonly ratios: {
    readonly bookingToBaseline: Ratio;
    readonly endToEndToBaseline: Ratio;
    readonly bookingToLimit: Ratio;
  };
  readonly latency: Latency | undefined;
  /** Whether the baseline varied by more than 1.3 between repeats, so that ratios to it say little. */
  readonly noisy: boolean;
};

export type SizeSummary = {
  readonly ibs: number;
  readonly booking: ArmSummary;
  readonly endToEnd: ArmSummary;
  /** Cost per trade as a multiple of that at the smallest size, paired by repeat: wall time and CPU. */
  readonly bookingCost: { readonly wall: Spread; readonly cpu: Spread };
  readonly endToEndCost: { readonly wall: Spread; readonly cpu: Spread };
};

/** All that the benchmark has to say. */
export type Summary = {
  readonly machine: Machine;
  readonly postgres: { readonly version: string; readonly settings: Readonly<Record<string, string>> };
  readonly redis:
    | { readonly version: string; readonly settings: Readonly<Record<string, string>> }
    | 'skipped: no redis-server on this machine';
  readonly options: BenchOptions;
  readonly tree: { readonly ibs: number; readonly levelsMean: number; readonly levelsMax: number };
  readonly backends: readonly BackendSummary[];
  readonly connections: readonly { readonly connections: number; readonly booking: ArmSummary }[];
  readonly sizes: readonly SizeSummary[];
  /** The floor: end to end 10 times the baseline. It is missed when not even the best repeat of any backend reaches it. */
  readonly floor: { readonly ratio: number; readonly missed: boolean };
  /** What the product's own verification found in the ledgers and event chains of the arms; nothing where all is well. */
  readonly findings: readonly string[];
  readonly tookSeconds: number;
};

const FLOOR = 10;
const NOISY_ABOVE = 1.3;

export function summarise(
  result: BenchResult,
  told: Pick<Summary, 'machine' | 'options' | 'tree' | 'tookSeconds'> & {
    postgres: Postgres;
    redis: RedisServer | undefined;
  },
): Summary {
  const { postgres, redis, ...rest } = told;
  const backends = result.backends.map(summariseBackend);
  const best = backends.map(({ ratios }) => ratios.endToEndToBaseline.throughput.max);
  return {
    ...rest,
    postgres: { version: postgres.version, settings: postgres.settings },
    redis:
      redis === undefined
        ? 'skipped: no redis-server on this machine'
        : { version: redis.version, settings: redis.settings },
    backends,
    connections: result.connections.map(({ connections, booking }) => ({
      connections,
      booking: summariseArm(booking),
    })),
    sizes: summariseSizes(result.sizes),
    findings: result.findings,
    floor: { ratio: FLOOR, missed: Math.max(...best) < FLOOR },
  };
}

const summariseArm = (runs: readonly Run[]): ArmSummary => {
  const perTrade = (of: (run: Run) => number): number => spreadOf(runs.map((run) => of(run) / run.trades)).median;
  return {
    tradesPerRepeat: runs[0]?.trades ?? 0,
    tradesPerSecond: spreadOf(runs.map(tradesPerSecond)),
    repeats: runs.map(tradesPerSecond),
    cpuMicrosPerTrade: {
      node: perTrade(({ nodeMs }) => nodeMs * 1000),
      postgres: perTrade(({ postgresMs }) => postgresMs * 1000),
      redis: perTrade(({ redisMs }) => redisMs * 1000),
    },
    walBytesPerTrade: perTrade(({ walBytes }) => walBytes),
  };
};

/** How many times the work of `right` `left` does: by throughput, and by CPU. */
const ratioOf = (left: readonly Run[], right: readonly Run[]): Ratio => ({
  throughput: pairedRatio(left.map(tradesPerSecond), right.map(tradesPerSecond)),
  cpu: pairedRatio(right.map(cpuMicrosPerTrade), left.map(cpuMicrosPerTrade)),
});

function summariseBackend({
  backend,
  baselineConcurrency,
  concurrencies,
  baseline,
  booking,
  endToEnd,
  limit,
  latency,
}: BackendRuns): BackendSummary {
  const spread = spreadOf(baseline.map(tradesPerSecond));
  return {
    backend,
    baselineConcurrency,
    baselineTried: concurrencies,
    arms: {
      baseline: summariseArm(baseline),
      booking: summariseArm(booking),
      endToEnd: summariseArm(endToEnd),
      limit: summariseArm(limit),
    },
    ratios: {
      bookingToBaseline: ratioOf(booking, baseline),
      endToEndToBaseline: ratioOf(endToEnd, baseline),
      bookingToLimit: ratioOf(booking, limit),
    },
    latency,
    noisy: spread.max / spread.min > NOISY_ABOVE,
  };
}

function summariseSizes(sizes: readonly SizeRuns[]): SizeSummary[] {
  const [smallest] = sizes;
  if (smallest === undefined) return [];
  const cost = (runs: readonly Run[], least: readonly Run[]) => ({
    wall: pairedRatio(least.map(tradesPerSecond), runs.map(tradesPerSecond)),
    cpu: pairedRatio(runs.map(cpuMicrosPerTrade), least.map(cpuMicrosPerTrade)),
  });
  return sizes.map(({ ibs, booking, endToEnd }) => ({
    ibs,
    booking: summariseArm(booking),
    endToEnd: summariseArm(endToEnd),
    bookingCost: cost(booking, smallest.booking),
    endToEndCost: cost(endToEnd, smallest.endToEnd),
  }));
}
