// `npm run fuzz`: at least 1 000 generated requests to every operation of the API, as callers of several roles, and a table
// of what was answered. Ends with 1 on any 5xx, any answer off the description, anything that shows the inside, any answer
// after more than 2 s, or more than 1 GB of memory. FUZZ_SEED repeats a run; words of the command line choose operations.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from './attack.ts';

const seed = process.env.FUZZ_SEED ?? String(Date.now() % 1_000_000_000);
const inputs = process.env.FUZZ_INPUTS ?? '1000';
const folder = mkdtempSync(join(tmpdir(), 'cascade-fuzz-'));
const file = join(folder, 'report.ndjson');
writeFileSync(file, '');
console.log(`FUZZ_SEED=${seed} FUZZ_INPUTS=${inputs}`);

const names = process.argv.slice(2);
const filter = names.length === 0 ? [] : ['--testNamePattern', `(${names.join('|')})$`];
const runner = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'spec', 'test/fuzz/fuzz.spec.ts', ...filter],
  {
    cwd: join(import.meta.dirname, '../..'),
    stdio: 'inherit',
    // What is kept for good comes to more than this soon enough; what is not is collected in time.
    env: {
      ...process.env,
      NODE_OPTIONS: '--max-old-space-size=512',
      FUZZ_INPUTS: inputs,
      FUZZ_SEED: seed,
      FUZZ_REPORT_FILE: file,
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
const [code] = (await once(runner, 'exit')) as [number | null];

const tallies = readFileSync(file, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Tally & { readonly memoryBytes: number });
rmSync(folder, { recursive: true, force: true });
const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`;
const rows = [
  ['operation', 'inputs', 'p99', 'max', 'memory', 'faults', 'statuses'],
  ...tallies.map(({ operation, inputs: sent, p99Ms, maxMs, memoryBytes, faults, statuses }) => [
    operation,
    String(sent),
    `${Math.round(p99Ms)} ms`,
    `${Math.round(maxMs)} ms`,
    megabytes(memoryBytes),
    String(faults.length),
    Object.entries(statuses)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', '),
  ]),
];
const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
const sum = tallies.reduce((total, each) => total + each.inputs, 0);
const worstMs = Math.max(0, ...tallies.map(({ maxMs }) => maxMs));
console.log(
  `${sum} inputs to ${tallies.length} operations, slowest answer ${Math.round(worstMs)} ms, FUZZ_SEED=${seed}`,
);
process.exitCode = code === 0 && tallies.length > 0 ? 0 : 1;
