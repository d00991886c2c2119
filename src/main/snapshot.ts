import { bookingCounts, openDiscrepancies } from '../commissions/index.ts';
import { queueState, type ProcessState, type Snapshot, type TenantCounts, type TenantState } from '../ops/index.ts';
import { recentSums } from '../platform/events/index.ts';
import type { Tenant } from '../tenancy/index.ts';
import { dealCounts } from '../trading/index.ts';
import type { RoleDeps } from './roles.ts';
import { version } from './version.ts';

const LAST_MINUTE_S = 60;
const FAILED_LOOKED_AT_MAX = 200;
const origin = { actor: 'ops', causation: 'snapshot' };

type Recent = { readonly received: number; readonly booked: number; readonly rebates: number; readonly parked: number };
const NOTHING_RECENT: Recent = { received: 0, booked: 0, rebates: 0, parked: 0 };

/** Gives the figures of the start page: this process with its roles, and all tenants, queues and databases that it reaches. */
export function takeSnapshot(deps: RoleDeps, roles: readonly string[]): () => Promise<Snapshot> {
  const startedAt = new Date();
  const processes: ProcessState[] = roles.map((role) => ({
    role,
    state: 'running',
    startedAt,
    detail: `process ${process.pid}`,
  }));
  return async () => {
    const { platform, work, config } = deps;
    const tenants = await platform.tenancy.tenants();
    const looked = await Promise.all(tenants.map((tenant) => lookAt(deps, tenant)));
    const queues = await Promise.all(work.queues.all.map((queue) => queueState(queue, new Date()))).catch(
      () => undefined,
    );
    const relay = deps.relayStats();
    return {
      takenAt: new Date(),
      version,
      processes,
      database: {
        kind: config.databaseUrl === undefined ? 'embedded' : 'external',
        version: await platform.tenancy.withControl(async ({ sql }) => {
          const shown: { rows: { server_version: string }[] } = await sql.raw('show server_version');
          return shown.rows[0]?.server_version ?? '';
        }),
        reachable: true,
      },
      queue: { kind: work.store.kind, reachable: queues !== undefined },
      tenants: looked.map(({ state }) => state),
      queues: queues ?? [],
      lastMinute: { ...sumOf(looked.map(({ recent }) => recent)), failedJobs: await failedLately(deps) },
      relay: { lagEventsMax: relay?.lagEventsMax ?? 0, parked: relay?.parked ?? 0 },
    };
  };
}

/** A tenant and what happened there in the last minute; its counts are null while its database cannot be reached. */
async function lookAt({ platform, log }: RoleDeps, tenant: Tenant): Promise<{ state: TenantState; recent: Recent }> {
  const { slug, name, status } = tenant;
  if (status === 'provisioning') return { state: { slug, name, status, counts: null }, recent: NOTHING_RECENT };
  try {
    return await platform.tenancy.withTenantEvenSuspended(tenant.id, origin, async (tx) => {
      const counts: TenantCounts = {
        ...(await dealCounts(tx)),
        ...(await bookingCounts(tx)),
        discrepancies: await openDiscrepancies(tx),
      };
      const sums = await recentSums(tx, {
        members: ['counts.accepted', 'counts.parked', 'booked', 'unpaid', 'rebates', 'parked'],
        seconds: LAST_MINUTE_S,
      });
      const of = (type: string, member: string): number =>
        Number(sums.find((each) => each.type === type && each.member === member)?.sum ?? 0n);
      const recent = {
        received: of('trading.deals_received', 'counts.accepted') + of('trading.deals_received', 'counts.parked'),
        booked: of('commissions.batch_booked', 'booked') + of('commissions.batch_booked', 'unpaid'),
        rebates: of('commissions.batch_booked', 'rebates'),
        parked: of('trading.deals_received', 'counts.parked') + of('commissions.batch_booked', 'parked'),
      };
      return { state: { slug, name, status, counts }, recent };
    });
  } catch (error) {
    log.warn({ err: error, tenant: slug }, 'a tenant could not be looked at');
    return { state: { slug, name, status, counts: null }, recent: NOTHING_RECENT };
  }
}

async function failedLately({ work, log }: RoleDeps): Promise<number> {
  const since = Date.now() - LAST_MINUTE_S * 1_000;
  try {
    const failed = await Promise.all(
      work.queues.all.map((queue) => queue.getJobs(['failed'], 0, FAILED_LOOKED_AT_MAX, false)),
    );
    return failed.flat().filter((job) => (job.finishedOn ?? 0) > since).length;
  } catch (error) {
    log.warn({ err: error }, 'the failed jobs could not be counted');
    return 0;
  }
}

const sumOf = (all: readonly Recent[]): Recent =>
  all.reduce(
    (left, right) => ({
      received: left.received + right.received,
      booked: left.booked + right.booked,
      rebates: left.rebates + right.rebates,
      parked: left.parked + right.parked,
    }),
    NOTHING_RECENT,
  );
