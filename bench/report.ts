import type { Spread } from './measure.ts';
import type { ArmSummary, BackendSummary, SizeSummary, Summary } from './summary.ts';

type Column = { readonly title: string; readonly width: number };

const whole = (value: number): string => Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
const spread = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`;
const wholeSpread = ({ median, min, max }: Spread): string => `${whole(median)} (${whole(min)}..${whole(max)})`;

/** A table of text: the first column to the left, all others to the right. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = titles.map((title, place): Column => ({
    title,
    width: Math.max(title.length, ...rows.map((row) => row[place]?.length ?? 0)),
  }));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ width }, place) =>
        place === 0 ? (cells[place] ?? '').padEnd(width) : (cells[place] ?? '').padStart(width),
      )
      .join('  ')
      .trimEnd();
  return [line(titles), columns.map(({ width }) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** The report for people. */
export function reportOf(summary: Summary): string {
  const { machine, postgres, redis, options, tree } = summary;
  const settings = (of: Readonly<Record<string, string>>): string =>
    Object.entries(of)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
  return [
    `Machine     ${machine.cores} cores, ${machine.model}, ${machine.memoryGiB} GiB; load before ${machine.loadBefore.toFixed(1)}; fsync ${machine.fsyncMs.toFixed(2)} ms`,
    `Versions    Node ${machine.node}, PostgreSQL ${postgres.version}, Redis ${typeof redis === 'string' ? redis : redis.version}`,
    `PostgreSQL  ${settings(postgres.settings)}`,
    ...(typeof redis === 'string' ? [] : [`Redis       ${settings(redis.settings)}`]),
    `Data        ${whole(tree.ibs)} IBs, ${tree.levelsMean.toFixed(1)} above a client in the mean, ${tree.levelsMax} at most; a fifth of the clients makes four fifths of the trades; the same seed, tree and deals in every arm`,
    '',
    ...summary.backends.map(backendReport),
    ...(summary.connections.length === 0
      ? []
      : [
          table(
            ['Batches booked at once', 'trades/s', 'CPU us/trade'],
            summary.connections.map(({ connections, booking }) => [
              String(connections),
              wholeSpread(booking.tradesPerSecond),
              cpu(booking),
            ]),
          ),
          '',
        ]),
    ...(summary.sizes.length === 0 ? [] : [sizesReport(summary.sizes), '']),
    `Floor       end to end ${summary.floor.ratio} x the baseline: ${summary.floor.missed ? 'MISSED, by every repeat' : 'held'}`,
    `Verified    after every arm: each trade booked once, rebates and sums per IB equal to the pure reference, accounts equal to rebates, ledger sum 0; sent again: no change`,
    ...summary.findings.map((finding) => `FOUND       ${finding}`),
    `Took        ${whole(summary.tookSeconds)} s${options.full ? ' (--full)' : ''}`,
    '',
  ].join('\n');
}

const cpu = ({ cpuMicrosPerTrade: { node, postgres, redis } }: ArmSummary): string =>
  `${whole(node)} / ${whole(postgres)} / ${whole(redis)}`;

function backendReport({
  backend,
  baselineConcurrency,
  baselineTried,
  arms,
  ratios,
  latency,
  noisy,
}: BackendSummary): string {
  const row = (name: string, arm: ArmSummary): string[] => [
    name,
    whole(arm.tradesPerRepeat),
    wholeSpread(arm.tradesPerSecond),
    whole(1_000_000 / arm.tradesPerSecond.median),
    cpu(arm),
    whole(arm.walBytesPerTrade),
  ];
  const tried = baselineTried
    .map(({ concurrency, tradesPerSecond }) => `${concurrency}: ${whole(tradesPerSecond)}/s`)
    .join(', ');
  return [
    `== Queues on ${backend === 'redis' ? 'Redis' : 'Postgres'}`,
    table(
      ['Arm', 'trades', 'trades/s median (min..max)', 'us/trade', 'CPU us/trade node/postgres/redis', 'WAL B/trade'],
      [
        row('(a) baseline: a job and a transaction per trade, deals stored', arms.baseline),
        row('(b) product, booking alone, deals stored', arms.booking),
        row('(b) product end to end: POST to commit', arms.endToEnd),
        row('(c) limit: the same rows by COPY', arms.limit),
      ],
    ),
    `Baseline tried with trades at once: ${tried}; goes on with ${baselineConcurrency}. Storing its deals is not counted, which favours it.`,
    table(
      ['Ratio, paired by repeat', 'throughput median (min..max)', 'CPU per trade'],
      [
        [
          'b/a booking alone, like for like',
          spread(ratios.bookingToBaseline.throughput, 1),
          spread(ratios.bookingToBaseline.cpu, 1),
        ],
        [
          'b/a end to end, ingest included',
          spread(ratios.endToEndToBaseline.throughput, 1),
          spread(ratios.endToEndToBaseline.cpu, 1),
        ],
        [
          'b/c booking alone to the limit',
          spread(ratios.bookingToLimit.throughput, 2),
          spread(ratios.bookingToLimit.cpu, 2),
        ],
      ],
    ),
    ...(noisy
      ? [
          'NOISY: the baseline varied by more than 1.3 between repeats; the ratios to it are not to be trusted, CPU more than throughput.',
        ]
      : []),
    ...(latency === undefined
      ? []
      : [
          `Latency at ${whole(latency.tradesPerSecond)} trades/s, half of the capacity, open loop, ${whole(latency.trades)} trades: ` +
            `p50 ${latency.fromTrade.p50.toFixed(0)}, p95 ${latency.fromTrade.p95.toFixed(0)}, p99 ${latency.fromTrade.p99.toFixed(0)} ms from trade to committed rebate ` +
            `(${latency.fillMs} ms to fill a batch included); from POST: ${latency.fromPost.p50.toFixed(0)}, ${latency.fromPost.p95.toFixed(0)}, ${latency.fromPost.p99.toFixed(0)} ms`,
        ]),
    '',
  ].join('\n');
}

const sizesReport = (sizes: readonly SizeSummary[]): string =>
  table(
    [
      'Cost per trade by size',
      'booking trades/s',
      'CPU us',
      'wall x',
      'CPU x',
      'end to end trades/s',
      'CPU us',
      'wall x',
      'CPU x',
    ],
    sizes.map(({ ibs, booking, endToEnd, bookingCost, endToEndCost }) => [
      `${whole(ibs)} IBs`,
      wholeSpread(booking.tradesPerSecond),
      cpu(booking),
      spread(bookingCost.wall, 2),
      spread(bookingCost.cpu, 2),
      wholeSpread(endToEnd.tradesPerSecond),
      cpu(endToEnd),
      spread(endToEndCost.wall, 2),
      spread(endToEndCost.cpu, 2),
    ]),
  );
