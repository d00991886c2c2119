import type { Knex } from 'knex';
import type { ControlTx } from '../platform/tenant-tx.ts';

/** Runs work in one transaction of a database that is no tenant's to its work: the registry, or a catalogue that is compared. */
export const makeWithControl =
  (pool: Knex) =>
  <T>(work: (tx: ControlTx) => Promise<T>): Promise<T> =>
    pool.transaction((sql) => work({ sql } as unknown as ControlTx));
