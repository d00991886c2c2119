import type { Knex } from 'knex';
import { flushLateWork } from '../platform/late.ts';
import type { AfterCommit, ControlTx, Origin } from '../platform/tenant-tx.ts';

/** Who acts where nobody says so: the installation itself. */
const ofItself: Origin = { actor: 'cascade', causation: 'installation' };

/**
 * Gives what runs work in one transaction of a database that is no tenant's: the registry, or a catalogue that is compared.
 * Events that it collects are its last statements.
 */
export const makeWithControl =
  (pool: Knex) =>
  async <T>(work: (tx: ControlTx) => Promise<T>, origin: Origin = ofItself): Promise<T> => {
    const afterCommit: AfterCommit = new Map();
    const committed = await pool.transaction(async (sql) => {
      const tx = { sql, late: new Map(), afterCommit, origin } as unknown as ControlTx;
      const result = await work(tx);
      await flushLateWork(tx);
      return result;
    });
    for (const act of afterCommit.values()) act();
    return committed;
  };
