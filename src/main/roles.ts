import { systemClock } from '../kernel/clock.ts';
import type { TenantId } from '../kernel/ids.ts';
import { PayableAccounts, PlanBooks, tradeExecutedHandler } from '../commissions/index.ts';
import { type HttpServer, makeLimit, serve } from '../http/index.ts';
import {
  BOARD_PATH,
  chainHeadConsumer,
  createMetrics,
  makeHeadKeeper,
  type Metrics,
  queueBoard,
  queueState,
  type Snapshot,
} from '../ops/index.ts';
import { makeSealer } from '../platform/crypto.ts';
import { type Relay, type RelayStats, runRelay, takeHints } from '../platform/events/index.ts';
import type { Logger } from '../platform/logger.ts';
import { openCounter } from '../platform/limits.ts';
import { operatorGuard } from '../platform/operator-token.ts';
import { periodically } from '../platform/periodic.ts';
import { startWorkers } from '../platform/queue/index.ts';
import { Rounds } from '../platform/rounds/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import { createApi } from './api-app.ts';
import type { Platform } from './compose.ts';
import { mainProblem } from './errors.ts';
import { startHouseKeeping } from './house-keeping.ts';
import { openIdentity } from './identity.ts';
import { openLive } from './live.ts';
import { mailWork, sendMailOf } from './mail.ts';
import { startSettling } from './settling.ts';
import { taskKindsOf } from './task-kinds.ts';
import { startTasksWork } from './tasks.ts';
import { startTenantsWork } from './tenants.ts';
import type { Work } from './work.ts';

/** What every role is made of. */
export type RoleDeps = {
  readonly config: CompleteConfig;
  readonly platform: Platform;
  readonly work: Work;
  readonly metrics: Metrics;
  /** The relay of this process, if it has one. */
  readonly relayStats: () => RelayStats | undefined;
  readonly log: Logger;
};

/** A running role; `stop` lets what is at hand finish, within a bound. */
export type Role = { readonly name: string; readonly stop: () => Promise<void>; readonly relay?: Relay };

const GRACE_MS = 10_000;
const HINTS_MAX = 500;
/** Tenants that relay and sweeper of one process visit at the same time. */
const VISITS_MAX = 4;
const BACKOFF_MS = 500;
const EVERY_ADDRESS = '0.0.0.0';

/** The sealer of the feed sources' secrets. */
export const sourceSealer = (config: CompleteConfig) => makeSealer(config.secret, 'trading.sources');

/** The metrics of a process that may have all roles. */
export const processMetrics = (platform: Platform, work: Work, relayStats: () => RelayStats | undefined): Metrics =>
  createMetrics({
    queues: () => Promise.all(work.queues.all.map((queue) => queueState(queue, new Date()))),
    pools: () => platform.tenancy.poolStats(),
    relay: () => relayStats() ?? { waiting: 0, active: 0, handled: 0, parked: 0, failingTenants: 0, lagEventsMax: 0 },
  });

/** Answers HTTP: the API on every host, the feed on tenants' hosts; health, metrics, start page and queue board on the bare host. */
export async function startApi(
  deps: RoleDeps,
  snapshot: () => Promise<Snapshot>,
  address = EVERY_ADDRESS,
): Promise<Role & { readonly server: HttpServer }> {
  const { config, platform, work, metrics, log } = deps;
  const { tenancy } = platform;
  const running: { server?: HttpServer } = {};
  const counter = openCounter(config.redisUrl, config.installation, log);
  const sendMail = sendMailOf(config, work.nudgeMail);
  const limit = makeLimit(counter, config.signInsMax);
  const identity = openIdentity({ tenancy, config, sendMail, limit, quotas: work.quotas, log });
  const live = openLive({ tenancy, identity, log });
  const app = createApi(
    {
      tenancy,
      config,
      clock: systemClock,
      sealerOf: (purpose) => makeSealer(config.secret, purpose),
      isOperator: operatorGuard(config.operatorToken),
      metrics,
      snapshot,
      isDraining: () => running.server?.isDraining() ?? false,
      checks: {
        database: async () => void (await tenancy.tenants()),
        queue: work.queues.ping,
        migrations: tenancy.checkMigrations,
      },
      announceTrades: (tenantId) => announce(deps, tenantId),
      nudgeOperation: work.nudgeOperation,
      quotas: work.quotas,
      usage: work.usage,
      sendMail,
      counter,
      identity,
      live,
      log,
    },
    [{ path: BOARD_PATH, handler: queueBoard(work.queues.all) }],
  );
  const listening = await listen(app, {
    host: address,
    port: config.port,
    graceMs: GRACE_MS,
    drainMs: 0,
    problemsUrl: config.problemsUrl,
    clock: systemClock,
    log,
  });
  running.server = listening;
  const stop = async (): Promise<void> => {
    live.stop();
    await listening.stop();
    counter.close();
  };
  return { name: 'api', server: listening, stop };
}

/** Listens; `main.port_in_use` where somebody else does already. */
async function listen(...[app, settings]: Parameters<typeof serve>): Promise<HttpServer> {
  try {
    return await serve(app, settings);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw mainProblem('main.port_in_use', {
      detail: `${settings.port}. Stop it, or give another port: PORT=3001 npm start`,
      cause: error,
    });
  }
}

/**
 * Puts a tenant's new trades on the queue and tells the relay of their event. If the queue is away, a hint to the sweeper is
 * left in its place.
 */
async function announce({ work }: RoleDeps, tenantId: TenantId): Promise<void> {
  work.hints.add(tenantId, 'relay');
  try {
    await work.dispatcher.enqueueDue(tenantId);
  } catch (error) {
    work.hints.add(tenantId, 'sweeper');
    throw error;
  }
}

/** Books due trades, delivers mails, and sweeps up what no job speaks for. */
export async function startWorker(deps: RoleDeps): Promise<Role & { readonly sweeping: Rounds }> {
  const { config, platform, work, metrics, log } = deps;
  const { withTenant } = platform.tenancy;
  const handler = tradeExecutedHandler({
    withTenant,
    memory: { books: new PlanBooks(), payables: new PayableAccounts() },
    dispatcher: work.dispatcher,
    log,
    onBooked: (tenantId, outcome, durationMs) => {
      work.hints.add(tenantId, 'relay');
      if (outcome.claimed > 0) metrics.observeBatch({ trades: outcome.claimed, durationMs });
      metrics.countTrades('booked', outcome.booked + outcome.unpaid);
      metrics.countTrades('parked', outcome.parked);
      if (outcome.claimed > 0) work.usage.add(tenantId, 'trades', outcome.claimed);
    },
  });
  const workers = await startWorkers(work.store, [handler], {
    withTenant,
    log,
    settings: {
      concurrency: config.commissionsConcurrency,
      lockMs: config.jobLockMs,
      stalledCheckMs: config.stalledPeriodMs,
    },
    onEnd: metrics.countJob,
  });
  const mail = mailWork(deps);
  const sweeping = new Rounds({
    name: 'sweeper',
    tenantIds: () => activeTenants(platform),
    takeHints: () => takeHints(platform.tenancy.withControl, 'sweeper', HINTS_MAX),
    visit: async (tenantId) => {
      await work.dispatcher.sweep(tenantId);
      return { again: false, ...(await mail.sweep(tenantId)) };
    },
    settings: {
      sweepMs: config.visitPeriodMs,
      hintPollMs: config.sweeperPeriodMs,
      concurrency: VISITS_MAX,
      backoffMs: BACKOFF_MS,
    },
    log,
  });
  await mail.start((tenantId) => sweeping.nudge(tenantId));
  const tenants = await startTenantsWork({ config, platform, work, metrics, log });
  const kinds = taskKindsOf({ sealerOf: (purpose) => makeSealer(config.secret, purpose) });
  const tasks = await startTasksWork({ config, platform, work, metrics, log }, kinds);
  const settling = startSettling(deps);
  const houseKeeping = startHouseKeeping(platform.tenancy, log);
  return {
    name: 'worker',
    sweeping,
    stop: async () => {
      await sweeping.stop();
      await mail.stop();
      await tenants.stop();
      await settling.stop();
      await tasks.stop();
      await houseKeeping.stop();
      await workers.close(GRACE_MS);
    },
  };
}

/** Hands events to their consumers. */
export function startRelay({ config, platform, log }: RoleDeps): Role {
  const { withTenant, withControl } = platform.tenancy;
  const relay = runRelay({
    withTenant,
    withControl,
    tenantIds: () => activeTenants(platform),
    consumers: [chainHeadConsumer(withControl)],
    settings: { sweepMs: config.visitPeriodMs, hintPollMs: config.relayPeriodMs, concurrency: VISITS_MAX },
    log,
  });
  const heads = periodically('heads', config.visitPeriodMs, makeHeadKeeper(platform.tenancy, log), log);
  return {
    name: 'relay',
    relay,
    stop: async () => {
      await heads.stop();
      await relay.stop();
    },
  };
}

const activeTenants = async ({ tenancy }: Platform) =>
  (await tenancy.tenants()).filter((tenant) => tenant.status === 'active').map((tenant) => tenant.id);
