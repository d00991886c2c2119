import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../../..');
const START_MS_MAX = 60_000;
const LINES_KEPT = 50_000;

/** A process of the product that a test starts, kills and listens to. */
export type RoleProcess = {
  readonly role: string;
  readonly pid: number;
  /** All that it said, newest last. */
  readonly lines: readonly string[];
  readonly hasEnded: () => boolean;
  /** Resolves when the process has said that it started; rejects when it ended before. */
  readonly started: Promise<void>;
  readonly ended: Promise<void>;
  readonly kill: () => Promise<void>;
  /** Ends it as an operator would; gives the exit code. */
  readonly stop: () => Promise<number | null>;
};

export type RoleOptions = {
  readonly environment: Readonly<Record<string, string>>;
  /** Lines of a fault plan (test/support/fault-points.ts). */
  readonly plan?: readonly string[];
  /** Run before the program, for example a clock that can be moved. */
  readonly preload?: string;
};

/** Starts `npm run api`, `worker` or `relay` as the test build: the same program with the named points in it. */
export function startRole(role: 'api' | 'worker' | 'relay', options: RoleOptions): RoleProcess {
  const { environment, plan = [], preload } = options;
  const args = [
    '--conditions=fault-test',
    ...(preload === undefined ? [] : ['--import', preload]),
    `src/main/${role}.ts`,
  ];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...environment, ...(plan.length > 0 && { FAULT_PLAN_FILE: planFile(plan) }) },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const lines: string[] = [];
  const started = Promise.withResolvers<void>();
  started.promise.catch(() => undefined); // Whoever does not wait for the start hears of its failure by the exit.
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    if (line.includes(`"started":"${role}"`)) started.resolve();
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const timer = setTimeout(
    () => started.reject(new Error(`${role} did not start: ${lines.slice(-20).join('\n')}`)),
    START_MS_MAX,
  );
  void exited
    .then(() => started.reject(new Error(`${role} ended: ${lines.slice(-20).join('\n')}`)))
    .finally(() => clearTimeout(timer));
  void started.promise.then(
    () => clearTimeout(timer),
    () => undefined,
  );
  return {
    role,
    pid: child.pid ?? -1,
    lines,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    started: started.promise,
    ended: exited.then(() => undefined),
    kill: () => end(child, exited, 'SIGKILL').then(() => undefined),
    stop: () => end(child, exited, 'SIGTERM'),
  };
}

async function end(
  child: ChildProcess,
  exited: Promise<[number | null]>,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<number | null> {
  child.kill(signal); // Nothing happens where it has ended already.
  const [code] = await exited;
  return code;
}

function planFile(plan: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'cascade-fault-plan-')), 'plan');
  writeFileSync(file, plan.join('\n'));
  return file;
}
