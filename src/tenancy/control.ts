import type { Knex } from 'knex';
import { type DatabaseAddress, isUnreachable, openPool, poolDefaults, sqlStateOf } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { asAdmin, ensureRole, exists, underLock } from './admin.ts';
import { tenancyProblem } from './errors.ts';
import { migrate, migrationFolder } from './migrations.ts';
import { controlPassword, scramVerifier, secretCheck } from './passwords.ts';
import type { Provisioning } from './provision.ts';
import { controlNamesOf } from './rules.ts';
import { APP_GROUP } from './template.ts';

/** The control role may hold this many connections over all processes: each process has a pool of four. */
const CONNECTIONS_MAX = 200;
/** The registry is asked small questions only; one that takes longer means that its server is in trouble. */
const STATEMENT_TIMEOUT_MS = 5_000;

/** Where the control database is and what the passwords derive from. */
export type ControlPlace = {
  readonly admin: DatabaseAddress;
  readonly installation: string;
  readonly secret: string;
  readonly log: Logger;
};

/**
 * Makes the control database and the role that applications enter it with, or brings them up to date, as the
 * administrator. A process with another secret is refused before it could set another password.
 */
export async function prepareControl(place: ControlPlace, deps: Provisioning): Promise<void> {
  const { database, appRole } = controlNamesOf(place.installation);
  await underLock(deps, database, async (pool) => {
    if (!(await exists(pool, 'select 1 from pg_database where datname = ?', [database])))
      await pool.raw(`create database ?? encoding 'UTF8' template template0`, [database]);
    await pool.raw('revoke all on database ?? from public', [database]);
    await ensureRole(pool, APP_GROUP, 'nologin'); // Migrations grant to it.
    await migrate(deps, database, migrationFolder('control'));
    await asAdmin(deps, database, (control) => keepSecretCheck(control, place));
    await ensureRole(pool, appRole, `login connection limit ${CONNECTIONS_MAX} in role ${APP_GROUP}`);
    await pool.raw(`alter role ?? password '${scramVerifier(controlPassword(place.secret))}'`, [appRole]);
    await pool.raw('grant connect on database ?? to ??', [database, appRole]);
  });
}

/** The control database as applications enter it; no connection is made before the first use. */
export function openControl({ admin, installation, secret, log }: ControlPlace): Knex {
  const { database, appRole } = controlNamesOf(installation);
  const { host, port } = admin;
  return openPool(
    { host, port, database, user: appRole, password: controlPassword(secret) },
    { ...poolDefaults, statementTimeoutMs: STATEMENT_TIMEOUT_MS },
    log,
  );
}

/** Remembers what the installation was made with, the first time; refuses another secret afterwards. */
async function keepSecretCheck(control: Knex, place: ControlPlace): Promise<void> {
  const check = secretCheck(place.secret);
  await control.raw('insert into control.installation (secret_check) values (?) on conflict do nothing', [check]);
  const kept: { rows: { secret_check: Buffer }[] } = await control.raw('select secret_check from control.installation');
  refuseOtherSecret(place, kept.rows[0]?.secret_check);
}

/** Refuses a secret that is not the one from which the passwords of the installation's databases derive. */
export function refuseOtherSecret({ secret, installation }: ControlPlace, kept: Buffer | undefined): void {
  if (kept?.equals(secretCheck(secret)) === true) return;
  throw tenancyProblem('tenancy.secret_changed', {
    detail: `The passwords of the installation ${installation} derive from another CASCADE_SECRET`,
  });
}

/** What is wrong where a process without the administrator's rights is not let into the control database. */
export function inWordsOfControl(error: unknown, { admin, installation }: ControlPlace): unknown {
  const state = sqlStateOf(error) ?? '';
  const { database, appRole } = controlNamesOf(installation);
  if (state.startsWith('28') || ['3D000', '42501', '42P01', '3F000'].includes(state))
    return tenancyProblem('tenancy.control_refused', {
      cause: error,
      detail: `${appRole} in ${database} at ${admin.host}:${admin.port}. Run npm run migrate first, with the same CASCADE_SECRET`,
    });
  return isUnreachable(error)
    ? tenancyProblem('tenancy.registry_unavailable', { cause: error, retryAfterSeconds: 2 })
    : error;
}
