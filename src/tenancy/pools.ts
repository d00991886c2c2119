import type { Knex } from 'knex';
import type { TenantId } from '../kernel/ids.ts';
import { tenancyProblem } from './errors.ts';

/** How many connections all tenants' pools of this process may hold together, and how they are closed. */
export type PoolBudget = {
  readonly connectionsMax: number;
  readonly connectionsPerTenantMax: number;
  /** A pool unused for this long is closed. */
  readonly idleCloseMs: number;
  /** How long a caller waits for another tenant's pool to become free before it is told that all are busy. */
  readonly waitMsMax: number;
};

type Entry = { pool: Promise<Knex>; users: number; usedAtMs: number };

/** What a pool cache is doing now, for metrics. */
export type PoolStats = { readonly pools: number; readonly poolsMax: number; readonly users: number; readonly waiting: number };

/**
 * Keeps the pools of the tenants that are in use: least recently used first out, never more pools than the budget's
 * connections allow, one creation at a time per tenant. A pool with users is never closed.
 */
export class PoolCache {
  readonly #entries = new Map<TenantId, Entry>(); // In the order of last use: the first is the oldest.
  readonly #waiting: (() => void)[] = [];
  readonly #open: (tenantId: TenantId) => Promise<Knex>;
  readonly #budget: PoolBudget;
  readonly #poolsMax: number;
  readonly #sweeper: NodeJS.Timeout;

  constructor(budget: PoolBudget, open: (tenantId: TenantId) => Promise<Knex>) {
    this.#budget = budget;
    this.#open = open;
    this.#poolsMax = Math.max(1, Math.floor(budget.connectionsMax / budget.connectionsPerTenantMax));
    this.#sweeper = setInterval(() => void this.#closeIdle(), Math.max(50, budget.idleCloseMs / 2));
    this.#sweeper.unref();
  }

  /** Runs work with the tenant's pool, opened first if need be; the pool stays open meanwhile. */
  async use<T>(tenantId: TenantId, work: (pool: Knex) => Promise<T>): Promise<T> {
    const entry = await this.#enter(tenantId);
    try {
      return await work(await entry.pool);
    } finally {
      entry.users -= 1;
      this.#waiting.shift()?.();
    }
  }

  stats(): PoolStats {
    let users = 0;
    for (const entry of this.#entries.values()) users += entry.users;
    return { pools: this.#entries.size, poolsMax: this.#poolsMax, users, waiting: this.#waiting.length };
  }

  /** Closes the pool of a tenant that moved or was suspended; whoever uses it finishes first. */
  async forget(tenantId: TenantId): Promise<void> {
    const entry = this.#entries.get(tenantId);
    if (entry === undefined) return;
    this.#entries.delete(tenantId);
    await (await entry.pool).destroy();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.allSettled(entries.map(async (entry) => (await entry.pool).destroy()));
  }

  async #enter(tenantId: TenantId): Promise<Entry> {
    const deadlineMs = performance.now() + this.#budget.waitMsMax;
    for (;;) {
      const known = this.#entries.get(tenantId);
      if (known !== undefined) {
        this.#entries.delete(tenantId); // Put back at the end: most recently used.
        this.#entries.set(tenantId, known);
        known.users += 1;
        known.usedAtMs = performance.now();
        return known;
      }
      if (this.#entries.size < this.#poolsMax) this.#create(tenantId);
      else if (!(await this.#evictOne())) await this.#waitForFree(deadlineMs);
    }
  }

  /** The promise is kept, not its result: whoever asks meanwhile shares the one creation. */
  #create(tenantId: TenantId): void {
    const entry: Entry = { pool: this.#open(tenantId), users: 0, usedAtMs: performance.now() };
    this.#entries.set(tenantId, entry);
    entry.pool.catch(() => {
      if (this.#entries.get(tenantId) === entry) this.#entries.delete(tenantId); // A failed creation is tried anew by the next.
    });
  }

  async #evictOne(): Promise<boolean> {
    for (const [tenantId, entry] of this.#entries) {
      if (entry.users > 0) continue;
      await this.forget(tenantId);
      return true;
    }
    return false;
  }

  async #waitForFree(deadlineMs: number): Promise<void> {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0)
      throw tenancyProblem('tenancy.connections_exhausted', { retryAfterSeconds: 1, detail: `All ${this.#poolsMax} pools are in use` });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(wake, leftMs);
      const waiting = this.#waiting;
      function wake(): void {
        clearTimeout(timer);
        const place = waiting.indexOf(wake);
        if (place >= 0) waiting.splice(place, 1);
        resolve();
      }
      waiting.push(wake);
    });
  }

  async #closeIdle(): Promise<void> {
    const before = performance.now() - this.#budget.idleCloseMs;
    for (const [tenantId, entry] of this.#entries)
      if (entry.users === 0 && entry.usedAtMs < before) await this.forget(tenantId);
  }
}
