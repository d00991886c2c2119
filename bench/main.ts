import { loadavg } from 'node:os';
import { type Postgres, type RedisServer, startPostgresForBench, startRedisForBench } from './cluster.ts';
import { describeMachine } from './machine.ts';
import { readOptions } from './options.ts';
import { reportOf } from './report.ts';
import { runBench } from './run.ts';
import { benchSimulation, simulationReport } from './simulate.ts';
import { summarise, type Summary } from './summary.ts';
import { Disagreement } from './verify.ts';
import { benchBrokerage, depthsOf } from './world.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `npm run bench`: the product beside the baseline and the limit, on servers of its own. */
async function main(): Promise<Summary> {
  const options = readOptions(process.argv.slice(2));
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const say = (words: string): void =>
    void process.stderr.write(`${seconds().toFixed(0).padStart(4)} s  ${words} (load ${loadavg()[0]?.toFixed(1)})\n`);
  const machine = describeMachine();
  const { mean, max } = depthsOf(benchBrokerage(options.ibs, 1));
  const postgres = await startPostgresForBench();
  try {
    const redis = await startRedisForBench();
    const interrupted = (): void => void stopAll(postgres, redis);
    for (const signal of SIGNALS) process.once(signal, interrupted);
    try {
      const result = await runBench({ postgres, redis }, options, say);
      const tree = { ibs: options.ibs, levelsMean: mean, levelsMax: max };
      const summary = summarise(result, { machine, postgres, redis, options, tree, tookSeconds: seconds() });
      process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : reportOf(summary));
      return summary;
    } finally {
      for (const signal of SIGNALS) process.off(signal, interrupted);
      await redis?.stop();
    }
  } finally {
    await postgres.stop();
  }
}

/** `npm run bench -- simulate`: how fast the published plan is simulated over the trades that it booked (100 000 unless told). */
async function simulate(args: readonly string[]): Promise<void> {
  const { trades = 100_000, ibs, json } = readOptions(args);
  const startedMs = performance.now();
  const say = (words: string): void =>
    void process.stderr.write(
      `${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${words} (load ${loadavg()[0]?.toFixed(1)})\n`,
    );
  const postgres = await startPostgresForBench();
  const interrupted = (): void => void stopAll(postgres, undefined);
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    const runs = await benchSimulation(postgres, { trades, ibs }, say);
    process.stdout.write(json ? `${JSON.stringify({ machine: describeMachine(), runs })}\n` : simulationReport(runs));
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    await postgres.stop();
  }
}

/** An interrupted benchmark leaves no server behind. */
async function stopAll(postgres: Postgres, redis: RedisServer | undefined): Promise<void> {
  await Promise.allSettled([redis?.stop(), postgres.stop()]);
  process.exit(130);
}

try {
  const [first, ...args] = process.argv.slice(2);
  if (first === 'simulate') await simulate(args);
  else {
    const { floor, findings } = await main();
    if (floor.missed || findings.length > 0) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(
    `${error instanceof Disagreement ? `The arms disagree: ${error.message}` : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
