import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlTx, WithControl, WithTenant } from '../../platform/tenant-tx.ts';
import { tenancyProblem } from '../errors.ts';
import { tellTenant } from '../notices/service.ts';
import * as queries from './queries.ts';
import { type Quotas, quotasByDefault } from './rules.ts';

/** A tenant's quotas as they are now. */
export async function quotasOf(tx: ControlTx, tenantId: TenantId): Promise<Quotas> {
  const [row] = await queries.quotasOf(tx, { tenantId });
  return row ?? quotasByDefault;
}

/** What a tenant used on the last days on which it used anything, the last first; figures as texts, null where nobody looked. */
export async function usageOf(tx: ControlTx, tenantId: TenantId, days: number) {
  const { rows } = await queries.usagePage(tx, { tenantId }, { limit: days, sort: '-day' });
  return rows.map(({ day, requests, trades, users, clients, databaseBytes, tradesDue }) => {
    const figures = { requests, trades, users, clients, databaseBytes, tradesDue };
    const texts = Object.entries(figures).map(([name, value]) => [name, value?.toString() ?? null] as const);
    return { day, ...(Object.fromEntries(texts) as Record<keyof typeof figures, string | null>) };
  });
}

const asJson = (quotas: Quotas) => ({
  ...quotas,
  tradesPerDayExpected: quotas.tradesPerDayExpected === null ? null : quotas.tradesPerDayExpected.toString(),
});

/** Sets a tenant's quotas; the tenant sees what they were before. */
export async function setQuotas(tx: ControlTx, tenantId: TenantId, quotas: Quotas): Promise<void> {
  const before = await quotasOf(tx, tenantId);
  await queries.putQuotas(tx, { tenantId, ...quotas });
  await tellTenant(tx, tenantId, {
    type: 'tenancy.quotas_changed',
    payload: { before: asJson(before), after: asJson(quotas) },
  });
}

const KEPT_MAX = 10_000;

type Kept = { quotas: Quotas; untilMs: number };

/** The quotas as a process sees them: at most `keptMs` old, and the last known ones while the control database is away. */
export class QuotaBook {
  readonly #kept = new Map<TenantId, Kept>(); // In the order of the last look.
  readonly #loading = new Map<TenantId, Promise<Quotas>>();
  readonly #withControl: WithControl;
  readonly #keptMs: number;
  readonly #log: Logger;

  constructor({ withControl, keptMs, log }: { withControl: WithControl; keptMs: number; log: Logger }) {
    this.#withControl = withControl;
    this.#keptMs = keptMs;
    this.#log = log;
  }

  /** A tenant's quotas; never fails. */
  async of(tenantId: TenantId): Promise<Quotas> {
    const kept = this.#kept.get(tenantId);
    if (kept !== undefined && kept.untilMs > performance.now()) return kept.quotas;
    const loading = this.#loading.get(tenantId) ?? this.#load(tenantId);
    return loading;
  }

  /** How many requests a minute are answered, null where the installation's setting says it; HTTP asks at each request. */
  async requestsPerMinuteOf(tenantId: TenantId): Promise<number | null> {
    return (await this.of(tenantId)).requestsPerMinute;
  }

  /** Refuses one more than the quota (`tenancy.quota_exceeded`); `present` is how many there are, or counts them if need be. */
  async refuseMore(
    tenantId: TenantId,
    what: 'users' | 'clients',
    present: number | (() => Promise<number>),
  ): Promise<void> {
    const most = await this.#mostOf(tenantId, what);
    if (most === null) return;
    const count = typeof present === 'number' ? present : await present();
    if (count >= most) throw tenancyProblem('tenancy.quota_exceeded', { detail: `${count} of ${most} ${what}` });
  }

  /** Whether the quota leaves room for one more; counts them only where there is a quota. */
  async hasRoom(tenantId: TenantId, what: 'users' | 'clients', count: () => Promise<number>): Promise<boolean> {
    const most = await this.#mostOf(tenantId, what);
    return most === null || (await count()) < most;
  }

  async #mostOf(tenantId: TenantId, what: 'users' | 'clients'): Promise<number | null> {
    const { usersMax, clientsMax } = await this.of(tenantId);
    return what === 'users' ? usersMax : clientsMax;
  }

  #load(tenantId: TenantId): Promise<Quotas> {
    const loading = this.#withControl((tx) => quotasOf(tx, tenantId))
      .catch((error: unknown) => {
        this.#log.warn({ err: error, tenantId }, 'quotas cannot be read: the last known ones count');
        return this.#kept.get(tenantId)?.quotas ?? quotasByDefault;
      })
      .then((quotas) => {
        this.#kept.delete(tenantId);
        this.#kept.set(tenantId, { quotas, untilMs: performance.now() + this.#keptMs });
        const [oldest] = this.#kept.keys();
        if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
        return quotas;
      })
      .finally(() => this.#loading.delete(tenantId));
    this.#loading.set(tenantId, loading);
    return loading;
  }
}

/** Tells operator and tenant, once a day, of more trades than were expected. Gives how many tenants. */
export async function tellUnexpected(withControl: WithControl): Promise<number> {
  return withControl(async (tx) => {
    const found = await queries.noteUnexpected(tx, {});
    for (const { tenantId, trades, expected } of found)
      await tellTenant(tx, tenantId, {
        type: 'tenancy.trades_beyond_expected',
        payload: { trades: trades.toString(), expected: expected.toString() },
      });
    return found.length;
  });
}

/** What is counted inside a tenant's database, by features that tenancy does not know. */
export type FiguresThere = { readonly users: number; readonly clients: number; readonly tradesDue: number };

/** What looking at tenants' figures needs. */
export type FigureDeps = {
  readonly withControl: WithControl;
  readonly withTenant: WithTenant;
  readonly countsOf: (tenantId: TenantId) => Promise<FiguresThere>;
  readonly log: Logger;
};

/** Notes the figures of active tenants whose last ones are older than `ageMs`, `max` tenants at most. Gives how many. */
export async function noteFigures(
  { withControl, withTenant, countsOf, log }: FigureDeps,
  limits: { readonly ageMs: number; readonly max: number },
): Promise<number> {
  const due = await withControl((tx) => queries.tenantsToSample(tx, limits));
  let noted = 0;
  for (const { tenantId } of due) {
    try {
      const counts = await countsOf(tenantId);
      const origin = { actor: 'usage', causation: 'sample' };
      const [size] = await withTenant(tenantId, origin, (tx) => queries.databaseSize(tx, {}));
      await withControl((tx) => queries.putSample(tx, { tenantId, ...counts, databaseBytes: size?.bytes ?? null }));
      noted += 1;
    } catch (error) {
      log.warn({ err: error, tenantId }, 'the figures of a tenant could not be looked at');
    }
  }
  return noted;
}
