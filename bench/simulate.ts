import { z } from 'zod';
import { simulation } from '../src/commissions/index.ts';
import { query } from '../src/platform/query.ts';
import { requestTask, runTask } from '../src/platform/tasks/index.ts';
import type { Postgres } from './cluster.ts';
import { type Brokerage, type Installation, openInstallation } from './installation.ts';
import { type Measured, meterOf } from './measure.ts';
import { analyse, prefill, type Say, SEED } from './steps.ts';
import { Disagreement } from './verify.ts';
import { benchBrokerage } from './world.ts';

/** Trades that are booked before, at a time. */
const CHUNK = 50_000;
const MEMORY_PERIOD_MS = 100;
/** The first trades, by their closes 40 ms apart. */
const MARGIN_TRADES = 1_000;
const MARGIN_TO = '2026-11-02T00:00:40.000Z';

/** What a simulation of the published plan over the trades that it booked took. */
export type SimulationRun = Measured & {
  readonly trades: number;
  readonly margin: boolean;
  /** The most memory that the process had, and what it had when the simulation began; in bytes. */
  readonly memoryMax: number;
  readonly memoryBefore: number;
};

const Result = z.object({ trades: z.int(), changed: z.int() });
const taskRow = query(
  'bench.task',
  z.object({ state: z.string(), problem: z.unknown(), result: z.unknown() }),
  `select state, problem, result from platform.tasks where id = :id`,
);

/** Books so many trades, and times simulations of them: what is published already, which must change nothing to the unit. */
export async function benchSimulation(
  postgres: Postgres,
  { trades, ibs }: { readonly trades: number; readonly ibs: number },
  say: Say,
): Promise<SimulationRun[]> {
  const installation = await openInstallation(postgres, undefined, ['postgres']);
  try {
    const brokerage = await installation.createBrokerage('simulated', benchBrokerage(ibs, SEED), SEED);
    say(`${ibs} IBs; ${trades} trades are booked first`);
    for (let booked = 0; booked < trades; booked += CHUNK)
      await prefill(installation, brokerage, Math.min(CHUNK, trades - booked));
    await analyse(installation, brokerage);
    const runs: SimulationRun[] = [];
    // Each client of the benchmark has one position, closed in parts: the later a close, the more legs its charges are added from.
    const asked = [
      { trades, margin: false, to: '2027-09-01T00:00:00.000Z' },
      { trades: Math.min(trades, MARGIN_TRADES), margin: true, to: MARGIN_TO },
    ];
    for (const each of asked) {
      const run = await simulated(installation, brokerage, each);
      const words = each.margin ? 'with' : 'without';
      say(`${words} spread and commission: ${((each.trades / run.wallMs) * 1000).toFixed(0)} trades/s`);
      runs.push(run);
    }
    return runs;
  } finally {
    await installation.close();
  }
}

async function simulated(
  { platform, postgres, log }: Installation,
  { tenantId }: Brokerage,
  { trades, margin, to }: { readonly trades: number; readonly margin: boolean; readonly to: string },
): Promise<SimulationRun> {
  const { withTenant } = platform.tenancy;
  const origin = { actor: 'bench', causation: 'simulate' };
  const range = { from: '2026-10-01T00:00:00Z', to };
  const id = await withTenant(tenantId, origin, (tx) => requestTask(tx, simulation, { ...range, margin }));
  const memoryBefore = process.memoryUsage.rss();
  let memoryMax = memoryBefore;
  const watching = setInterval(() => (memoryMax = Math.max(memoryMax, process.memoryUsage.rss())), MEMORY_PERIOD_MS);
  const measured = await meterOf(
    postgres,
    undefined,
  )(() => runTask({ withTenant, kinds: [simulation], leaseMs: 60_000, log }, tenantId, id));
  clearInterval(watching);
  const [task] = await withTenant(tenantId, origin, (tx) => taskRow(tx, { id }));
  if (task?.state !== 'done')
    throw new Disagreement(`the simulation is ${task?.state}: ${JSON.stringify(task?.problem)}`);
  const result = Result.parse(task.result);
  if (result.trades !== trades || result.changed !== 0)
    throw new Disagreement(
      `of ${result.trades} trades (${trades} were booked) ${result.changed} came to something else`,
    );
  return { ...measured, trades, margin, memoryBefore, memoryMax };
}

const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(0);

/** The figures for people. */
export const simulationReport = (runs: readonly SimulationRun[]): string =>
  runs
    .map(
      ({ trades, margin, wallMs, nodeMs, postgresMs, memoryBefore, memoryMax }) =>
        `simulate ${trades} trades ${margin ? 'with' : 'without'} spread and commission: ${(wallMs / 1000).toFixed(1)} s, ` +
        `${((trades / wallMs) * 1000).toFixed(0)} trades/s, CPU of a trade ${(((nodeMs + postgresMs) / trades) * 1000).toFixed(0)} µs ` +
        `(${((nodeMs / trades) * 1000).toFixed(0)} here), memory ${mib(memoryBefore)} to ${mib(memoryMax)} MiB\n`,
    )
    .join('');
