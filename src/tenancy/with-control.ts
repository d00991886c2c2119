import type { Knex } from 'knex';
import { flushLateWork } from '../platform/late.ts';
import type { ControlTx, Origin } from '../platform/tenant-tx.ts';

/** Who acts where nobody says so: the installation itself. */
const ofItself: Origin = { actor: 'cascade', causation: 'installation' };

/**
 * Gives what runs work in one transaction of a database that is no tenant's: the registry, or a catalogue that is compared.
 * Events that it collects are its last statements.
 */
export const makeWithControl =
  (pool: Knex) =>
  <T>(work: (tx: ControlTx) => Promise<T>, origin: Origin = ofItself): Promise<T> =>
    pool.transaction(async (sql) => {
      const tx = { sql, late: new Map(), origin } as unknown as ControlTx;
      const result = await work(tx);
      await flushLateWork(tx);
      return result;
    });
