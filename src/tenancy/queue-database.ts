import { databaseUrl } from '../platform/database.ts';
import { asAdmin, ensureRole, exists, underLock } from './admin.ts';
import type { ControlPlace } from './control.ts';
import { queuePassword, scramVerifier } from './passwords.ts';

/** The address of the queues' own database and role, where there is no Redis. */
export function queueDatabaseUrl({ admin: { host, port }, installation, secret }: ControlPlace): string {
  const { database, role } = namesOfQueue(installation);
  return databaseUrl({ host, port, database, user: role, password: queuePassword(secret) });
}

/**
 * Makes the queues' database and the role that owns what is in it, as the administrator. Queues that an earlier version
 * kept there as somebody else are thrown away: the sweepers fill them again.
 */
export async function prepareQueueDatabase(place: ControlPlace, schema: string): Promise<void> {
  const { database, role } = namesOfQueue(place.installation);
  await underLock(place, database, async (pool) => {
    await ensureRole(pool, role, 'login');
    await pool.raw(`alter role ?? password '${scramVerifier(queuePassword(place.secret))}'`, [role]);
    if (!(await exists(pool, 'select 1 from pg_database where datname = ?', [database])))
      await pool.raw('create database ??', [database]);
    await pool.raw('revoke all on database ?? from public', [database]);
    // BullMQ adds jobs in bulk through a temporary table.
    await pool.raw('grant connect, create, temporary on database ?? to ??', [database, role]);
    await asAdmin(place, database, async (own) => {
      const question = 'select 1 from pg_namespace where nspname = ? and nspowner <> ?::regrole';
      if (await exists(own, question, [schema, role])) await own.raw('drop schema ?? cascade', [schema]);
    });
  });
}

const namesOfQueue = (installation: string): { database: string; role: string } => ({
  database: `${installation}_queue`,
  role: `${installation}_queue_app`,
});
