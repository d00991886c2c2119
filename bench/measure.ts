import type { Postgres, RedisServer } from './cluster.ts';
import { processTreeCpuMs } from './machine.ts';

/** What a piece of work took; CPU in ms by process, WAL in bytes. */
export type Measured = {
  readonly wallMs: number;
  readonly nodeMs: number;
  readonly postgresMs: number;
  readonly redisMs: number;
  readonly walBytes: number;
};

/** One repeat of an arm. */
export type Run = Measured & { readonly trades: number };

export type Meter = <T>(work: () => Promise<T>) => Promise<Measured & { readonly result: T }>;

/** Measures work by its wall time and by what the processes used meanwhile. */
export const meterOf =
  (postgres: Postgres, redis: RedisServer | undefined): Meter =>
  async (work) => {
    const lsn = async (): Promise<bigint> => {
      const { rows } = await postgres
        .admin('postgres')
        .query<{ at: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as at`);
      return BigInt(rows[0]?.at ?? '0');
    };
    const walBefore = await lsn();
    const postgresBefore = processTreeCpuMs(postgres.pid);
    const redisBefore = redis === undefined ? 0 : processTreeCpuMs(redis.pid);
    const nodeBefore = process.cpuUsage();
    const startedMs = performance.now();
    const result = await work();
    const wallMs = performance.now() - startedMs;
    const node = process.cpuUsage(nodeBefore);
    return {
      result,
      wallMs,
      nodeMs: (node.user + node.system) / 1000,
      postgresMs: processTreeCpuMs(postgres.pid) - postgresBefore,
      redisMs: redis === undefined ? 0 : processTreeCpuMs(redis.pid) - redisBefore,
      walBytes: Number((await lsn()) - walBefore),
    };
  };

export const tradesPerSecond = ({ trades, wallMs }: Run): number => (trades / wallMs) * 1000;
export const cpuMicrosPerTrade = ({ trades, nodeMs, postgresMs, redisMs }: Run): number =>
  ((nodeMs + postgresMs + redisMs) / trades) * 1000;

/** The middle, the least and the most of repeats. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (place: number): number => sorted[place] ?? Number.NaN;
  const half = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

/** The ratio of two arms, paired repeat by repeat. */
export const pairedRatio = (left: readonly number[], right: readonly number[]): Spread =>
  spreadOf(left.map((value, place) => value / (right[place] ?? Number.NaN)));

/** The value below which a share of the values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
