import type { LateWriter, RealmTx } from './tenant-tx.ts';

/**
 * Declares a late writer and gives the function that collects for it. Whatever is collected during a transaction is
 * written by its last statements, in the writers' order. A writer first takes a lock of its own, held to the commit: so
 * what it writes has the order of commits, and as all transactions take these locks last and in one order, none can be
 * part of a deadlock.
 */
export function defineLateWriter<Item, Tx extends RealmTx>(
  name: string,
  order: number,
  write: (tx: Tx, items: readonly Item[]) => Promise<void>,
): (tx: Tx, items: readonly Item[]) => void {
  const writer: LateWriter = { name, order, write: (tx, items) => write(tx as Tx, items as readonly Item[]) };
  return (tx, items) => {
    const waiting = tx.late.get(writer);
    if (waiting === undefined) tx.late.set(writer, [...items]);
    else for (const item of items) waiting.push(item);
  };
}

/** Writes what the transaction collected. Called by `withTenant` right before the commit, by nobody else. */
export async function flushLateWork(tx: RealmTx): Promise<void> {
  const writers = [...tx.late.keys()].sort((left, right) => left.order - right.order);
  for (const writer of writers) {
    const items = tx.late.get(writer) ?? [];
    await writer.write(tx, items);
  }
}

/**
 * Has something done as soon as the transaction has committed, and not at all if it does not: a hint, a nudge. It may be
 * lost (the process may die in between), must return at once and never throw: the caller's answer is not its business.
 */
export function afterCommit(tx: RealmTx, name: string, work: () => void): void {
  tx.afterCommit.set(name, work);
}
