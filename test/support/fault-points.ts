import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a test build does at a named point: reads the plan in FAULT_PLAN_FILE and pauses, fails, blocks or dies there.
 * The file holds lines `<point> <action> [times]`; an action used up is not repeated. Times are in milliseconds.
 */
type Action = { readonly point: string; readonly action: string; readonly argumentMs: number; left: number };

const actions: Action[] = [];
let loaded = false;

function load(): void {
  loaded = true;
  const file = process.env.FAULT_PLAN_FILE;
  if (file === undefined || file === '') return;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [point, action, argument = '0', times = '1'] = line.trim().split(/\s+/);
    if (point !== undefined && action !== undefined)
      actions.push({ point, action, argumentMs: Number(argument), left: Number(times) });
  }
  rmSync(file, { force: true }); // A process that is started again runs without.
}

/** Stands in for src/platform/fault-points.ts under `--conditions=fault-test`. */
export async function reach(point: string): Promise<void> {
  if (!loaded) load();
  const due = actions.find((each) => each.point === point && each.left > 0);
  if (due === undefined) return;
  due.left -= 1;
  if (due.action === 'kill') process.kill(process.pid, 'SIGKILL');
  else if (due.action === 'pause') await sleep(due.argumentMs);
  else if (due.action === 'block') block(due.argumentMs);
  else if (due.action === 'fail') throw new Error(`fault at ${point}`);
}

/** Blocks the event loop, so that no lock is renewed and no answer is sent meanwhile. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
