import path from 'node:path';
import { systemClock, type Clock } from '../kernel/clock.ts';
import type { Config } from '../platform/config.ts';
import { type DatabaseAddress, databaseAddress, openPool, poolDefaults } from '../platform/database.ts';
import { platformProblem } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { findPostgres, keepPostgres, startPostgres } from '../platform/postgres/index.ts';
import { type CompleteConfig, completeConfig } from '../platform/secrets.ts';
import { openTenancy, type Tenancy, type TenancySettings } from '../tenancy/index.ts';

/**
 * Where the database comes from. `given`: from DATABASE_URL, or the start is refused (production roles). `own`: without
 * DATABASE_URL this process starts the embedded server and holds it (`npm start`). `shared`: without DATABASE_URL it
 * uses the embedded server that runs, or starts it for as long as it needs it itself (commands).
 */
export type DatabaseSource = 'given' | 'own' | 'shared';

/** Whether a process makes and changes databases, or only enters them with the applications' roles. */
export type DatabaseAccess = NonNullable<TenancySettings['access']>;

/** What every process stands on. */
export type Platform = {
  /** Where the cluster is, and its administrator where the process has one. */
  readonly admin: DatabaseAddress;
  readonly access: DatabaseAccess;
  readonly tenancy: Tenancy;
  /** Closes the ways to the databases, then the embedded server if it was started here. May be called again. */
  readonly close: () => Promise<void>;
};

/**
 * The configuration with its secrets, by where the process's database comes from: production roles take them from the
 * environment only; where the database is embedded they are made if they are missing; a command on a given database
 * never makes them, because that database may have been made with others.
 */
export function settleConfig(config: Config, source: DatabaseSource): CompleteConfig {
  if (source === 'given') return completeConfig(config, 'required');
  return completeConfig(config, source === 'shared' && config.databaseUrl !== undefined ? 'kept' : 'generated');
}

/** How to open; `onDatabaseLost` is told when an own embedded server ended and could not be started again. */
export type OpeningOptions = {
  readonly source: DatabaseSource;
  /** The administrator's, unless given. */
  readonly access?: DatabaseAccess;
  readonly clock?: Clock;
  /** How long one statement on a tenant's database may take, where that is more than usual. */
  readonly statementMsMax?: number;
  readonly onDatabaseLost?: (error: unknown) => void;
};

/** Connects to the database or starts it, and opens the tenants. What was begun before a failure is closed again. */
export async function openPlatform(
  config: CompleteConfig,
  log: Logger,
  { source, access = 'administrator', clock = systemClock, statementMsMax, onDatabaseLost }: OpeningOptions,
): Promise<Platform> {
  const server = await openServer(config, log, source, onDatabaseLost);
  try {
    const tenancy = await openTenancy({
      admin: server.admin,
      access,
      installation: config.installation,
      secret: config.secret,
      baseHost: config.baseHost,
      budget: {
        connectionsMax: config.connectionsMax,
        connectionsPerTenantMax: config.connectionsPerTenantMax,
        idleCloseMs: config.poolIdleCloseMs,
        waitMsMax: config.poolWaitMsMax,
      },
      registryTtlMs: config.registryPeriodMs,
      ...(statementMsMax !== undefined && { statementMsMax }),
      clock,
      log,
    });
    let closed: Promise<void> | undefined;
    const closeAll = async (): Promise<void> => {
      try {
        await tenancy.close();
      } finally {
        await server.stop();
      }
    };
    return { admin: server.admin, access, tenancy, close: () => (closed ??= closeAll()) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

type Server = { readonly admin: DatabaseAddress; readonly stop: () => Promise<void> };

const nothingToStop = (): Promise<void> => Promise.resolve();

async function openServer(
  config: Config,
  log: Logger,
  source: DatabaseSource,
  onLost: (error: unknown) => void = (error) => log.fatal({ err: error }, 'the embedded PostgreSQL is lost'),
): Promise<Server> {
  if (config.databaseUrl !== undefined) return { admin: addressOf(config.databaseUrl), stop: nothingToStop };
  if (source === 'given') {
    throw platformProblem('platform.config_invalid', {
      detail: 'DATABASE_URL is not set. Only npm start brings a database of its own',
    });
  }
  const dataDir = path.resolve(config.dataFolder, 'postgres');
  const found = source === 'shared' ? await findPostgres(dataDir) : undefined;
  if (found !== undefined) return { admin: addressOf(found.url), stop: nothingToStop };
  const options = { dataDir, log: (message: string) => log.info(message) };
  const onEnded = (pid: number): void => log.warn({ pid }, 'the embedded PostgreSQL has ended; it is started again');
  const server = await (source === 'own' ? keepPostgres({ ...options, onEnded, onLost }) : startPostgres(options));
  const admin = addressOf(server.url);
  try {
    await closeCommonDatabases(admin, log);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { admin, stop: server.stop };
}

/** Every role may enter these two unless it is forbidden; on our own server nobody but the administrator has business there. */
async function closeCommonDatabases(admin: DatabaseAddress, log: Logger): Promise<void> {
  const pool = openPool(admin, { ...poolDefaults, connectionsMax: 1 }, log);
  try {
    await pool.raw('revoke connect on database postgres, template1 from public');
  } finally {
    await pool.destroy();
  }
}

/** An address without a database means the one that every server has. */
function addressOf(url: string): DatabaseAddress {
  const address = databaseAddress(url);
  return address.database === '' ? { ...address, database: 'postgres' } : address;
}
