import { countClients } from '../clients/index.ts';
import { countStaff } from '../identity/index.ts';
import type { TenantId } from '../kernel/ids.ts';
import type { Metrics } from '../ops/index.ts';
import type { Logger } from '../platform/logger.ts';
import { type Periodic, periodically } from '../platform/periodic.ts';
import { startWorkers } from '../platform/queue/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import {
  deliverNotices,
  makeDoers,
  noteFigures,
  removeOldExports,
  sweepOperations,
  tellUnexpected,
  tenantOperationHandler,
} from '../tenancy/index.ts';
import { dealCounts } from '../trading/index.ts';
import type { Platform } from './compose.ts';
import { exportsFolderOf } from './folders.ts';
import type { Work } from './work.ts';

/** What work on whole tenants stands on. */
export type TenantsWorkDeps = {
  readonly config: CompleteConfig;
  readonly platform: Pick<Platform, 'tenancy'>;
  readonly work: Pick<Work, 'store' | 'queues'>;
  readonly metrics: Pick<Metrics, 'countJob'>;
  readonly log: Logger;
};

/** Operations on tenants that one worker process does at the same time: each holds a connection of the administrator. */
const CONCURRENCY = 2;
const GRACE_MS = 10_000;
/** How old the figures of a tenant may get, and how many tenants are looked at in one round. */
const FIGURES_AGE_MS = 10 * 60_000;
const FIGURES_MAX = 20;

/** How long operations may be silent; in milliseconds. */
export type TenantsWorkSettings = {
  /** A worker that has not renewed its hold on an operation for this long has lost it. */
  readonly leaseMs: number;
  /** An operation that was put on the queue and not begun for this long is put there again. */
  readonly patienceMs: number;
  /** How often the sweeper looks for such. */
  readonly periodMs: number;
};

/** Work on whole tenants, as a part of the worker: what the queue tells of, and what the sweeper finds. */
export async function startTenantsWork(
  { config, platform, work, metrics, log }: TenantsWorkDeps,
  settings: TenantsWorkSettings = {
    leaseMs: config.jobLockMs,
    patienceMs: config.slotLeaseMs,
    periodMs: config.sweeperPeriodMs,
  },
): Promise<Periodic> {
  const { tenancy } = platform;
  const { withControl, withTenant, withTenantEvenSuspended } = tenancy;
  const places = { tenancy, exportsFolder: exportsFolderOf(config) };
  const tell = (onlyTenantId?: TenantId) => deliverNotices({ withControl, withTenantEvenSuspended, log }, onlyTenantId);
  const handler = tenantOperationHandler({
    withControl,
    doers: makeDoers(places),
    leaseMs: settings.leaseMs,
    log,
    onEnded: ({ tenantId }) =>
      void tell(tenantId).catch((error: unknown) => log.warn({ err: error, tenantId }, 'a tenant is told later')),
  });
  const workers = await startWorkers(work.store, [handler], {
    withTenant,
    log,
    settings: { concurrency: CONCURRENCY, lockMs: config.jobLockMs, stalledCheckMs: config.stalledPeriodMs },
    onEnd: metrics.countJob,
  });
  const countsOf = (tenantId: TenantId) =>
    withTenant(tenantId, { actor: 'usage', causation: 'sample' }, async (tx) => ({
      users: await countStaff(tx),
      clients: await countClients(tx),
      tradesDue: (await dealCounts(tx)).due,
    }));
  const rounds = [
    () => sweepOperations({ withControl, queues: work.queues, log }, settings.patienceMs),
    () => tell(),
    () => tellUnexpected(withControl),
    () => noteFigures({ withControl, withTenant, countsOf, log }, { ageMs: FIGURES_AGE_MS, max: FIGURES_MAX }),
    () => removeOldExports(places),
  ].map((round) => periodically('tenants', settings.periodMs, round, log));
  return {
    stop: async () => {
      for (const round of rounds) await round.stop();
      await workers.close(GRACE_MS);
    },
  };
}
