import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openAccounts } from '../../src/clients/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import {
  COMMISSION_QUEUE,
  type Dispatcher,
  makeDispatcher,
  tradeExecuted,
  tradeExecutedHandler,
} from '../../src/commissions/index.ts';
import { type Queues, startWorkers } from '../../src/platform/queue/index.ts';
import { query } from '../../src/platform/query.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { parkedCounts } from '../../src/trading/index.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestQueues, type TestQueues } from '../support/queues.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

const takenSlots = query(
  'test.taken_slots',
  z.object({ jobId: z.string() }),
  `
  select job_id as "jobId" from commissions.queue_slots where job_id is not null order by slot`,
);
const bookings = query(
  'test.booking_count',
  z.object({ count: z.int() }),
  `select count(*)::int as count from commissions.bookings`,
);

let acme: TestTenant;
let brokerage: Brokerage;
let queues: TestQueues;
let dispatcher: Dispatcher;
const jobs = () => queues.all[0]?.getJobs(['waiting', 'active', 'delayed', 'completed', 'failed'], 0, 99) ?? [];
const slots = () => acme.inTenant((tx) => takenSlots(tx, {}));
const feedTrades = (count: number) =>
  brokerage.feed(Array.from({ length: count }, () => brokerage.deal({ heldMs: 1 })).flat());

beforeAll(async () => {
  acme = await openTestTenant();
  brokerage = await openBrokerage(acme);
  queues = await openTestQueues([COMMISSION_QUEUE]);
  dispatcher = makeDispatcher({ withTenant: acme.tenancy.withTenant, queues, leaseMs: 0 });
});
afterAll(async () => {
  await queues.close();
  await acme.close();
});

describe('Due trades are put on the queue', () => {
  it('adds no job where nothing is due', async () => {
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(0);
  });

  it('names the tenant and the deals in a job, with three tries and exponential backoff', async () => {
    await feedTrades(3);
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(1);
    const [job] = await jobs();
    expect(tradeExecuted.payload.parse(job?.data)).toMatchObject({ tenantId: acme.tenant.id, dealIds: { length: 3 } });
    expect(job?.id).toMatch(new RegExp(`^te\\.${acme.tenant.id}\\.\\d+\\.1\\.1$`));
    expect(job?.opts).toMatchObject({ attempts: 3, backoff: { type: 'exponential' } });
  });

  it('leaves small batches to the job that is under way already', async () => {
    await feedTrades(2);
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(0);
  });

  it('does not wait for a job that has not ended for seconds, whose worker may be dead', async () => {
    const age = `update commissions.queue_slots set taken_at = taken_at - interval '3 seconds' where job_id is not null`;
    await asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw(age));
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(1);
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(0);
  });

  it('never gives a tenant more than its four places, whatever waits in its database', async () => {
    await feedTrades(5_200);
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(2);
    expect(await dispatcher.enqueueDue(acme.tenant.id)).toBe(0);
    expect(await slots()).toHaveLength(4);
    const named = (await jobs()).flatMap((job) => tradeExecuted.payload.parse(job.data).dealIds);
    expect(named.length).toBeLessThanOrEqual(4_000);
  });

  it('keeps the places of jobs that the queue still holds, however long they wait', async () => {
    expect(await dispatcher.sweep(acme.tenant.id)).toBe(0);
    expect(await slots()).toHaveLength(4);
  });

  it('puts everything back after the queue was wiped, under new names', async () => {
    const before = (await slots()).map((slot) => slot.jobId);
    await queues.all[0]?.obliterate({ force: true });
    expect(await dispatcher.sweep(acme.tenant.id)).toBe(4);
    const after = (await slots()).map((slot) => slot.jobId);
    expect(after.filter((jobId) => before.includes(jobId))).toEqual([]);
    expect(new Set((await jobs()).map((job) => job.id))).toEqual(new Set(after));
  });

  it('books all that was due by those jobs and the ones that follow, and gives every place back', async () => {
    const { promise: done, resolve } = Promise.withResolvers<undefined>();
    let booked = 0;
    const handler = tradeExecutedHandler({
      withTenant: acme.tenancy.withTenant,
      memory: brokerage.memory,
      dispatcher,
      log: testLog,
      onBooked: (_tenantId, outcome) => {
        booked += outcome.booked;
        if (booked === 5_205) resolve(undefined);
      },
    });
    const settings = { concurrency: 3, lockMs: 30_000, stalledCheckMs: 30_000 };
    const workers = await startWorkers(queues.store, [handler], {
      withTenant: acme.tenancy.withTenant,
      log: testLog,
      settings,
    });
    await done;
    await workers.close(10_000);
    expect(await acme.inTenant((tx) => bookings(tx, {}))).toEqual([{ count: 5_205 }]);
    expect(await slots()).toEqual([]);
  });

  it('gives places back at once when the queue does not take the jobs', async () => {
    await feedTrades(2);
    const away: Queues = { ...queues, add: () => Promise.reject(new Error('the queue is away')) };
    const unlucky = makeDispatcher({ withTenant: acme.tenancy.withTenant, queues: away, leaseMs: 60_000 });
    await expect(unlucky.enqueueDue(acme.tenant.id)).rejects.toThrow('the queue is away');
    expect(await slots()).toEqual([]);
    expect(await brokerage.book()).toMatchObject({ booked: 2 });
  });

  it('puts parked deals back by itself once their account is registered', async () => {
    const login = 777_001n;
    await brokerage.feed(brokerage.deal({ login, heldMs: 1 }));
    expect(await dispatcher.sweep(acme.tenant.id)).toBe(0);
    await acme.inTenant((tx) =>
      openAccounts(tx, [
        { clientKey: 1, server: 'Test-Live', login, group: 'real\\standard', currency: Currency.parse('USD') },
      ]),
    );
    expect(await dispatcher.sweep(acme.tenant.id)).toBe(1);
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
  });

  it('are swept up also while a parked deal cannot be read again', async () => {
    const login = 777_002n;
    await brokerage.feed(brokerage.deal({ login, heldMs: 1 }));
    await asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) =>
      pool.raw(`set session_replication_role = replica; update trading.deals set raw = '{}' where login = ${login}`),
    );
    await queues.all[0]?.obliterate({ force: true });
    await feedTrades(1);
    await dispatcher.sweep(acme.tenant.id);
    const codes = await acme.inTenant((tx) => parkedCounts(tx));
    expect([...codes.keys()]).toContain('trading.deal_unreadable');
    expect(await slots()).toHaveLength(1);
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
  });
});
