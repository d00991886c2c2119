import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { databaseAddress, databaseUrl, openPool, poolDefaults } from '../../src/platform/database.ts';
import { openQueues, type Queues, type QueueStore } from '../../src/platform/queue/index.ts';
import { testLog } from './tenancy.ts';

/** Queues of a test, and where a worker of the same test finds them. */
export type TestQueues = Queues & { readonly store: QueueStore };

/** Opens queues in a database of their own on the run's server. */
export async function openTestQueues(names: readonly string[]): Promise<TestQueues> {
  const admin = databaseAddress(inject('adminUrl'));
  const database = `q${randomBytes(4).toString('hex')}`;
  const pool = openPool(admin, { ...poolDefaults, connectionsMax: 1 }, testLog);
  await pool.raw('create database ??', [database]);
  await pool.destroy();
  const store: QueueStore = { kind: 'postgres', url: databaseUrl({ ...admin, database }) };
  return { ...(await openQueues(store, names, testLog)), store };
}
