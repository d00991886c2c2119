import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { databaseAddress } from '../../../src/platform/database.ts';
import { createTenantClient } from '../../../src/platform/tenant-client.ts';
import { QUEUE_SCHEMA } from '../../../src/platform/queue/index.ts';
import { openTenancy, prepareQueueDatabase, type Tenancy } from '../../../src/tenancy/index.ts';
import { testLog } from '../../support/tenancy.ts';
import { type Broker, type BrokerWords, openBroker } from './broker.ts';
import { freePort, postgresQueue, type QueueServer, startRedis } from './queue-server.ts';
import { type RoleProcess, startRole } from './role.ts';

/** The installation's secret in these tests. */
export const SECRET = 'the secret of the fault tests, 0123456789';
const OPERATOR_TOKEN = 'token-of-the-fault-tests-0123456789';

/** Periods short enough that a lost job, place or hint is found again within seconds. */
const SHORT_PERIODS = {
  CASCADE_SLOT_LEASE_MS: '700',
  CASCADE_SWEEPER_PERIOD_MS: '200',
  CASCADE_RELAY_PERIOD_MS: '200',
  CASCADE_VISIT_PERIOD_MS: '1000',
  CASCADE_JOB_LOCK_MS: '1500',
  CASCADE_STALLED_PERIOD_MS: '700',
  CASCADE_REGISTRY_PERIOD_MS: '1000',
} as const;

export type StartOptions = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly plan?: readonly string[];
  readonly preload?: string;
};

/** An installation with two brokerages whose processes come and go. */
export type Stage = {
  readonly installation: string;
  readonly tenancy: Tenancy;
  /** The brokerage that the faults are made for, and another one beside it. */
  readonly acme: Broker;
  readonly zenith: Broker;
  readonly brokers: readonly Broker[];
  readonly queue: QueueServer;
  readonly port: number;
  /** Starts a process; resolves when it has started. */
  readonly start: (role: Role, options?: StartOptions) => Promise<RoleProcess>;
  /** The same without waiting for its start. */
  readonly launch: (role: Role, options?: StartOptions) => RoleProcess;
  /** All processes that were ever started. */
  readonly processes: readonly RoleProcess[];
  /** Trades of both brokerages: so many of acme, a twentieth of that of zenith; pushed to the feed. */
  readonly trade: (count: number, batchLinesMax?: number) => Promise<void>;
  /** What the API tells of itself to Prometheus. */
  readonly metrics: () => Promise<string>;
  /** Kills what still runs of a role. */
  readonly endAll: (role: Role) => Promise<void>;
  readonly close: () => Promise<void>;
};

type Role = 'api' | 'worker' | 'relay';

export type StageOptions = {
  readonly queue?: 'redis' | 'postgres';
  readonly adminUrl?: string;
  readonly ibs?: number;
  readonly clients?: number;
  readonly randomSeed?: number;
  readonly periods?: BrokerWords['periods'];
};

/** Sets a stage up on the run's durable database server, or on the one given. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { adminUrl = inject('adminUrl'), ibs = 30, clients = 60, randomSeed = 1 } = options;
  const installation = `f${randomBytes(4).toString('hex')}`;
  const tenancy = await openTenancy({
    admin: databaseAddress(adminUrl),
    installation,
    secret: SECRET,
    baseHost: 'localhost',
    budget: { connectionsMax: 8, connectionsPerTenantMax: 4, idleCloseMs: 30_000, waitMsMax: 5_000 },
    registryTtlMs: 1_000,
    clock: systemClock,
    log: testLog,
  });
  const acme = await openBroker(tenancy, SECRET, {
    slug: 'acme',
    canary: 'Quokka',
    ibs,
    clients,
    randomSeed,
    periods: options.periods,
  });
  const zenith = await openBroker(tenancy, SECRET, {
    slug: 'zenith',
    canary: 'Numbat',
    ibs: 6,
    clients: 10,
    randomSeed: randomSeed + 1,
  });
  await prepareQueueDatabase(
    { admin: databaseAddress(adminUrl), installation, secret: SECRET, log: testLog },
    QUEUE_SCHEMA,
  );
  const queue = options.queue === 'redis' ? await startRedis() : postgresQueue(adminUrl, installation); // Last: what fails before leaves nothing running.
  const port = await freePort();
  const processes: RoleProcess[] = [];
  const client = createTenantClient();
  const launch: Stage['launch'] = (role, { environment = {}, ...more } = {}) => {
    const started = startRole(role, {
      environment: {
        PATH: process.env.PATH ?? '',
        NODE_COMPILE_CACHE: join(tmpdir(), 'cascade-fault-compile-cache'), // Processes start often here.
        DATABASE_URL: adminUrl,
        CASCADE_SECRET: SECRET,
        CASCADE_OPERATOR_TOKEN: OPERATOR_TOKEN,
        CASCADE_INSTALLATION: installation,
        PORT: role === 'api' ? String(port) : '0',
        ...SHORT_PERIODS,
        ...queue.environment,
        ...environment,
      },
      ...more,
    });
    processes.push(started);
    return started;
  };
  const start: Stage['start'] = async (role, more) => {
    const started = launch(role, more);
    await started.started;
    return started;
  };
  return {
    installation,
    tenancy,
    acme,
    zenith,
    brokers: [acme, zenith],
    queue,
    port,
    start,
    launch,
    processes,
    trade: async (count, batchLinesMax) => {
      await Promise.all([
        acme.push(port, acme.market.trades(count), batchLinesMax),
        zenith.push(port, zenith.market.trades(Math.ceil(count / 20)), batchLinesMax),
      ]);
    },
    metrics: async () => {
      const answer = await client.send({
        url: `http://localhost:${port}/metrics`,
        headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
      });
      if (answer.status !== 200) throw new Error(`/metrics answered ${answer.status}`);
      return answer.text();
    },
    endAll: async (role) => {
      await Promise.all(processes.filter((each) => each.role === role && !each.hasEnded()).map((each) => each.kill()));
    },
    close: async () => {
      await Promise.all(processes.filter((each) => !each.hasEnded()).map((each) => each.stop()));
      await client.close();
      await tenancy.close();
      await queue.stop();
    },
  };
}
