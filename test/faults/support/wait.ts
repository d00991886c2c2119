import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is yes; gives how long it took in ms, throws after `withinMs`. */
export async function until(
  what: string,
  withinMs: number,
  isSo: () => Promise<boolean> | boolean,
  everyMs = 40,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    if (await isSo()) return performance.now() - startedMs;
    if (performance.now() - startedMs > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await sleep(everyMs);
  }
}

/** The same promise with a bound. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = sleep(ms, undefined, { signal: late.signal }).then(() =>
    Promise.reject(new Error(`Not within ${ms} ms`)),
  );
  timer.catch(() => undefined);
  return Promise.race([promise, timer]).finally(() => late.abort());
}
