import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

/** What the figures were measured on. */
export type Machine = {
  readonly cores: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly loadBefore: number;
  /** Median of 50. */
  readonly fsyncMs: number;
};

export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  model: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.versions.node,
  loadBefore: loadavg()[0] ?? 0,
  fsyncMs: fsyncMs(),
});

function fsyncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'cascade-bench-'));
  const file = openSync(join(folder, 'fsync'), 'w');
  try {
    const page = Buffer.alloc(8_192, 1);
    const times = Array.from({ length: 50 }, () => {
      writeSync(file, page);
      const startedMs = performance.now();
      fsyncSync(file);
      return performance.now() - startedMs;
    });
    return times.sort((left, right) => left - right)[25] ?? 0;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Linux counts the time of processes in hundredths of a second. */
const TICK_MS = 10;

/** The processor time in ms that a server's process and all its children have used, those that have ended included. */
export function processTreeCpuMs(pid: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields === undefined) continue;
    const [, parent] = fields;
    const used = Number(fields[11]) + Number(fields[12]);
    if (Number(name) === pid) ticks += used + Number(fields[13]) + Number(fields[14]);
    else if (Number(parent) === pid) ticks += used;
  }
  return ticks * TICK_MS;
}

/** The fields of /proc/<pid>/stat behind the name; undefined where the process has just ended. */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
