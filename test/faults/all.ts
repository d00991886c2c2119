// `npm run faults`: all rounds of the fault cases, then a table of them; ends with 1 on any breach. The cases are the
// same specs that `npm test` runs a few rounds of. FAULT_SEED gives other random choices.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseReport } from './support/rounds.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'cascade-faults-'));
const file = join(folder, 'report.ndjson');
writeFileSync(file, '');

const filters = process.argv.slice(2); // Names of spec files, for instance `crash`; all unless given.
const runner = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'faults', '--fileParallelism=false', ...filters],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FAULT_ROUNDS: 'all', FAULT_REPORT_FILE: file },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
const [code] = (await once(runner, 'exit')) as [number | null];

const reports = readFileSync(file, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as CaseReport);
rmSync(folder, { recursive: true, force: true });
const cells = reports.map(({ name, sentence, rounds, ok, worstMs }) => [
  name,
  String(rounds),
  String(ok),
  `${(worstMs / 1000).toFixed(1)} s`,
  sentence,
]);
const rows = [['case', 'rounds', 'ok', 'worst recovery', 'what'], ...cells];
const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
process.stdout.write(
  `\n${rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`,
);
const isWhole = reports.length > 0 && reports.every(({ rounds, ok }) => rounds === ok);
process.exitCode = code === 0 && isWhole ? 0 : 1;
