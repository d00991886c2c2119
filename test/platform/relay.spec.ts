import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Consumer,
  type Relay,
  type RelaySettings,
  type StoredEvent,
  defineConsumer,
  emit,
  headKeptOutside,
  hint,
  runRelay,
} from '../../src/platform/events/index.ts';
import { parkedEvents } from '../../src/platform/events/queries.ts';
import { chainHeadConsumer } from '../../src/ops/chain-head.ts';
import { query } from '../../src/platform/query.ts';
import type { TenantId } from '../../src/kernel/ids.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import type { Tenant } from '../../src/tenancy/index.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';

const NEVER_MS = 600_000;
const processedOf = query(
  'test.processed',
  z.object({ consumer: z.string(), outcome: z.string(), events: z.int() }),
  `
  select consumer, outcome, count(*)::integer as events from platform.processed group by 1, 2 order by 1, 2`,
);
const effects = query(
  'test.effects',
  z.object({ events: z.int() }),
  `
  select count(*)::integer as events from platform.events where type = 'test.effect'`,
);
const setBack = query('test.set_back', z.object({}), `update platform.consumers set position = 0`);

describe('The relay hands events to consumers', () => {
  let tenancy: Awaited<ReturnType<typeof openTestTenancy>>;
  const relays: Relay[] = [];
  beforeAll(async () => {
    tenancy = await openTestTenancy({ connectionsMax: 24 });
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  });
  afterAll(() => tenancy.close());

  let count = 0;
  const newTenant = (): Promise<Tenant> => tenancy.createTenant({ slug: `broker${(count += 1)}`, name: 'A broker' });
  const inTenant = <T>(tenant: Tenant, work: (tx: TenantTx) => Promise<T>) =>
    tenancy.withTenant(tenant.id, testOrigin, work);
  const record = (tenant: Tenant, events: number, type = 'test.happened') =>
    inTenant(tenant, async (tx) => {
      for (let index = 0; index < events; index += 1)
        emit(tx, { stream: 'a/1', type, schemaVersion: 1, payload: { index } });
    });
  const start = (
    tenants: readonly Tenant[],
    consumers: readonly Consumer[],
    settings: Partial<RelaySettings> = {},
  ): Relay => {
    const relay = runRelay({
      withTenant: tenancy.withTenant,
      withControl: tenancy.withControl,
      tenantIds: async () => tenants.map((tenant) => tenant.id),
      consumers,
      log: testLog,
      settings: { sweepMs: NEVER_MS, hintPollMs: NEVER_MS, backoffMs: 1, ...settings },
    });
    relays.push(relay);
    return relay;
  };
  const collector = (name = 'test.all') => {
    const seen: StoredEvent[] = [];
    const waiting: { events: number; resolve: () => void }[] = [];
    const consumer = defineConsumer({
      name,
      all: true,
      handle: async (_tx, event) => {
        seen.push(event);
        for (const each of waiting) if (seen.length >= each.events) each.resolve();
      },
    });
    const sees = (events: number): Promise<void> =>
      new Promise((resolve) => {
        waiting.push({ events, resolve });
        for (const each of waiting) if (seen.length >= each.events) each.resolve();
      });
    return { seen, consumer, sees };
  };

  it('in order, each once, over several batches, to every consumer that wants their type', async () => {
    const tenant = await newTenant();
    const all = collector();
    const some: bigint[] = [];
    const picky = defineConsumer({
      name: 'test.picky',
      types: ['test.rare'],
      handle: async (_tx, event) => void some.push(event.seq),
    });
    await record(tenant, 25);
    await record(tenant, 1, 'test.rare');
    await record(tenant, 25);
    const relay = start([tenant], [all.consumer, picky], { batchMax: 10 });
    await relay.settled();
    expect(all.seen.map((event) => event.seq)).toEqual(Array.from({ length: 51 }, (_none, index) => BigInt(index + 1)));
    expect(all.seen[0]).toMatchObject({
      stream: 'a/1',
      version: 1,
      type: 'test.happened',
      payload: { index: 0 },
      actor: 'test',
    });
    expect(some).toEqual([26n]);
    expect(await inTenant(tenant, (tx) => processedOf(tx, {}))).toEqual([
      { consumer: 'test.all', outcome: 'done', events: 51 },
      { consumer: 'test.picky', outcome: 'done', events: 1 },
    ]);
    expect(relay.stats()).toMatchObject({ handled: 52, parked: 0, lagEventsMax: 0, waiting: 0, active: 0 });
  });

  it('with an effect that happens once although two relays work on the same tenants and a position was set back', async () => {
    const tenant = await newTenant();
    const effect = defineConsumer({
      name: 'test.effect',
      types: ['test.happened'],
      handle: async (tx, event) =>
        emit(tx, { stream: `b/${event.seq}`, type: 'test.effect', schemaVersion: 1, payload: {} }),
    });
    await record(tenant, 120);
    const both = [1, 2].map(() => start([tenant], [effect], { batchMax: 7, sweepMs: 5 }));
    await expect
      .poll(async () => (await inTenant(tenant, (tx) => effects(tx, {})))[0]?.events, { timeout: 20_000 })
      .toBe(120);
    await inTenant(tenant, (tx) => setBack(tx, {}));
    for (const relay of both) relay.nudge(tenant.id);
    await Promise.all(both.map((relay) => relay.settled()));
    expect((await inTenant(tenant, (tx) => effects(tx, {})))[0]?.events).toBe(120);
  });

  it('without losing one of those that many writers commit while it runs', async () => {
    const tenant = await newTenant();
    const all = collector();
    const relay = start([tenant], [all.consumer], { batchMax: 5 });
    await Promise.all(
      Array.from({ length: 60 }, async (_none, index) => {
        await record(tenant, 1 + (index % 3));
        relay.nudge(tenant.id);
      }),
    );
    await relay.settled();
    expect(all.seen.map((event) => event.seq)).toEqual(
      Array.from({ length: 120 }, (_none, index) => BigInt(index + 1)),
    );
  });

  it('and parks an event that fails every time, with its reason, without holding up those behind it', async () => {
    const tenant = await newTenant();
    const done: bigint[] = [];
    let tries = 0;
    const touchy = defineConsumer({
      name: 'test.touchy',
      all: true,
      handle: async (tx, event) => {
        if (event.seq === 13n) {
          tries += 1;
          throw new Error('cannot make sense of 13');
        }
        emit(tx, { stream: 'done/1', type: 'test.effect', schemaVersion: 1, payload: { of: event.seq.toString() } });
        if (event.seq <= 20n) done.push(event.seq);
      },
    });
    const all = collector();
    await record(tenant, 20);
    start([tenant], [touchy, all.consumer], { attemptsMax: 3 });
    await expect.poll(() => done.includes(20n), { timeout: 10_000 }).toBe(true);
    expect(await inTenant(tenant, (tx) => parkedEvents(tx, { max: 10 }))).toMatchObject([
      { consumer: 'test.touchy', seq: 13n, detail: 'cannot make sense of 13' },
    ]);
    expect(tries).toBe(4); // Once within its batch, three times alone.
    expect(all.seen.length).toBeGreaterThanOrEqual(20);
  });

  it('and does not count it against an event when a database is away', async () => {
    const tenant = await newTenant();
    let away = 7;
    const all: bigint[] = [];
    const consumer = defineConsumer({
      name: 'test.away',
      all: true,
      handle: async (_tx, event) => {
        if (away > 0) {
          away -= 1;
          throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        }
        all.push(event.seq);
      },
    });
    await record(tenant, 3);
    start([tenant], [consumer], { attemptsMax: 2, backoffMs: 0.01 });
    await expect.poll(() => all, { timeout: 10_000 }).toEqual([1n, 2n, 3n]);
    expect(await inTenant(tenant, (tx) => parkedEvents(tx, { max: 10 }))).toEqual([]);
  });

  it('at once where a hint names the tenant or the same process nudges, and at every sweep without either', async () => {
    const [hinted, nudged, forgotten] = [await newTenant(), await newTenant(), await newTenant()];
    const all = collector();
    const relay = start([], [all.consumer], { hintPollMs: 5 });
    await Promise.all([hinted, nudged, forgotten].map((tenant) => record(tenant, 1)));
    await hint(tenancy.withControl, [hinted.id], 'relay');
    await all.sees(1);
    relay.nudge(nudged.id);
    await all.sees(2);
    start([hinted, nudged, forgotten], [all.consumer], { sweepMs: 5 });
    await all.sees(3);
    expect(all.seen).toHaveLength(3);
  });

  it('of a tenant whose neighbour is out of reach or very busy', async () => {
    const [busy, quiet] = [await newTenant(), await newTenant()];
    const order: TenantId[] = [];
    const consumer = defineConsumer({
      name: 'test.order',
      all: true,
      handle: async (tx) => void order.push(tx.tenantId),
    });
    await record(busy, 100);
    await record(quiet, 1);
    const gone = { ...busy, id: 'tnt_00000000000000000000000000' as TenantId };
    const relay = start([gone, busy, quiet], [consumer], { batchMax: 10, concurrency: 1 });
    await relay.settled();
    expect(order).toHaveLength(101);
    expect(order.indexOf(quiet.id)).toBeLessThanOrEqual(10); // After one batch of the busy one, not after all ten.
    expect(relay.stats().failingTenants).toBe(1);
  });

  it('and keeps the head of the chain outside, where it only grows', async () => {
    const tenant = await newTenant();
    await record(tenant, 5);
    const relay = start([tenant], [chainHeadConsumer(tenancy.withControl)], { batchMax: 3 });
    await relay.settled();
    const kept = await headKeptOutside(tenancy.withControl, tenant.id);
    expect(kept?.seq).toBe(5n);
    await record(tenant, 2);
    relay.nudge(tenant.id);
    await relay.settled();
    expect((await headKeptOutside(tenancy.withControl, tenant.id))?.seq).toBe(7n);
  });

  it('until it is stopped, which waits for the visit under way', async () => {
    const tenant = await newTenant();
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    let finished = false;
    const slow = defineConsumer({
      name: 'test.slow',
      all: true,
      handle: async () => {
        entered.resolve();
        await gate.promise;
        finished = true;
      },
    });
    await record(tenant, 1);
    const relay = start([tenant], [slow]);
    await entered.promise;
    const stopped = relay.stop().then(() => finished);
    await nextTurn();
    gate.resolve();
    expect(await stopped).toBe(true);
  });
});
