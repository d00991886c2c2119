import knex, { type Knex } from 'knex';
import type { Logger } from './logger.ts';
import { columnTypes } from './sql-types.ts';

/** Where a database is and as whom to reach it. */
export type DatabaseAddress = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
};

/** How a pool behaves; all times in milliseconds. */
export type PoolSettings = {
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly acquireTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Checked once for each new physical connection, before anything else runs on it. */
  readonly checkConnection?: (run: (sql: string) => Promise<readonly Record<string, unknown>[]>) => Promise<void>;
};

export const poolDefaults: PoolSettings = {
  connectionsMax: 4,
  connectTimeoutMs: 3_000,
  acquireTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  statementTimeoutMs: 30_000,
};

type RawConnection = {
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
  on(event: 'error', listener: (error: Error) => void): void;
  end(): Promise<void>;
  readonly connection: { readonly stream: { destroy(): void } };
};
type QueryFunction = (...args: readonly unknown[]) => unknown;

/** The server ends a statement at its own time-out; this much later it counts as hanging, and its connection is cut. */
const HANGING_AFTER_MS = 5_000;
const READ_TIMEOUT = 'Query read timeout';

/** Reads `postgres://user:password@host:port/database`. */
export function databaseAddress(url: string): DatabaseAddress {
  const parsed = new URL(url);
  return {
    host: parsed.hostname,
    port: Number(parsed.port === '' ? 5432 : parsed.port),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
  };
}

/** The address as a URL, for packages that take one. */
export const databaseUrl = (address: DatabaseAddress): string =>
  `postgres://${encodeURIComponent(address.user)}:${encodeURIComponent(address.password)}@${address.host}:${address.port}/${encodeURIComponent(address.database)}`;

/** Opens a knex pool; no connection is made before the first use. The caller destroys it. */
export function openPool(address: DatabaseAddress, settings: PoolSettings, log: Logger): Knex {
  return knex({
    client: 'pg',
    log: quietly(log), // Its own words would go to standard output, between a command's results.
    connection: {
      ...address,
      types: columnTypes,
      application_name: 'cascade',
      connectionTimeoutMillis: settings.connectTimeoutMs,
      statement_timeout: settings.statementTimeoutMs,
      query_timeout: settings.statementTimeoutMs === 0 ? 0 : settings.statementTimeoutMs + HANGING_AFTER_MS, // 0: no bound.
      idle_in_transaction_session_timeout: 60_000,
      options: '-c jit=off -c TimeZone=UTC',
      keepAlive: true,
    } as Knex.PgConnectionConfig,
    pool: {
      min: 0,
      max: settings.connectionsMax,
      acquireTimeoutMillis: settings.acquireTimeoutMs,
      idleTimeoutMillis: settings.idleTimeoutMs,
      afterCreate: (connection: RawConnection, done: (error: Error | null, connection: RawConnection) => void) => {
        connection.on('error', (error) =>
          log.warn({ err: error, database: address.database }, 'database connection lost'),
        );
        cutWhenHanging(connection);
        checked(connection, settings).then(
          () => done(null, connection),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), connection),
        );
      },
    },
  });
}

/** What knex says of its own accord; whoever asked gets the error as well. */
function quietly(log: Logger): Knex.Logger {
  const say = (message: unknown): void => log.debug({ err: message }, 'knex');
  return { warn: say, error: say, debug: say, deprecate: (method: string) => log.warn({ method }, 'knex: deprecated') };
}

/** Runs the check of a new connection, with a bound. One that fails is closed here: knex would forget it open. */
async function checked(connection: RawConnection, { checkConnection, connectTimeoutMs }: PoolSettings): Promise<void> {
  if (checkConnection === undefined) return;
  const cut = setTimeout(() => connection.connection.stream.destroy(), connectTimeoutMs);
  try {
    await checkConnection(async (sql) => (await connection.query(sql)).rows);
  } catch (error) {
    await connection.end();
    throw error;
  } finally {
    clearTimeout(cut);
  }
}

/** Cuts a connection whose answer did not come: knex would put it back, and the next user would wait on it in turn. */
function cutWhenHanging(connection: RawConnection): void {
  const raw = connection as unknown as { query: QueryFunction };
  const query = raw.query.bind(connection);
  raw.query = (...args) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return query(...args); // Streams and our own check have bounds of their own.
    return query(...args.slice(0, -1), (error: unknown, ...rest: unknown[]) => {
      if (error instanceof Error && error.message === READ_TIMEOUT) connection.connection.stream.destroy();
      (callback as QueryFunction)(error, ...rest);
    });
  };
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);

/** The driver's code of an error (a five-character SQLSTATE or a system code), if it has one. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Whether the database could not be reached or went away: nothing is known to be wrong with what was asked.
 * SQLSTATE classes 08 (connection), 57P (shutdown, starting up), 53 (out of resources), 3D000 (the database is absent),
 * 55000 (it does not accept connections) and the pool's own time-outs.
 */
export function isUnreachable(error: unknown): boolean {
  const code = sqlStateOf(error);
  if (code !== undefined) {
    if (CONNECTION_CODES.has(code) || /^(08|57P|53)/.test(code) || code === '3D000' || code === '55000') return true;
  }
  if (!(error instanceof Error)) return false;
  if (error.name === 'KnexTimeoutError' || error.name === 'TimeoutError') return true;
  return /Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/i.test(
    error.message,
  );
}

/** Whether trying the same again may succeed: unreachable, serialization failure, deadlock, lock or statement time-out. */
export function isTransient(error: unknown): boolean {
  const code = sqlStateOf(error);
  return isUnreachable(error) || code === '40001' || code === '40P01' || code === '55P03' || code === '57014';
}
