import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import type { TenantId } from '../../src/kernel/ids.ts';
import { idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { databaseAddress, openPool, poolDefaults } from '../../src/platform/database.ts';
import { type PoolBudget, PoolCache, type PoolKey } from '../../src/tenancy/pools.ts';
import { testLog } from '../support/tenancy.ts';

type Pool = ReturnType<typeof openPool>;

/** A cache over real pools on the run's server that watches what the cache does with them. */
function watchedCache(
  budget: Partial<PoolBudget> = {},
  options: { onOpen?: (key: PoolKey) => void; failDestroy?: boolean } = {},
) {
  const watch = { open: 0, openMost: 0, opened: 0, inUse: new Map<Pool, number>(), destroyedInUse: 0 };
  const full = { connectionsMax: 3, connectionsPerTenantMax: 1, idleCloseMs: 60_000, waitMsMax: 5_000, ...budget };
  const cache = new PoolCache(full, testLog, async (key) => {
    options.onOpen?.(key);
    watch.open += 1;
    watch.opened += 1;
    watch.openMost = Math.max(watch.openMost, watch.open);
    const pool = openPool(
      databaseAddress(inject('adminUrl')),
      { ...poolDefaults, connectionsMax: full.connectionsPerTenantMax },
      testLog,
    );
    const destroy = pool.destroy.bind(pool);
    const watched = async (): Promise<void> => {
      if ((watch.inUse.get(pool) ?? 0) > 0) watch.destroyedInUse += 1;
      await destroy();
      watch.open -= 1;
      if (options.failDestroy === true) throw new Error('this pool does not close well');
    };
    return Object.defineProperty(pool, 'destroy', { value: watched });
  });
  const use = <T>(key: PoolKey, work: (pool: Pool) => Promise<T>): Promise<T> =>
    cache.use(key, async (pool) => {
      watch.inUse.set(pool, (watch.inUse.get(pool) ?? 0) + 1);
      try {
        return await work(pool);
      } finally {
        watch.inUse.set(pool, (watch.inUse.get(pool) ?? 0) - 1);
      }
    });
  return { cache, watch, use };
}

const keys = Array.from({ length: 8 }, (_, index): PoolKey => ({
  id: idFromUuid('tnt', newUuid(1_700_000_000_000 + index)) as TenantId,
  host: '127.0.0.1',
  port: 1,
  database: `tenant_${index}`,
}));
const key = (index: number): PoolKey => keys[index] ?? expect.fail('there are eight tenants');
/** Tells this file's statements from those of others on the same server. */
const marker = `storm ${newUuid(Date.now())}`;
const ask = (pool: Pool): Promise<unknown> => pool.raw(`select pg_sleep(0.002) /* ${marker} */`);

describe('The pools of all tenants together', () => {
  it('are never more than the budget allows, and none is closed while it is used, whatever the order of use', async () => {
    const step = fc.record({ tenant: fc.nat(7), users: fc.integer({ min: 1, max: 4 }), pauseMs: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { cache, watch, use } = watchedCache();
        const uses: Promise<unknown>[] = [];
        for (const { tenant, users, pauseMs } of steps) {
          for (let user = 0; user < users; user += 1) uses.push(use(key(tenant), ask));
          if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
        await Promise.all(uses);
        expect(watch.openMost).toBeLessThanOrEqual(3);
        expect(watch.destroyedInUse).toBe(0);
        expect(cache.stats()).toMatchObject({ users: 0, waiting: 0 });
        await cache.close();
        expect(watch.open).toBe(0);
      }),
      { numRuns: 20, seed: 20_261_120 },
    );
  });

  it('hold no more connections on the server than the budget, under a storm of tenants', async () => {
    const { cache, use } = watchedCache({ connectionsMax: 4, connectionsPerTenantMax: 2 });
    const counts: number[] = [];
    const count = async (pool: Pool): Promise<void> => {
      await ask(pool);
      const { rows }: { rows: { open: bigint }[] } = await pool.raw(
        'select count(*) as open from pg_stat_activity where query like ?',
        [`%${marker}%`],
      );
      counts.push(Number(rows[0]?.open ?? 0n));
    };
    await Promise.all(Array.from({ length: 200 }, (_, index) => use(key(index % 8), count)));
    await cache.close();
    expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  });

  it('are opened once for all who ask at the same time', async () => {
    const { cache, watch, use } = watchedCache();
    await Promise.all(Array.from({ length: 50 }, () => use(key(0), ask)));
    expect(watch.opened).toBe(1);
    await cache.close();
  });

  it('give way to others least recently used first', async () => {
    const { cache, watch, use } = watchedCache();
    for (const tenant of [0, 1, 2, 0, 3]) await use(key(tenant), ask); // 1 is the oldest when 3 comes.
    expect(watch.opened).toBe(4);
    await use(key(0), ask);
    await use(key(2), ask);
    expect(watch.opened).toBe(4);
    await use(key(1), ask);
    expect(watch.opened).toBe(5);
    await cache.close();
  });

  it('are waited for, but not for ever: then tenancy.connections_exhausted with 503', async () => {
    const { cache, use } = watchedCache({ connectionsMax: 1, waitMsMax: 60 });
    const gate = Promise.withResolvers<void>();
    const busy = use(key(0), () => gate.promise);
    await expect(use(key(1), ask)).rejects.toMatchObject({
      code: 'tenancy.connections_exhausted',
      status: 503,
      retryAfterSeconds: 1,
    });
    const patient = use(key(2), ask);
    gate.resolve();
    await Promise.all([busy, patient]);
    await cache.close();
  });

  it('are closed when nobody has used them for a while', async () => {
    const { cache, watch, use } = watchedCache({ idleCloseMs: 60 });
    await use(key(0), ask);
    expect(watch.open).toBe(1);
    await expect.poll(() => watch.open).toBe(0);
    expect(cache.stats().pools).toBe(0);
    await cache.close();
  });
});

describe('When something fails', () => {
  it('a pool that could not be opened is tried anew by the next caller, and its place is free', async () => {
    let failures = 1;
    const onOpen = (): void => {
      if (failures > 0) {
        failures -= 1;
        throw new Error('no such luck');
      }
    };
    const { cache, use } = watchedCache({ connectionsMax: 1 }, { onOpen });
    await expect(use(key(0), ask)).rejects.toThrow('no such luck');
    expect(cache.stats().pools).toBe(0);
    await use(key(0), ask);
    await use(key(1), ask);
    await cache.close();
  });

  it('a pool that fails to close gives its place back all the same', async () => {
    const { cache, use } = watchedCache({ connectionsMax: 1 }, { failDestroy: true });
    for (const tenant of [0, 1, 2]) await use(key(tenant), ask);
    expect(cache.stats().pools).toBe(1);
    await cache.close();
    expect(cache.stats().pools).toBe(0);
  });

  it('a use that fails leaves no user behind', async () => {
    const { cache, use } = watchedCache();
    await expect(use(key(0), () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(cache.stats().users).toBe(0);
    await cache.close();
  });
});

describe('Moving and stopping', () => {
  it('a tenant that moved gets a pool to its new place, while those in the old one finish there', async () => {
    const { cache, watch, use } = watchedCache();
    const gate = Promise.withResolvers<void>();
    const before = use(key(0), () => gate.promise);
    await use({ ...key(0), port: 2 }, ask);
    expect(watch.opened).toBe(2);
    gate.resolve();
    await before;
    await expect.poll(() => watch.open).toBe(1);
    expect(watch.destroyedInUse).toBe(0);
    await cache.close();
  });

  it('closing waits for who is inside and refuses who comes after', async () => {
    const { cache, watch, use } = watchedCache();
    const gate = Promise.withResolvers<void>();
    const inside = use(key(0), (pool) => gate.promise.then(() => ask(pool)));
    await expect.poll(() => watch.open).toBe(1);
    const closed = cache.close();
    await expect(use(key(1), ask)).rejects.toMatchObject({ code: 'tenancy.stopping', status: 503 });
    expect(watch.open).toBe(1);
    gate.resolve();
    await inside;
    await closed;
    expect(watch.open).toBe(0);
    await cache.close();
  });

  it('closing does not wait for ever', async () => {
    const { cache, watch, use } = watchedCache();
    const stuck = use(key(0), () => new Promise<void>(() => undefined));
    stuck.catch(() => undefined);
    await expect.poll(() => watch.open).toBe(1);
    await cache.close(30);
    expect(watch.open).toBe(0);
  });
});
