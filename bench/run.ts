import { bookDeals, runBaseline } from './arms/baseline.ts';
import { type Mark, markOf, runLimit } from './arms/limit.ts';
import { replay, runBooking, runEndToEnd } from './arms/product.ts';
import { type Backend, type Brokerage, openInstallation } from './installation.ts';
import type { Postgres, RedisServer } from './cluster.ts';
import type { BenchTrade } from './deals.ts';
import { compareConnections, compareSizes, type ConnectionRuns, type SizeRuns } from './sizes.ts';
import { analyse, check, prefill, rotated, type Say, SEED, type World } from './steps.ts';
import { type Latency, measureLatency } from './latency.ts';
import { meterOf, type Run, spreadOf, tradesPerSecond } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { copiedSums, countsOf, Disagreement, findingsOf, mustAgree, mustBalance } from './verify.ts';
import { benchBrokerage } from './world.ts';

/** The repeats of each arm on one backend, in the order of the repeats. */
export type BackendRuns = {
  readonly backend: Backend;
  readonly baselineConcurrency: number;
  readonly baselineTrades: number;
  readonly concurrencies: readonly { readonly concurrency: number; readonly tradesPerSecond: number }[];
  readonly baseline: Run[];
  readonly booking: Run[];
  readonly endToEnd: Run[];
  readonly limit: Run[];
  latency: Latency | undefined;
};

export type BenchResult = {
  readonly backends: BackendRuns[];
  readonly sizes: SizeRuns[];
  readonly connections: ConnectionRuns[];
  readonly findings: readonly string[];
};

/** Runs everything; a figure that does not agree with the reference ends it with a Disagreement. */
export async function runBench(
  servers: { postgres: Postgres; redis: RedisServer | undefined },
  options: BenchOptions,
  say: Say,
): Promise<BenchResult> {
  const backends = options.backends.filter((backend) => backend === 'postgres' || servers.redis !== undefined);
  const installation = await openInstallation(servers.postgres, servers.redis, backends);
  const world: World = { installation, meter: meterOf(servers.postgres, servers.redis), options, say };
  try {
    const arms = await openArms(world);
    const trades = options.trades ?? amount(arms.prefilledPerSecond * options.armSeconds, TRADES_BOUNDS);
    const runs: BackendRuns[] = [];
    for (const backend of backends) runs.push(await chooseBaseline(world, arms, backend));
    for (let repeat = 0; repeat < options.repeats; repeat += 1)
      for (const run of rotated(runs, repeat)) await runRepeat(world, arms, run, { repeat, trades });
    for (const run of runs) run.latency = await latencyOf(world, arms, run);
    const findings: string[] = [];
    for (const brokerage of [arms.baseline, arms.booking, arms.endToEnd])
      findings.push(...(await findingsOf(installation, brokerage)));
    const [backend = 'postgres'] = backends;
    const connections = options.full
      ? await compareConnections(world, arms.booking, { backend, trades: Math.ceil(trades / 2) })
      : [];
    const sizes = await compareSizes(world, { backend, trades: Math.ceil(trades / 3) });
    return { backends: runs, sizes, connections, findings };
  } finally {
    await installation.close();
  }
}

type Arms = {
  readonly baseline: Brokerage;
  readonly booking: Brokerage;
  readonly endToEnd: Brokerage;
  readonly limit: Brokerage;
  /** How fast the first trades were booked, from which the number of trades of an arm follows. */
  readonly prefilledPerSecond: number;
};

/** An arm has as many trades as should take the time that it is given, within these. */
const TRADES_BOUNDS = { from: 5_000, to: 400_000 };
const BASELINE_BOUNDS = { from: 200, to: 50_000 };
const BASELINE_PROBE = 400;
const amount = (wanted: number, { from, to }: { from: number; to: number }): number =>
  Math.max(from, Math.min(to, Math.ceil(wanted / 100) * 100));

/** One brokerage per arm: the same tree, clients, plan, agreements and deals. Some trades are booked by the product before. */
async function openArms({ installation, options, say }: World): Promise<Arms> {
  const seed = benchBrokerage(options.ibs, SEED);
  const open = async (slug: string): Promise<Brokerage> => {
    say(`${slug}: ${options.ibs} IBs, ${seed.clients.length} clients`);
    const brokerage = await installation.createBrokerage(slug, seed, SEED);
    return brokerage;
  };
  const arms = {
    baseline: await open('baseline'),
    booking: await open('booking'),
    endToEnd: await open('product'),
    limit: await open('limit'),
  };
  const rates: number[] = [];
  for (const brokerage of [arms.baseline, arms.booking, arms.endToEnd])
    rates.push(tradesPerSecond(await prefill(installation, brokerage, options.prefillTrades)));
  const meter = meterOf(installation.postgres, installation.redis);
  await runLimit(
    installation,
    { from: arms.booking, into: arms.limit, since: { batch: 0n, transfer: 0n, event: 0n }, meter },
    options.prefillTrades,
  );
  for (const brokerage of [arms.baseline, arms.booking, arms.endToEnd, arms.limit])
    await analyse(installation, brokerage);
  return { ...arms, prefilledPerSecond: Math.max(...rates) };
}

/** Tries the baseline with 4, 8 and 16 trades at once, and goes on with the best. */
async function chooseBaseline(world: World, arms: Arms, backend: Backend): Promise<BackendRuns> {
  const { installation, meter, options } = world;
  const tried: { concurrency: number; tradesPerSecond: number }[] = [];
  for (const concurrency of [4, 8, 16]) {
    const trades = await installation.nextTrades(arms.baseline, options.baselineTrades ?? BASELINE_PROBE);
    const run = await runBaseline(installation, { backend, brokerage: arms.baseline, meter, concurrency }, trades);
    tried.push({ concurrency, tradesPerSecond: tradesPerSecond(run) });
    world.say(`${backend} baseline with ${concurrency} at once: ${tradesPerSecond(run).toFixed(0)} trades/s`);
  }
  const [best] = [...tried].sort((left, right) => right.tradesPerSecond - left.tradesPerSecond);
  return {
    backend,
    baselineConcurrency: best?.concurrency ?? 8,
    baselineTrades:
      options.baselineTrades ?? amount((best?.tradesPerSecond ?? 0) * options.armSeconds, BASELINE_BOUNDS),
    concurrencies: tried,
    baseline: [],
    booking: [],
    endToEnd: [],
    limit: [],
    latency: undefined,
  };
}

/** One repeat of every arm; the order turns from repeat to repeat. The limit copies what this repeat's booking left. */
async function runRepeat(
  world: World,
  arms: Arms,
  runs: BackendRuns,
  { repeat, trades: count }: { repeat: number; trades: number },
): Promise<void> {
  const { installation, meter } = world;
  const { backend, baselineConcurrency: concurrency, baselineTrades } = runs;
  const baseline = async (): Promise<void> => {
    const trades = await installation.nextTrades(arms.baseline, baselineTrades);
    runs.baseline.push(
      await runBaseline(installation, { backend, brokerage: arms.baseline, meter, concurrency }, trades),
    );
    await check(world, 'baseline', arms.baseline, trades);
    if (repeat === 0) await replayBaseline(world, { backend, brokerage: arms.baseline, concurrency }, trades);
  };
  const endToEnd = async (): Promise<void> => {
    const trades = await installation.nextTrades(arms.endToEnd, count);
    runs.endToEnd.push(await runEndToEnd(installation, { backend, brokerage: arms.endToEnd, meter }, trades));
    await check(world, 'end to end', arms.endToEnd, trades);
    if (repeat === 0) await replayProduct(world, { backend, brokerage: arms.endToEnd }, trades);
  };
  const bookingAndLimit = async (): Promise<void> => {
    const since = await markOf(installation, arms.booking);
    const trades = await installation.nextTrades(arms.booking, count);
    runs.booking.push(await runBooking(installation, { backend, brokerage: arms.booking, meter }, trades));
    await check(world, 'booking', arms.booking, trades);
    await limit(since, trades);
  };
  const limit = async (since: Mark, trades: readonly BenchTrade[]): Promise<void> => {
    runs.limit.push(
      await runLimit(installation, { from: arms.booking, into: arms.limit, since, meter }, trades.length),
    );
    mustAgree('limit', arms.limit.seed, trades, await copiedSums(installation, arms.limit, since.batch));
    await mustBalance('limit', installation, arms.limit);
  };
  for (const arm of rotated([baseline, endToEnd, bookingAndLimit], repeat)) await arm();
  const told = { baseline: runs.baseline, booking: runs.booking, 'end to end': runs.endToEnd, limit: runs.limit };
  const words = Object.entries(told).map(([name, all]) => `${name} ${tradesPerSecond(all.at(-1) as Run).toFixed(0)}`);
  world.say(`${backend} repeat ${repeat + 1}: ${words.join(', ')} trades/s`);
}

/** Everything that was sent is sent again, under new batch ids. */
async function replayProduct(
  { installation }: World,
  on: { backend: Backend; brokerage: Brokerage },
  trades: readonly BenchTrade[],
): Promise<void> {
  const before = await countsOf(installation, on.brokerage);
  const again = trades.slice(0, Math.ceil(trades.length / 4));
  const { lines, duplicates } = await replay(installation, on.backend, on.brokerage, again);
  if (duplicates !== lines || (await countsOf(installation, on.brokerage)) !== before)
    throw new Disagreement(`end to end: of ${lines} lines sent again ${duplicates} were known`);
}

async function replayBaseline(
  { installation, meter }: World,
  on: { backend: Backend; brokerage: Brokerage; concurrency: number },
  trades: readonly BenchTrade[],
): Promise<void> {
  const before = await countsOf(installation, on.brokerage);
  const { rows } = await installation.postgres
    .admin(on.brokerage.database)
    .query<{ key: string }>('select key from trading.deals where ticket between $1 and $2', [
      String(trades[0]?.ticket ?? 0),
      String(trades.at(-1)?.ticket ?? 0),
    ]);
  await bookDeals(
    installation,
    { ...on, meter },
    rows.slice(0, 500).map(({ key }) => BigInt(key)),
  );
  if ((await countsOf(installation, on.brokerage)) !== before) throw new Disagreement('baseline: trades booked twice');
}

async function latencyOf(
  { installation, options, say }: World,
  arms: Arms,
  { backend, endToEnd }: BackendRuns,
): Promise<Latency> {
  const capacity = spreadOf(endToEnd.map(tradesPerSecond)).median;
  const latency = await measureLatency(installation, {
    backend,
    brokerage: arms.endToEnd,
    tradesPerSecond: capacity / 2,
    seconds: options.latencySeconds,
  });
  say(
    `${backend} latency at ${latency.tradesPerSecond} trades/s: p50 ${latency.fromTrade.p50.toFixed(1)}, p99 ${latency.fromTrade.p99.toFixed(1)} ms`,
  );
  return latency;
}
