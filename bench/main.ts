import { loadavg } from 'node:os';
import { startPostgresForBench, startRedisForBench } from './cluster.ts';
import { describeMachine } from './machine.ts';
import { readOptions } from './options.ts';
import { reportOf } from './report.ts';
import { runBench } from './run.ts';
import { summarise, type Summary } from './summary.ts';
import { Disagreement } from './verify.ts';
import { benchBrokerage, depthsOf } from './world.ts';

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
    try {
      const result = await runBench({ postgres, redis }, options, say);
      const tree = { ibs: options.ibs, levelsMean: mean, levelsMax: max };
      const summary = summarise(result, { machine, postgres, redis, options, tree, tookSeconds: seconds() });
      process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : reportOf(summary));
      return summary;
    } finally {
      await redis?.stop();
    }
  } finally {
    await postgres.stop();
  }
}

try {
  const { floor, findings } = await main();
  if (floor.missed || findings.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(
    `${error instanceof Disagreement ? `The arms disagree: ${error.message}` : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
