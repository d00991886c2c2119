import { parseArgs } from 'node:util';

/** What the benchmark is asked to do. */
export type BenchOptions = {
  readonly json: boolean;
  readonly full: boolean;
  /** Closing deals of each product arm and repeat, and of the baseline; undefined: as many as take `armSeconds`. */
  readonly trades: number | undefined;
  readonly baselineTrades: number | undefined;
  readonly armSeconds: number;
  readonly repeats: number;
  readonly ibs: number;
  /** Numbers of IBs at which the cost of a trade is compared; empty leaves the comparison out. */
  readonly sizes: readonly number[];
  readonly latencySeconds: number;
  readonly prefillTrades: number;
  readonly backends: readonly ('redis' | 'postgres')[];
};

const whole = <Default>(name: string, text: string | undefined, byDefault: Default): number | Default => {
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} takes a whole number from 1`);
  return value;
};

/** Where the number of trades is given, the baseline gets one in so many. */
const BASELINE_SHARE = 16;

/** Reads the command line; a wrong argument is a TypeError or RangeError that names it. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      trades: { type: 'string' },
      repeats: { type: 'string' },
      ibs: { type: 'string' },
    },
  });
  const trades = whole('trades', values.trades, undefined);
  return {
    json: values.json,
    full: values.full,
    trades,
    baselineTrades: trades === undefined ? undefined : Math.ceil(trades / BASELINE_SHARE),
    armSeconds: values.full ? 30 : 3,
    repeats: whole('repeats', values.repeats, values.full ? 5 : 3),
    ibs: whole('ibs', values.ibs, 10_000),
    sizes: [1_000, 10_000, 100_000],
    latencySeconds: values.full ? 30 : 8,
    prefillTrades: values.full ? 200_000 : 20_000,
    backends: ['redis', 'postgres'],
  };
}
