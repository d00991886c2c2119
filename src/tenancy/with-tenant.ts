import type { TenantId } from '../kernel/ids.ts';
import { Problem } from '../kernel/problem.ts';
import { isUnreachable, sqlStateOf } from '../platform/database.ts';
import { flushLateWork } from '../platform/late.ts';
import type { Logger } from '../platform/logger.ts';
import type { AfterCommit, Origin, TenantTx, WithTenant } from '../platform/tenant-tx.ts';
import { Breaker } from './breaker.ts';
import { tenancyProblem } from './errors.ts';
import type { PoolCache } from './pools.ts';
import type { Tenant } from './types.ts';

/** What the answer 503 asks the caller to wait, and for which nobody else tries either. */
const RETRY_AFTER_SECONDS = 2;

/** How long a tenant's database is waited for, in milliseconds. */
export type Patience = {
  /** For a new connection. */
  readonly connectMsMax: number;
  /** For one of the tenant's connections to be free. */
  readonly acquireMsMax: number;
  /** For a transaction to begin once the pool is there: a connection, its check, BEGIN. */
  readonly beginMsMax: number;
};

export const patienceDefault: Patience = { connectMsMax: 3_000, acquireMsMax: 5_000, beginMsMax: 8_000 };

type Attempt = { begun: boolean; givenUp: boolean };

/**
 * The only maker of a TenantTx, on tenants that are not suspended, or on those too: one transaction on the tenant's own
 * database, whose collected balances and events are written as its last statements. Whose database it is was checked when
 * the connection was made. A database that cannot be reached, or hangs, is `tenancy.database_unavailable` (503). Nothing is
 * tried twice here: only the caller knows whether that is right.
 */
export function makeWithTenant(
  pools: PoolCache<Tenant>,
  tenantOfId: (id: TenantId) => Promise<Tenant>,
  { patience, log }: { readonly patience: Patience; readonly log: Logger },
): { readonly withTenant: WithTenant; readonly withTenantEvenSuspended: WithTenant } {
  const breaker = new Breaker(RETRY_AFTER_SECONDS * 1000);
  const enter = async <T>(tenant: Tenant, origin: Origin, work: (tx: TenantTx) => Promise<T>): Promise<T> => {
    if (tenant.status === 'provisioning')
      throw tenancyProblem('tenancy.tenant_unknown', { detail: 'It is still being made', tenantId: tenant.id });
    if (breaker.isOpen(tenant.id)) throw unavailable(tenant.id);
    const attempt: Attempt = { begun: false, givenUp: false };
    try {
      const result = await inTransaction(pools, { tenant, origin, attempt, beginMsMax: patience.beginMsMax }, work);
      breaker.reached(tenant.id);
      return result;
    } catch (error) {
      throw inWords(error, { tenant, attempt, breaker, log });
    }
  };
  return {
    withTenant: async (tenantId, origin, work) => {
      const tenant = await tenantOfId(tenantId);
      if (tenant.status === 'suspended') throw tenancyProblem('tenancy.suspended', { tenantId });
      return enter(tenant, origin, work);
    },
    withTenantEvenSuspended: async (tenantId, origin, work) => enter(await tenantOfId(tenantId), origin, work),
  };
}

function inTransaction<T>(
  pools: PoolCache<Tenant>,
  { tenant, origin, attempt, beginMsMax }: { tenant: Tenant; origin: Origin; attempt: Attempt; beginMsMax: number },
  work: (tx: TenantTx) => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => {
    attempt.givenUp = true;
    late.reject(unavailable(tenant.id)); // The pool has its user until the connection's own time-out ends it.
  };
  const afterCommit: AfterCommit = new Map();
  const done = pools.use(tenant, async (pool) => {
    timer = setTimeout(giveUp, beginMsMax);
    const committed = await pool.transaction(async (sql) => {
      clearTimeout(timer);
      attempt.begun = !sql.isCompleted(); // knex goes on here even where BEGIN has failed.
      if (!attempt.begun || attempt.givenUp) throw unavailable(tenant.id); // Its caller has gone: nothing may happen any more.
      const tx = { tenantId: tenant.id, sql, late: new Map(), afterCommit, origin } as unknown as TenantTx;
      const result = await work(tx);
      await flushLateWork(tx);
      return result;
    });
    for (const act of afterCommit.values()) act();
    return committed;
  });
  return Promise.race([done, late.promise]).finally(() => clearTimeout(timer));
}

type Circumstances = {
  readonly tenant: Tenant;
  readonly attempt: Attempt;
  readonly breaker: Breaker;
  readonly log: Logger;
};

/** What a caller is told; whatever says something about what was asked passes unchanged. */
function inWords(error: unknown, { tenant, attempt, breaker, log }: Circumstances): unknown {
  if (attempt.givenUp) breaker.unreachable(tenant.id);
  if (error instanceof Problem) return error;
  if (!attempt.begun && error instanceof Error && error.name === 'KnexTimeoutError' && !breaker.isOpen(tenant.id)) {
    const detail = 'This tenant uses all connections that it may have here';
    return tenancyProblem('tenancy.connections_exhausted', {
      cause: error,
      retryAfterSeconds: 1,
      detail,
      tenantId: tenant.id,
    });
  }
  const refused = !attempt.begun && /^(28|42501)/.test(sqlStateOf(error) ?? '');
  if (!refused && !isUnreachable(error)) return error;
  if (!attempt.begun) breaker.unreachable(tenant.id); // A connection lost under way says nothing about the next.
  if (refused) log.error({ err: error, tenant: tenant.slug }, "the tenant's database refuses the application's role");
  return unavailable(tenant.id, error);
}

const unavailable = (tenantId: TenantId, cause?: unknown): Problem =>
  tenancyProblem('tenancy.database_unavailable', { cause, retryAfterSeconds: RETRY_AFTER_SECONDS, tenantId });
