import { z } from 'zod';
import { query } from './query.ts';
import type { LateWriter, TenantTx } from './tenant-tx.ts';

/** One lock for all late writes of a tenant's database: hot rows are taken in one order, so nothing can deadlock. */
const takeLateLock = query('platform.late_lock', z.object({}), `select from pg_advisory_xact_lock(7205001)`);

/**
 * Declares a late writer and gives the function that collects for it. Whatever is collected during a transaction is
 * written by its last statements, in the writers' order, under one advisory lock held until the commit.
 */
export function defineLateWriter<Item>(
  name: string,
  order: number,
  write: (tx: TenantTx, items: readonly Item[]) => Promise<void>,
): (tx: TenantTx, items: readonly Item[]) => void {
  const writer: LateWriter = { name, order, write: (tx, items) => write(tx, items as readonly Item[]) };
  return (tx, items) => {
    const waiting = tx.late.get(writer);
    if (waiting === undefined) tx.late.set(writer, [...items]);
    else for (const item of items) waiting.push(item);
  };
}

/** Writes what the transaction collected. Called by `withTenant` right before the commit, by nobody else. */
export async function flushLateWork(tx: TenantTx): Promise<void> {
  if (tx.late.size === 0) return;
  await takeLateLock(tx, {});
  const writers = [...tx.late.keys()].sort((left, right) => left.order - right.order);
  for (const writer of writers) {
    const items = tx.late.get(writer) ?? [];
    await writer.write(tx, items);
  }
}
