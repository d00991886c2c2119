import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createTenantClient, type TenantResponse } from '../../src/platform/tenant-client.ts';

/** `npm start` as a process. */
export type Started = {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ended: Promise<number | null>;
  readonly said: () => { readonly out: string; readonly err: string };
  readonly get: (path: string, headers?: Record<string, string>) => Promise<TenantResponse>;
  /** Asks /readyz until it says yes or the process ends; the process's words are the error. */
  readonly untilReady: () => Promise<void>;
  readonly stop: (signal: NodeJS.Signals) => Promise<number | null>;
};

const READY_MS_MAX = 60_000;
const POLL_MS = 100;

/** Starts the entry point of `npm start` with nothing in its environment but what is given. */
export function startProduct(port: number, environment: Record<string, string>): Started {
  const child = spawn(process.execPath, [path.resolve('bin/cascade.mjs'), path.resolve('src/main/dev.ts')], {
    env: { PATH: process.env.PATH, PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const client = createTenantClient();
  void ended.then(() => client.close());
  const get: Started['get'] = (route, headers = {}) =>
    client.send({ url: `http://localhost:${port}${route}`, headers, timeoutMs: 2_000 });
  return {
    child,
    port,
    ended,
    said: () => ({ out, err }),
    get,
    untilReady: async () => {
      const deadline = performance.now() + READY_MS_MAX;
      while (performance.now() < deadline && child.exitCode === null) {
        const answer = await get('/readyz').catch(() => undefined); // Nobody listens yet.
        if (answer?.status === 200 && out.includes('Cascade is running')) return;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      throw new Error(`npm start is not ready: ${out}${err}`);
    },
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
