import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The account a child runs as; undefined means the account of this process. */
export type Account = { readonly uid: number; readonly gid: number; readonly name: string };

/** Whether a process still runs; one that ended and only waits for its parent to look (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
    return state !== 'Z' && state !== 'X';
  } catch {
    return false; // No such entry: no such process.
  }
}

/** The server processes of a data folder: each works in it, so this finds even what outlived its postmaster. */
export function serverProcesses(cluster: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => isServerOf(pid, cluster));
}

/** Whether a process is a living PostgreSQL process of this data folder, and not another that was given the same number. */
export function isServerOf(pid: number, cluster: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) !== cluster) return false;
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === 'postgres' && isAlive(pid);
  } catch {
    return false; // It has ended since, or belongs to another account and cannot be ours.
  }
}

/** Asks `holds` every `periodMs` until it says yes; false once `timeoutMs` have passed. */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number,
  periodMs = 20,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await holds()) return true;
    await sleep(periodMs);
  }
  return holds();
}

/** Sends a signal; a process that has ended in the meantime needs none. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends processes by each signal in turn, waiting `waitMs` after each; gives those that are still there. */
export async function endProcesses(
  pids: readonly number[],
  steps: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[],
): Promise<number[]> {
  const left = (): number[] => pids.filter(isAlive);
  for (const step of steps) {
    for (const pid of left()) signal(pid, step.signal);
    if (await waitUntil(() => left().length === 0, step.waitMs)) return [];
  }
  return left();
}

/** Runs a program to its end under an account, in a clean environment; `failed` carries the reason if it could not be started. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly account: Account | undefined; readonly cwd: string; readonly timeoutMs: number },
): Promise<{ readonly exitCode: number | null; readonly output: string; readonly failed?: NodeJS.ErrnoException }> {
  const child = spawn(program, [...args], {
    cwd: options.cwd,
    env: serverEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    ...idsOf(options.account),
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-10_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve) => {
    child.once('error', (failed) => resolve({ exitCode: null, output, failed }));
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}

/** The server's environment: nothing of ours leaks into it, and its messages are in English, whatever the machine speaks. */
export const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC' };

/** The part of spawn's options that names the account. */
export const idsOf = (account: Account | undefined): { uid?: number; gid?: number } =>
  account === undefined ? {} : { uid: account.uid, gid: account.gid };
