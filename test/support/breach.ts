import { asAdmin } from '../../src/tenancy/admin.ts';
import type { TestTenant } from './tenancy.ts';

/**
 * Writes past every guard, as somebody could who has the database: as its administrator, without triggers, foreign keys
 * (which are triggers too) and grants. Check constraints still hold; drop one in the statement if the breach needs it.
 */
export const breach = ({ tenancy, tenant }: Pick<TestTenant, 'tenancy' | 'tenant'>, sql: string): Promise<void> =>
  asAdmin(tenancy.provisioning, tenant.database, (pool) =>
    pool.transaction(async (trx) => {
      await trx.raw("set local session_replication_role = 'replica'");
      await trx.raw(sql);
    }),
  );
