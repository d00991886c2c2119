import pg from 'pg';
import { connectProducer, openQueue, openWorker } from '../../src/platform/queue/backend.ts';
import { columnTypes } from '../../src/platform/sql-types.ts';
import { PlanBooks } from '../../src/commissions/index.ts';
import type { PlanBook } from '../../src/commissions/plans/store.ts';
import type { BenchTrade } from '../deals.ts';
import type { Backend, Brokerage, Installation } from '../installation.ts';
import type { Meter, Run } from '../measure.ts';
import { bookOne } from './baseline-transaction.ts';

const JOBS_AT_ONCE = 1_000;
const ARM_MS_MAX = 300_000;
/** What the product keeps of finished jobs, so that both leave the same behind. */
const KEPT = { removeOnComplete: { count: 1_000, age: 86_400 }, removeOnFail: { count: 5_000, age: 604_800 } };

/** The straightforward way: one job per trade, one transaction per trade, one INSERT per level. The deals are stored. */
export async function runBaseline(
  installation: Installation,
  {
    backend,
    brokerage,
    meter,
    concurrency,
  }: { backend: Backend; brokerage: Brokerage; meter: Meter; concurrency: number },
  trades: readonly BenchTrade[],
): Promise<Run> {
  await installation.store(
    brokerage,
    trades.map(({ line }) => line),
  );
  const dealKeys = await dueKeys(installation, brokerage);
  if (dealKeys.length !== trades.length) throw new Error(`${dealKeys.length} of ${trades.length} deals are due`);
  const measured = await bookDeals(installation, { backend, brokerage, meter, concurrency }, dealKeys);
  return { ...measured, trades: trades.length };
}

/** Puts a job on the queue for each deal and waits until all have ended. */
export async function bookDeals(
  installation: Installation,
  {
    backend,
    brokerage,
    meter,
    concurrency,
  }: { backend: Backend; brokerage: Brokerage; meter: Meter; concurrency: number },
  dealKeys: readonly bigint[],
) {
  const { works, log, postgres } = installation;
  const store = works.get(backend)?.store;
  if (store === undefined) throw new RangeError(`the queues on ${backend} were not opened`);
  const pool = new pg.Pool({
    connectionString: postgres.urlOf(brokerage.database),
    max: concurrency,
    types: columnTypes,
    options: '-c jit=off -c TimeZone=UTC',
  });
  const name = `baseline-${brokerage.slug}`;
  const producer = await connectProducer(store, log);
  const queue = openQueue(store, producer, name, { defaultJobOptions: KEPT });
  await queue.waitUntilReady();
  const book = await planBook(installation, brokerage);
  const ended = countdown(dealKeys.length);
  const worker = openWorker(
    store,
    name,
    async (job) => {
      const { dealKey } = job.data as { dealKey: string };
      await inTransaction(pool, (client) => bookOne(client, book, BigInt(dealKey), job.id ?? 'none'));
      ended.one();
    },
    { concurrency, lockDuration: 30_000, stalledInterval: 30_000 },
  );
  worker.on('failed', (_job: unknown, error: Error) => ended.fail(error));
  worker.on('error', (error: Error) => log.warn({ err: error }, 'baseline worker'));
  try {
    await worker.waitUntilReady();
    return await meter(async () => {
      for (let from = 0; from < dealKeys.length; from += JOBS_AT_ONCE)
        await queue.addBulk(
          dealKeys
            .slice(from, from + JOBS_AT_ONCE)
            .map((dealKey) => ({ name: 'Trade', data: { dealKey: String(dealKey) } })),
        );
      await ended.done;
    });
  } finally {
    await worker.close();
    await queue.close();
    producer.redis?.disconnect();
    await pool.end();
  }
}

async function dueKeys({ postgres }: Installation, { database }: Brokerage): Promise<bigint[]> {
  const { rows } = await postgres
    .admin(database)
    .query<{ key: string }>('select deal_key as key from trading.due order by 1');
  return rows.map(({ key }) => BigInt(key));
}

/** Plans and agreements in memory, as the product keeps them; whether they are still good is asked for each trade. */
async function planBook({ platform }: Installation, { tenantId, seed }: Brokerage): Promise<PlanBook> {
  const books = new PlanBooks();
  return platform.tenancy.withTenant(tenantId, { actor: 'bench', causation: 'baseline' }, async (tx) => {
    const book = await books.read(tx);
    await book.loadAgreements(
      tx,
      seed.ibs.map((_ib, place) => place + 1),
    );
    return book;
  });
}

async function inTransaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<boolean>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query({ name: 'begin', text: 'begin' });
    const done = await work(client);
    await client.query(done ? { name: 'commit', text: 'commit' } : { name: 'rollback', text: 'rollback' });
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

function countdown(count: number) {
  let left = count;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`${left} of ${count} jobs did not end in time`)), ARM_MS_MAX);
  const end = (settle: () => void): void => {
    clearTimeout(late);
    settle();
  };
  if (count === 0) end(resolve);
  promise.catch(() => undefined); // Heard where it is awaited; a failure may come before that.
  return {
    done: promise,
    one: () => {
      left -= 1;
      if (left === 0) end(resolve);
    },
    fail: (error: Error) => end(() => reject(error)),
  };
}
