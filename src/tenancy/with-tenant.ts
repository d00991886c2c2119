import type { Knex } from 'knex';
import type { TenantId } from '../kernel/ids.ts';
import { Problem } from '../kernel/problem.ts';
import { isUnreachable } from '../platform/database.ts';
import { flushLateWork } from '../platform/late.ts';
import type { ControlTx, TenantTx, WithTenant } from '../platform/tenant-tx.ts';
import { tenancyProblem } from './errors.ts';
import type { PoolCache } from './pools.ts';

/**
 * The only maker of a TenantTx: one transaction on the tenant's own database, whose collected balances and events are
 * written as its last statements. Whose database it is was checked when the connection was made.
 * A database that cannot be reached is `tenancy.database_unavailable` (503, try again).
 */
export function makeWithTenant(pools: PoolCache): WithTenant {
  return (tenantId, origin, work) =>
    pools.use(tenantId, (pool) =>
      unlessUnreachable(tenantId, () =>
        pool.transaction(async (sql) => {
          const tx = { tenantId, sql, late: new Map(), origin } as unknown as TenantTx;
          const result = await work(tx);
          await flushLateWork(tx);
          return result;
        }),
      ),
    );
}

/** Runs work in one transaction of the control database. */
export const makeWithControl =
  (pool: Knex) =>
  <T>(work: (tx: ControlTx) => Promise<T>): Promise<T> =>
    pool.transaction((sql) => work({ sql } as unknown as ControlTx));

async function unlessUnreachable<T>(tenantId: TenantId, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Problem || !isUnreachable(error)) throw error;
    throw tenancyProblem('tenancy.database_unavailable', { cause: error, retryAfterSeconds: 2, tenantId });
  }
}
