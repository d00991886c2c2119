import type { Knex } from 'knex';
import type { TenantId } from '../kernel/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { tenancyProblem } from './errors.ts';
import { Slots } from './slots.ts';

/** How many connections all tenants' pools of this process may hold together, and how they are closed. */
export type PoolBudget = {
  readonly connectionsMax: number;
  readonly connectionsPerTenantMax: number;
  /** A pool unused for this long is closed. */
  readonly idleCloseMs: number;
  /** How long a caller waits for another tenant's pool to become free before it is told that all are busy. */
  readonly waitMsMax: number;
};

/** What a pool is opened for: a tenant, and where its database is (another place means another pool). */
export type PoolKey = {
  readonly id: TenantId;
  readonly host: string;
  readonly port: number;
  readonly database: string;
};

type Entry<Key extends PoolKey> = {
  readonly key: Key;
  readonly pool: Promise<Knex>;
  users: number;
  usedAtMs: number;
  /** Its place or connections are there: only such a pool can be closed. */
  opened: boolean;
  /** Nobody new gets it; its last user closes it. */
  retired: boolean;
};

/** What a pool cache is doing now, for metrics. Pools that are being closed count: they still hold connections. */
export type PoolStats = {
  readonly pools: number;
  readonly poolsMax: number;
  readonly users: number;
  readonly waiting: number;
};

/** A server that hangs must not keep a pool's place for ever. */
const DESTROY_WAIT_MS_MAX = 5_000;

/**
 * Keeps the pools of the tenants that are in use: never more pools than the budget's connections allow, least recently
 * used out first, one creation at a time per tenant, in which all who ask meanwhile share. A pool with users is never
 * closed; one that is being closed keeps its place until its connections are gone.
 */
export class PoolCache<Key extends PoolKey = PoolKey> {
  readonly #entries = new Map<TenantId, Entry<Key>>(); // In the order of last use: the first is the oldest.
  readonly #all = new Set<Entry<Key>>(); // And the retired ones that still have users.
  readonly #closing = new Set<Promise<void>>();
  readonly #slots: Slots;
  readonly #open: (key: Key) => Promise<Knex>;
  readonly #budget: PoolBudget;
  readonly #poolsMax: number;
  readonly #sweeper: NodeJS.Timeout;
  readonly #log: Logger;
  #drained: (() => void) | undefined;
  #closed = false;

  constructor(budget: PoolBudget, log: Logger, open: (key: Key) => Promise<Knex>) {
    this.#budget = budget;
    this.#log = log;
    this.#open = open;
    this.#poolsMax = Math.max(1, Math.floor(budget.connectionsMax / budget.connectionsPerTenantMax));
    this.#slots = new Slots(this.#poolsMax);
    this.#sweeper = setInterval(() => this.#closeIdle(), Math.max(50, budget.idleCloseMs / 2));
    this.#sweeper.unref();
  }

  /** Runs work with the tenant's pool, opened first if need be; the pool stays open meanwhile. */
  async use<T>(key: Key, work: (pool: Knex) => Promise<T>): Promise<T> {
    const entry = this.#enter(key);
    try {
      return await work(await entry.pool);
    } finally {
      this.#leave(entry);
    }
  }

  stats(): PoolStats {
    let users = 0;
    for (const entry of this.#all) users += entry.users;
    return { pools: this.#slots.taken, poolsMax: this.#poolsMax, users, waiting: this.#slots.waiting };
  }

  /** Takes no new users, waits for those it has at most `drainMsMax`, then closes all pools. May be called again. */
  async close(drainMsMax = 10_000): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearInterval(this.#sweeper);
      this.#slots.refuseAll(stopping);
      for (const entry of this.#all) this.#retire(entry);
    }
    const gone = await within(drainMsMax, this.#whenUnused());
    if (!gone) {
      this.#log.error({ ...this.stats() }, 'tenants are still in use: their connections are cut');
      for (const entry of this.#all) this.#destroy(entry);
    }
    await Promise.all(this.#closing);
  }

  #enter(key: Key): Entry<Key> {
    if (this.#closed) throw stopping();
    let entry = this.#entries.get(key.id);
    if (entry !== undefined && !samePlace(entry.key, key)) {
      this.#retire(entry); // The tenant moved: whoever is in the old database finishes there.
      entry = undefined;
    }
    entry ??= this.#create(key);
    this.#entries.delete(key.id); // Put back at the end: most recently used.
    this.#entries.set(key.id, entry);
    entry.users += 1;
    return entry;
  }

  #leave(entry: Entry<Key>): void {
    entry.users -= 1;
    entry.usedAtMs = performance.now();
    if (entry.users > 0 || !this.#all.has(entry)) return;
    if (entry.retired) this.#destroy(entry);
    else this.#makeRoom();
  }

  /** The promise is kept, not its result: whoever asks meanwhile shares the one creation, and its failure. */
  #create(key: Key): Entry<Key> {
    const opening = async (): Promise<Knex> => {
      const taken = this.#slots.take(this.#budget.waitMsMax);
      this.#makeRoom();
      await taken;
      try {
        const pool = await this.#open(key);
        if (!this.#all.has(entry)) {
          await pool.destroy(); // All was closed by force meanwhile.
          throw stopping();
        }
        entry.opened = true;
        return pool;
      } catch (error) {
        this.#slots.release();
        throw error;
      }
    };
    const pool = Promise.resolve().then(opening); // Not before `entry` is there.
    const entry: Entry<Key> = { key, pool, users: 0, usedAtMs: performance.now(), opened: false, retired: false };
    this.#all.add(entry);
    pool.catch(() => this.#drop(entry)); // A failed creation is tried anew by the next caller; these callers are told.
    return entry;
  }

  /** Somebody waits for a place: the pool that has been unused for longest is closed, one for each who waits. */
  #makeRoom(): void {
    for (const entry of this.#entries.values()) {
      if (this.#slots.waiting <= this.#closing.size) return;
      if (entry.users === 0 && entry.opened) this.#destroy(entry);
    }
  }

  #closeIdle(): void {
    const beforeMs = performance.now() - this.#budget.idleCloseMs;
    for (const entry of this.#entries.values())
      if (entry.users === 0 && entry.opened && entry.usedAtMs < beforeMs) this.#destroy(entry);
  }

  #retire(entry: Entry<Key>): void {
    entry.retired = true;
    if (this.#entries.get(entry.key.id) === entry) this.#entries.delete(entry.key.id);
    if (entry.users === 0) this.#destroy(entry);
  }

  /** Forgets the pool at once and gives its place back when its connections are gone. */
  #destroy(entry: Entry<Key>): void {
    this.#drop(entry);
    const destroyed = this.#destroyPool(entry).finally(() => {
      this.#closing.delete(destroyed);
      if (entry.opened) this.#slots.release();
    });
    this.#closing.add(destroyed);
  }

  async #destroyPool(entry: Entry<Key>): Promise<void> {
    if (!entry.opened) return;
    const { database } = entry.key;
    try {
      const gone = await within(
        DESTROY_WAIT_MS_MAX,
        entry.pool.then((pool) => pool.destroy()),
      );
      if (!gone) this.#log.error({ database }, 'a pool does not close: its connections are left to the server');
    } catch (error) {
      this.#log.error({ err: error, database }, 'a pool could not be closed'); // Nothing of it is used again.
    }
  }

  #drop(entry: Entry<Key>): void {
    if (this.#entries.get(entry.key.id) === entry) this.#entries.delete(entry.key.id);
    this.#all.delete(entry);
    if (this.#all.size === 0) this.#drained?.();
  }

  #whenUnused(): Promise<void> {
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }
}

const stopping = () => tenancyProblem('tenancy.stopping', { retryAfterSeconds: 5 });

const samePlace = (left: PoolKey, right: PoolKey): boolean =>
  left.host === right.host && left.port === right.port && left.database === right.database;

/** Whether something ends in time; it goes on either way. */
async function within(timeoutMs: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), timeoutMs)));
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
