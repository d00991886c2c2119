import { constants } from 'node:os';
import { Problem } from '../kernel/problem.ts';
import { readOptions } from './demo/options.ts';
import { runDemo } from './demo/run.ts';

/**
 * `npm run demo`: the main job from nothing to the proof, on data that are removed afterwards. Exit code 0 only if all
 * went well and the proof holds; a signal ends it in order too.
 */
const FORCED_EXIT_MS = 30_000;

const undone: (() => Promise<void>)[] = [];
const stopping = new AbortController();
let signalled: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE' | undefined;

function stop(name: NonNullable<typeof signalled>): void {
  if (signalled !== undefined) return; // A terminal and npm both send it: the first one counts.
  signalled = name;
  process.stderr.write('Stopping: the scratch data are removed.\n');
  setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
  stopping.abort();
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop(name));
process.stdout.on('error', () => stop('SIGPIPE')); // Nobody reads any more, as behind `| head`.

try {
  const options = readOptions(process.argv.slice(2));
  if (options !== undefined)
    await runDemo({
      options,
      environment: process.env,
      undo: { push: (step) => void undone.push(step) },
      signal: stopping.signal,
      print: (text) => void process.stdout.write(text),
    });
} catch (error) {
  process.exitCode = 1;
  if (signalled === undefined) process.stderr.write(`${sentenceOf(error)}\n`);
}
for (const undo of undone.reverse())
  await undo().catch((error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`While cleaning up: ${sentenceOf(error)}\n`);
  });
process.exit(signalled === undefined ? (process.exitCode ?? 0) : 128 + constants.signals[signalled]);

function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
