import { processMetrics, type Role, type RoleDeps, startApi, startRelay, startWorker } from '../../src/main/roles.ts';
import type { Snapshot } from '../../src/ops/index.ts';
import type { Backend, Brokerage, Installation } from '../installation.ts';
import type { Meter, Run } from '../measure.ts';
import { batchesOf, openSender, type Sender } from '../sender.ts';
import type { BenchTrade } from '../deals.ts';

/** The longest that an arm may take. */
const ARM_MS_MAX = 300_000;

/** The running product: API, worker and relay in one process, as `npm start` runs them. */
export type RunningProduct = { readonly port: number; readonly stop: () => Promise<void> };

function depsOf(installation: Installation, backend: Backend, concurrency?: number): RoleDeps {
  const { config, platform, log, works } = installation;
  const work = works.get(backend);
  if (work === undefined) throw new RangeError(`the queues on ${backend} were not opened`);
  const settings = concurrency === undefined ? config : { ...config, commissionsConcurrency: concurrency };
  return {
    config: settings,
    platform,
    work,
    metrics: processMetrics(platform, work, () => undefined),
    relayStats: () => undefined,
    log,
  };
}

const noSnapshot = (): Promise<Snapshot> => Promise.reject(new Error('nobody looks at the start page of a benchmark'));

/** Starts all roles. */
export async function startProduct(installation: Installation, backend: Backend): Promise<RunningProduct> {
  const deps = depsOf(installation, backend);
  const api = await startApi(deps, noSnapshot);
  const roles: Role[] = [await startWorker(deps), startRelay(deps)];
  return {
    port: api.server.port,
    stop: async () => {
      await api.stop();
      for (const role of roles) await role.stop();
    },
  };
}

/** From the first POST to the last booked trade. */
export async function runEndToEnd(
  installation: Installation,
  { backend, brokerage, meter }: { backend: Backend; brokerage: Brokerage; meter: Meter },
  trades: readonly BenchTrade[],
): Promise<Run> {
  const product = await startProduct(installation, backend);
  const sender = openSender(product.port, brokerage.slug, brokerage.source);
  try {
    await warmUp(sender);
    const batches = batchesOf(trades.map(({ line }) => line));
    const { commits } = installation;
    commits.reset(brokerage.tenantId);
    const measured = await meter(async () => {
      const booked = commits.until(brokerage.tenantId, trades.length, ARM_MS_MAX);
      await Promise.all([sender.postAll(batches), booked]);
    });
    return { ...measured, trades: trades.length };
  } finally {
    await sender.close();
    await product.stop();
  }
}

/** Opens connections on the whole way; the batch holds a heartbeat. */
const warmUp = (sender: Sender) =>
  sender.postAll(batchesOf([JSON.stringify({ type: 'heartbeat' }), JSON.stringify({ type: 'heartbeat' })], 1));

/** The booking alone: the deals are stored; from the first job on the queue to the last commit. */
export async function runBooking(
  installation: Installation,
  {
    backend,
    brokerage,
    meter,
    concurrency,
  }: { backend: Backend; brokerage: Brokerage; meter: Meter; concurrency?: number },
  trades: readonly BenchTrade[],
): Promise<Run> {
  const deps = depsOf(installation, backend, concurrency);
  const worker = await startWorker(deps);
  const { commits } = installation;
  try {
    await worker.sweeping.settled(); // A worker looks at all tenants as it starts: it would begin before the clock does.
    await installation.store(
      brokerage,
      trades.map(({ line }) => line),
    );
    commits.reset(brokerage.tenantId);
    const measured = await meter(async () => {
      await deps.work.dispatcher.enqueueDue(brokerage.tenantId);
      await commits.until(brokerage.tenantId, trades.length, ARM_MS_MAX);
    });
    return { ...measured, trades: trades.length };
  } finally {
    await worker.stop();
  }
}

/** Sends what was booked once more, under new batch ids, and says what the feed made of it. */
export async function replay(
  installation: Installation,
  backend: Backend,
  brokerage: Brokerage,
  trades: readonly BenchTrade[],
): Promise<{ lines: number; duplicates: number }> {
  const product = await startProduct(installation, backend);
  const sender = openSender(product.port, brokerage.slug, brokerage.source);
  try {
    const answers = await sender.postAll(batchesOf(trades.map(({ line }) => line)));
    return { lines: trades.length, duplicates: answers.reduce((sum, answer) => sum + answer.duplicates, 0) };
  } finally {
    await sender.close();
    await product.stop();
  }
}
