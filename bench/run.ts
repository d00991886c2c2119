import { bookDeals, runBaseline } from './arms/baseline.ts';
import { type Mark, markOf, runLimit } from './arms/limit.ts';
import { replay, runBooking, runEndToEnd } from './arms/product.ts';
import { type Backend, type Brokerage, type Installation, openInstallation } from './installation.ts';
import type { Postgres, RedisServer } from './cluster.ts';
import type { BenchTrade } from './deals.ts';
import { type Latency, measureLatency } from './latency.ts';
import { type Meter, meterOf, type Run, spreadOf, tradesPerSecond } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { copiedSums, countsOf, Disagreement, mustAgree, findingsOf, mustBalance, storedSums } from './verify.ts';
import { benchBrokerage } from './world.ts';

const SEED = 20_261_120;

/** The repeats of each arm on one backend, in the order of the repeats. */
export type BackendRuns = {
  readonly backend: Backend;
  readonly baselineConcurrency: number;
  readonly concurrencies: readonly { readonly concurrency: number; readonly tradesPerSecond: number }[];
  readonly baseline: Run[];
  readonly booking: Run[];
  readonly endToEnd: Run[];
  readonly limit: Run[];
  latency: Latency | undefined;
};

/** The cost of a trade with so many IBs. */
export type SizeRuns = { readonly ibs: number; readonly booking: Run[]; readonly endToEnd: Run[] };

/** The booking alone by the number of batches that are booked at once. */
export type ConnectionRuns = { readonly connections: number; readonly booking: Run[] };

export type BenchResult = { readonly backends: BackendRuns[]; readonly sizes: SizeRuns[]; readonly connections: ConnectionRuns[]; readonly findings: readonly string[] };

export type Say = (words: string) => void;

type World = { readonly installation: Installation; readonly meter: Meter; readonly options: BenchOptions; readonly say: Say };

/** Runs everything; a figure that does not agree with the reference ends it with a Disagreement. */
export async function runBench(servers: { postgres: Postgres; redis: RedisServer | undefined }, options: BenchOptions, say: Say): Promise<BenchResult> {
  const backends = options.backends.filter((backend) => backend === 'postgres' || servers.redis !== undefined);
  const installation = await openInstallation(servers.postgres, servers.redis, backends);
  const world: World = { installation, meter: meterOf(servers.postgres, servers.redis), options, say };
  try {
    const arms = await openArms(world);
    const runs: BackendRuns[] = [];
    for (const backend of backends) runs.push(await chooseBaseline(world, arms, backend));
    for (let repeat = 0; repeat < options.repeats; repeat += 1)
      for (const run of rotated(runs, repeat)) await runRepeat(world, arms, run, repeat);
    for (const run of runs) run.latency = await latencyOf(world, arms, run);
    const findings: string[] = [];
    for (const brokerage of [arms.baseline, arms.booking, arms.endToEnd]) findings.push(...(await findingsOf(installation, brokerage)));
    const [backend = 'postgres'] = backends;
    const connections = options.full ? await compareConnections(world, arms, backend) : [];
    const sizes = await compareSizes(world, backend);
    return { backends: runs, sizes, connections, findings };
  } finally {
    await installation.close();
  }
}

const rotated = <Item>(items: readonly Item[], by: number): Item[] => items.map((_item, place) => items[(place + by) % items.length] as Item);

type Arms = { readonly baseline: Brokerage; readonly booking: Brokerage; readonly endToEnd: Brokerage; readonly limit: Brokerage };

/** One brokerage per arm: the same tree, clients, plan, agreements and deals. Some trades are booked by the product before. */
async function openArms({ installation, options, say }: World): Promise<Arms> {
  const seed = benchBrokerage(options.ibs, SEED);
  const open = async (slug: string): Promise<Brokerage> => {
    say(`${slug}: ${options.ibs} IBs, ${seed.clients.length} clients`);
    const brokerage = await installation.createBrokerage(slug, seed, SEED);
    await installation.store(brokerage, brokerage.deals.opens());
    return brokerage;
  };
  const arms = { baseline: await open('baseline'), booking: await open('booking'), endToEnd: await open('product'), limit: await open('limit') };
  for (const brokerage of [arms.baseline, arms.booking, arms.endToEnd]) await prefill(installation, brokerage, options.prefillTrades);
  const meter = meterOf(installation.postgres, installation.redis);
  await runLimit(installation, { from: arms.booking, into: arms.limit, since: { batch: 0n, transfer: 0n, event: 0n }, meter }, options.prefillTrades);
  for (const brokerage of Object.values(arms)) await analyse(installation, brokerage);
  return arms;
}

async function prefill(installation: Installation, brokerage: Brokerage, count: number): Promise<void> {
  const [backend = 'postgres'] = installation.works.keys();
  const meter = meterOf(installation.postgres, installation.redis);
  await runBooking(installation, { backend, brokerage, meter }, brokerage.deals.trades(count));
}

const analyse = async ({ postgres }: Installation, { database }: Brokerage): Promise<void> => {
  await postgres.admin(database).query('vacuum (analyze)');
};

/** Tries the baseline with 4, 8 and 16 trades at once, and goes on with the best. */
async function chooseBaseline(world: World, arms: Arms, backend: Backend): Promise<BackendRuns> {
  const { installation, meter, options } = world;
  const tried: { concurrency: number; tradesPerSecond: number }[] = [];
  for (const concurrency of [4, 8, 16]) {
    const trades = arms.baseline.deals.trades(Math.max(1, Math.ceil(options.baselineTrades / 2)));
    const run = await runBaseline(installation, { backend, brokerage: arms.baseline, meter, concurrency }, trades);
    tried.push({ concurrency, tradesPerSecond: tradesPerSecond(run) });
    world.say(`${backend} baseline with ${concurrency} at once: ${tradesPerSecond(run).toFixed(0)} trades/s`);
  }
  const [best] = [...tried].sort((left, right) => right.tradesPerSecond - left.tradesPerSecond);
  return {
    backend, baselineConcurrency: best?.concurrency ?? 8, concurrencies: tried,
    baseline: [], booking: [], endToEnd: [], limit: [], latency: undefined,
  };
}

/** One repeat of every arm; the order turns from repeat to repeat. The limit copies what this repeat's booking left. */
async function runRepeat(world: World, arms: Arms, runs: BackendRuns, repeat: number): Promise<void> {
  const { installation, meter, options } = world;
  const { backend, baselineConcurrency: concurrency } = runs;
  const baseline = async (): Promise<void> => {
    const trades = arms.baseline.deals.trades(options.baselineTrades);
    runs.baseline.push(await runBaseline(installation, { backend, brokerage: arms.baseline, meter, concurrency }, trades));
    await check(world, 'baseline', arms.baseline, trades);
    if (repeat === 0) await replayBaseline(world, { backend, brokerage: arms.baseline, concurrency }, trades);
  };
  const endToEnd = async (): Promise<void> => {
    const trades = arms.endToEnd.deals.trades(options.trades);
    runs.endToEnd.push(await runEndToEnd(installation, { backend, brokerage: arms.endToEnd, meter }, trades));
    await check(world, 'end to end', arms.endToEnd, trades);
    if (repeat === 0) await replayProduct(world, { backend, brokerage: arms.endToEnd }, trades);
  };
  const bookingAndLimit = async (): Promise<void> => {
    const since = await markOf(installation, arms.booking);
    const trades = arms.booking.deals.trades(options.trades);
    runs.booking.push(await runBooking(installation, { backend, brokerage: arms.booking, meter }, trades));
    await check(world, 'booking', arms.booking, trades);
    await limit(since, trades);
  };
  const limit = async (since: Mark, trades: readonly BenchTrade[]): Promise<void> => {
    runs.limit.push(await runLimit(installation, { from: arms.booking, into: arms.limit, since, meter }, trades.length));
    mustAgree('limit', arms.limit.seed, trades, await copiedSums(installation, arms.limit, since.batch));
    await mustBalance('limit', installation, arms.limit);
  };
  for (const arm of rotated([baseline, endToEnd, bookingAndLimit], repeat)) await arm();
  const told = { baseline: runs.baseline, booking: runs.booking, 'end to end': runs.endToEnd, limit: runs.limit };
  const words = Object.entries(told).map(([name, all]) => `${name} ${tradesPerSecond(all.at(-1) as Run).toFixed(0)}`);
  world.say(`${backend} repeat ${repeat + 1}: ${words.join(', ')} trades/s`);
}

async function check({ installation }: World, arm: string, brokerage: Brokerage, trades: readonly BenchTrade[]): Promise<void> {
  mustAgree(arm, brokerage.seed, trades, await storedSums(installation, brokerage, trades));
  await mustBalance(arm, installation, brokerage);
}

/** Everything that was sent is sent again, under new batch ids. */
async function replayProduct({ installation, options }: World, on: { backend: Backend; brokerage: Brokerage }, trades: readonly BenchTrade[]): Promise<void> {
  const before = await countsOf(installation, on.brokerage);
  const again = trades.slice(0, Math.max(1, Math.ceil(options.trades / 4)));
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
  const { rows } = await installation.postgres.admin(on.brokerage.database).query<{ key: string }>(
    'select key from trading.deals where ticket between $1 and $2',
    [String(trades[0]?.ticket ?? 0), String(trades.at(-1)?.ticket ?? 0)],
  );
  await bookDeals(installation, { ...on, meter }, rows.slice(0, 500).map(({ key }) => BigInt(key)));
  if ((await countsOf(installation, on.brokerage)) !== before) throw new Disagreement('baseline: trades booked twice');
}

async function latencyOf({ installation, options, say }: World, arms: Arms, { backend, endToEnd }: BackendRuns): Promise<Latency> {
  const capacity = spreadOf(endToEnd.map(tradesPerSecond)).median;
  const latency = await measureLatency(installation, {
    backend,
    brokerage: arms.endToEnd,
    tradesPerSecond: capacity / 2,
    seconds: options.latencySeconds,
  });
  say(`${backend} latency at ${latency.tradesPerSecond} trades/s: p50 ${latency.fromTrade.p50.toFixed(1)}, p99 ${latency.fromTrade.p99.toFixed(1)} ms`);
  return latency;
}

async function compareConnections({ installation, meter, options }: World, arms: Arms, backend: Backend): Promise<ConnectionRuns[]> {
  const all: ConnectionRuns[] = [1, 2, 4].map((connections) => ({ connections, booking: [] }));
  for (let repeat = 0; repeat < options.repeats; repeat += 1)
    for (const { connections, booking } of rotated(all, repeat)) {
      const trades = arms.booking.deals.trades(options.sizeTrades);
      booking.push(await runBooking(installation, { backend, brokerage: arms.booking, meter, concurrency: connections }, trades));
    }
  return all;
}

/** The same trades on trees of different sizes: one brokerage for each, all repeats interleaved. */
async function compareSizes(world: World, backend: Backend): Promise<SizeRuns[]> {
  const { installation, meter, options, say } = world;
  const all: (SizeRuns & { readonly brokerage: Brokerage })[] = [];
  for (const ibs of options.sizes) {
    say(`cost of a trade with ${ibs} IBs`);
    const brokerage = await installation.createBrokerage(`size-${ibs}`, benchBrokerage(ibs, SEED), SEED);
    await installation.store(brokerage, brokerage.deals.opens());
    await prefill(installation, brokerage, options.prefillTrades);
    await analyse(installation, brokerage);
    all.push({ ibs, booking: [], endToEnd: [], brokerage });
  }
  for (let repeat = 0; repeat < options.repeats; repeat += 1)
    for (const { ibs, brokerage, booking, endToEnd } of rotated(all, repeat)) {
      const first = brokerage.deals.trades(options.sizeTrades);
      booking.push(await runBooking(installation, { backend, brokerage, meter }, first));
      await check(world, `booking with ${ibs} IBs`, brokerage, first);
      const second = brokerage.deals.trades(options.sizeTrades);
      endToEnd.push(await runEndToEnd(installation, { backend, brokerage, meter }, second));
      await check(world, `end to end with ${ibs} IBs`, brokerage, second);
    }
  return all.map(({ ibs, booking, endToEnd }) => ({ ibs, booking, endToEnd }));
}
