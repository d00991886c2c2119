import { AsyncLocalStorage } from 'node:async_hooks';

type Counter = { queries: number };

const current = new AsyncLocalStorage<Counter>();

/** Called by `query()` before each statement. Outside of `countQueries` it does nothing. */
export function noteQuery(): void {
  const counter = current.getStore();
  if (counter !== undefined) counter.queries += 1;
}

/**
 * Runs work and counts the named statements that it sends, those of transactions it awaits included: a request that
 * asks the database once per row shows up as a number. `counter` may be read at any time, also after a failure.
 */
export function countQueries<T>(work: (counter: Readonly<Counter>) => Promise<T>): Promise<T> {
  const counter: Counter = { queries: 0 };
  return current.run(counter, () => work(counter));
}
