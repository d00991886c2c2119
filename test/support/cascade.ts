import { spawn } from 'node:child_process';
import path from 'node:path';
import { runCli } from '../../src/main/cli/program.ts';

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

/** The same within this process, for tests of what commands do: a process of its own for each takes a second to start. */
export async function cascadeHere(args: readonly string[], environment: Record<string, string>): Promise<Run> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    environment,
    write: (text) => (out += text),
    writeError: (text) => (err += text),
  });
  return { code, out, err };
}
