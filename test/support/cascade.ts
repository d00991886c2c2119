import { spawn } from 'node:child_process';
import path from 'node:path';

/** What a run of the command line ended with. */
export type Run = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs the real command line as a process, with nothing in its environment but what is given. */
export function cascade(
  args: readonly string[],
  environment: Record<string, string>,
  file = 'src/main/cli.ts',
): Promise<Run> {
  const child = spawn(process.execPath, [path.resolve('bin/cascade.mjs'), path.resolve(file), ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}
