import { asAdmin } from '../../src/tenancy/admin.ts';
import type { TestTenant } from './tenancy.ts';

type Place = Pick<TestTenant, 'tenancy' | 'tenant'>;

/**
 * Writes past every guard, as somebody could who has the database: as its administrator, without triggers, foreign keys
 * (which are triggers too) and grants. Check constraints still hold; drop one in the statement if the breach needs it.
 */
export const breach = ({ tenancy, tenant }: Place, sql: string): Promise<void> =>
  asAdmin(tenancy.provisioning, tenant.database, (pool) =>
    pool.transaction(async (trx) => {
      await trx.raw("set local session_replication_role = 'replica'");
      await trx.raw(sql);
    }),
  );

/** Keeps a copy of all rows of a tenant beside them; the answer puts them back, as often as it is called. */
export async function keepRows(place: Place): Promise<() => Promise<void>> {
  const { rows } = await asAdmin(
    place.tenancy.provisioning,
    place.tenant.database,
    (pool): Promise<{ rows: { name: string; kept: string }[] }> =>
      pool.raw(`select format('%I.%I', schemaname, tablename) as name, format('kept.%I', schemaname || '_' || tablename) as kept
                  from pg_tables where schemaname in ('platform', 'clients', 'ledger', 'trading', 'ib', 'commissions', 'payouts')`),
  );
  await breach(
    place,
    ['create schema kept', ...rows.map(({ name, kept }) => `create table ${kept} as table ${name}`)].join('; '),
  );
  const back = rows
    .map(({ name, kept }) => `delete from ${name}; insert into ${name} overriding system value table ${kept}`)
    .join('; ');
  return () => breach(place, back);
}
