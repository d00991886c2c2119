import { randomBytes } from 'node:crypto';
import { isProblem } from '../../kernel/problem.ts';
import { readConfig } from '../../platform/config.ts';
import { databaseAddress, openPool, poolDefaults } from '../../platform/database.ts';
import type { Logger } from '../../platform/logger.ts';
import { startScratchPostgres } from '../../platform/postgres/index.ts';
import type { CompleteConfig } from '../../platform/secrets.ts';
import { createLogger } from '../../platform/logger.ts';
import { openPlatform } from '../compose.ts';
import { processMetrics, type RoleDeps, startApi, startRelay, startWorker } from '../roles.ts';
import { takeSnapshot } from '../snapshot.ts';
import { openWork } from '../work.ts';

/** The whole product on scratch data, with all its roles in this process. */
export type Installation = {
  readonly deps: RoleDeps;
  /** The port of the API on this machine. */
  readonly port: number;
  /** Where the data and the queue are, for people. */
  readonly places: { readonly database: 'embedded' | 'given'; readonly queue: 'redis' | 'postgres' };
};

/** What the worker tells of each batch that it has booked. */
export type OnBatch = (batch: { readonly trades: number }) => void;

/** Steps that undo what was opened, the last first. */
export type Undo = { readonly push: (step: () => Promise<void>) => void };

const SECRET_BYTES = 32;
const LOOPBACK = '127.0.0.1';

/**
 * Starts an installation that nobody keeps: on an embedded server with scratch data, or under a name of its own on the
 * server of DATABASE_URL and the Redis of REDIS_URL. Everything that it leaves is undone by the steps pushed to `undo`.
 */
export async function openInstallation(
  environment: Readonly<Record<string, string | undefined>>,
  undo: Undo,
  onBatch: OnBatch,
): Promise<Installation> {
  const given = readConfig(environment);
  const log = createLogger({
    level: environment['CASCADE_LOG_LEVEL'] === undefined ? 'error' : given.logLevel,
    role: 'demo',
  });
  const installation = `demo${randomBytes(4).toString('hex')}`;
  const config: CompleteConfig = {
    ...given,
    databaseUrl: given.databaseUrl ?? (await scratchDatabase(undo, log)),
    queueDatabaseUrl: undefined, // The queues of another installation live there.
    installation,
    baseHost: 'localhost',
    port: 0,
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
    operatorToken: randomBytes(SECRET_BYTES).toString('base64url'),
  };
  let isReached = true;
  const { databaseUrl } = given;
  if (databaseUrl !== undefined)
    undo.push(() => (isReached ? dropInstallation(databaseUrl, installation, log) : Promise.resolve()));
  const platform = await openPlatform(config, log, { source: 'given' }).catch((error: unknown) => {
    if (isProblem(error, 'platform.unavailable')) isReached = false; // Then nothing was made there.
    throw error;
  });
  undo.push(platform.close);
  const work = await openWork(platform, config, log);
  undo.push(work.close);
  if (work.store.kind === 'redis')
    undo.push(async () => void (await Promise.all(work.queues.all.map((queue) => queue.obliterate({ force: true })))));
  const metrics = processMetrics(platform, work, () => undefined);
  const deps: RoleDeps = {
    config,
    platform,
    work,
    log,
    relayStats: () => undefined,
    metrics: {
      ...metrics,
      observeBatch: (batch) => {
        metrics.observeBatch(batch);
        onBatch(batch);
      },
    },
  };
  undo.push(startRelay(deps).stop);
  undo.push((await startWorker(deps)).stop);
  const api = await startApi(deps, takeSnapshot(deps, ['api', 'worker', 'relay']), LOOPBACK);
  undo.push(api.stop);
  const database = given.databaseUrl === undefined ? 'embedded' : 'given';
  return { deps, port: api.server.port, places: { database, queue: work.store.kind } };
}

async function scratchDatabase(undo: Undo, log: Logger): Promise<string> {
  const server = await startScratchPostgres({ log: (message) => log.info(message) });
  undo.push(server.stop);
  return server.url;
}

/** Drops the databases and roles of a scratch installation. The template that all installations of a server share stays. */
async function dropInstallation(url: string, installation: string, log: Logger): Promise<void> {
  const address = databaseAddress(url);
  const pool = openPool(
    { ...address, database: address.database === '' ? 'postgres' : address.database },
    { ...poolDefaults, connectionsMax: 1 },
    log,
  );
  try {
    const names = async (catalogue: string, column: string): Promise<string[]> => {
      const found: { rows: { name: string }[] } = await pool.raw('select ?? as name from ?? where starts_with(??, ?)', [
        column,
        catalogue,
        column,
        `${installation}_`,
      ]);
      return found.rows.map(({ name }) => name);
    };
    for (const name of await names('pg_database', 'datname'))
      await pool.raw('drop database if exists ?? with (force)', [name]);
    for (const name of await names('pg_roles', 'rolname')) await pool.raw('drop role if exists ??', [name]);
  } finally {
    await pool.destroy();
  }
}
