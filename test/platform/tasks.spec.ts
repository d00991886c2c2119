import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commissionProblem } from '../../src/commissions/errors.ts';
import { TenantId } from '../../src/kernel/ids.ts';
import { csvLine } from '../../src/platform/csv.ts';
import { query } from '../../src/platform/query.ts';
import {
  defineTask,
  nudgeTask,
  onTaskRequested,
  requestTask,
  runTask,
  sweepTasks,
  TASK_QUEUE,
  type TaskRunnerDeps,
} from '../../src/platform/tasks/index.ts';
import { startTasksWork } from '../../src/main/tasks.ts';
import { type TestQueues, openTestQueues } from '../support/queues.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

const right = { action: 'read', resource: 'plans' };
const PAGES = 3;

/** What happens at the beginning of each page of `counting`, by the test's name of it. */
const atPage = new Map<string, (page: number) => Promise<void> | void>();
const begun: string[] = [];

const counting = defineTask({
  kind: 'test.counting',
  right,
  payload: z.strictObject({ name: z.string(), keeps: z.boolean() }),
  checkpoint: z.strictObject({ page: z.int() }),
  run: async (task, { name, keeps }) => {
    begun.push(`${name} ${task.checkpoint?.page ?? 0}`);
    for (let page = task.checkpoint?.page ?? 0; page < PAGES; page += 1)
      await task.page(async (tx) => {
        await atPage.get(name)?.(page);
        await task.write(tx, 'pages.csv', csvLine([page]));
        return { done: page + 1, total: PAGES, ...(keeps && { checkpoint: { page: page + 1 } }) };
      });
    return { pages: PAGES };
  },
});

const taskRow = query(
  'test.task',
  z.object({
    state: z.string(),
    code: z.string().nullable(),
    attempts: z.int(),
    done: z.bigint(),
    result: z.unknown(),
    file: z.string(),
  }),
  `select state, problem ->> 'code' as code, attempts, progress_done as done, result,
          (select coalesce(string_agg(piece, '' order by page), '') from platform.task_pages where task_id = t.id) as file
     from platform.tasks t where id = :id`,
);
const loseLease = query(
  'test.lose_lease',
  z.object({}),
  `update platform.tasks set lease_until = clock_timestamp() - interval '1 second' where id = :id and state = 'running'`,
);
const cancel = query(
  'test.cancel_task',
  z.object({}),
  `update platform.tasks set cancel_asked_by = 'somebody' where id = :id`,
);
const endPause = query('test.end_pause', z.object({}), `update platform.tasks set retry_at = null where id = :id`);

describe('A task', () => {
  let at: TestTenant;
  let deps: TaskRunnerDeps;
  beforeAll(async () => {
    at = await openTestTenant();
    deps = { withTenant: at.tenancy.withTenant, kinds: [counting], leaseMs: 60_000, log: testLog };
  });
  afterAll(() => at.close());

  const ask = (name: string, keeps = false) => at.inTenant((tx) => requestTask(tx, counting, { name, keeps }));
  const run = (id: Awaited<ReturnType<typeof ask>>) => runTask(deps, at.tenant.id, id);
  const now = async (id: Awaited<ReturnType<typeof ask>>) => (await at.inTenant((tx) => taskRow(tx, { id })))[0];

  it('is done page by page, with its result in its row and its files beside it', async () => {
    const id = await ask('plain');
    await run(id);
    expect(await now(id)).toEqual({
      state: 'done',
      code: null,
      attempts: 1,
      done: 3n,
      result: { pages: 3 },
      file: '0\r\n1\r\n2\r\n',
    });
    await run(id); // A job that comes twice finds nothing to do.
    expect(begun.filter((line) => line.startsWith('plain'))).toEqual(['plain 0']);
  });

  it('is asked for only where the transaction that asks commits, and told of after the commit', async () => {
    const heard: string[] = [];
    const end = onTaskRequested((_tenantId, taskId) => heard.push(taskId));
    const refused = at.inTenant(async (tx) => {
      await requestTask(tx, counting, { name: 'never', keeps: false });
      throw new Error('no');
    });
    await expect(refused).rejects.toThrow('no');
    const id = await ask('heard');
    end();
    expect(heard).toEqual([id]);
    await run(id);
  });

  it('is the one that is there already where it is asked for under one name', async () => {
    const named = () =>
      at.inTenant((tx) => requestTask(tx, counting, { name: 'once', keeps: false }, { once: '2026-03' }));
    const id = await named();
    expect(await named()).toBe(id);
    await run(id);
    expect(await named()).toBe(id);
  });

  it.each([
    ['from its last checkpoint', true, ['killed true 0', 'killed true 2'], '0\r\n1\r\n2\r\n'],
    ['from the start where its kind keeps none', false, ['killed false 0', 'killed false 0'], '0\r\n1\r\n2\r\n'],
  ])('goes on %s when its worker was killed, and writes no page twice', async (_words, keeps, begins, file) => {
    const name = `killed ${keeps}`;
    const id = await ask(name, keeps);
    const dead = Promise.withResolvers<never>();
    const stuck = Promise.withResolvers<void>();
    atPage.set(name, async (page) => {
      if (page !== 2) return;
      stuck.resolve();
      await dead.promise; // As a killed worker: its transaction never ends by itself.
    });
    const first = run(id);
    await stuck.promise;
    atPage.delete(name);
    await at.inTenant((tx) => loseLease(tx, { id }));
    await run(id);
    expect(await now(id)).toMatchObject({ state: 'done', file });
    dead.reject(new Error('the worker is gone'));
    await first; // It finds that another one has had the task, and changes nothing.
    expect(await now(id)).toMatchObject({ state: 'done', file });
    expect(begun.filter((line) => line.startsWith(name))).toEqual(begins);
  });

  it('stops before its next page once it is cancelled, and what is done stays', async () => {
    const id = await ask('cancelled');
    atPage.set('cancelled', async (page) => {
      if (page === 1) await at.inTenant((tx) => cancel(tx, { id }));
    });
    await run(id);
    expect(await now(id)).toMatchObject({ state: 'cancelled', done: 2n });
  });

  it('fails with the code of what went wrong, and is not tried again', async () => {
    const id = await ask('fails');
    atPage.set('fails', () => {
      throw commissionProblem('commissions.rate_missing', { detail: 'KWD to USD' });
    });
    await run(id);
    expect(await now(id)).toMatchObject({ state: 'failed', code: 'commissions.rate_missing', file: '' });
  });

  it('fails as our own fault where the error is no Problem, and tells no more of it', async () => {
    const id = await ask('breaks');
    atPage.set('breaks', () => {
      throw new TypeError('secret words');
    });
    await run(id);
    expect(await now(id)).toMatchObject({ state: 'failed', code: 'platform.internal' });
  });

  it('is tried again after what passes, a bounded number of times', async () => {
    const id = await ask('passing');
    atPage.set('passing', () => {
      throw Object.assign(new Error('deadlock'), { code: '40P01' });
    });
    await run(id);
    expect(await now(id)).toMatchObject({ state: 'queued', attempts: 1, code: 'platform.internal' });
    await run(id); // Its pause is not over.
    expect(await now(id)).toMatchObject({ attempts: 1 });
    for (let attempt = 2; attempt <= 8; attempt += 1) {
      await at.inTenant((tx) => endPause(tx, { id }));
      await run(id);
    }
    expect(await now(id)).toMatchObject({ state: 'failed', attempts: 8 });
  });

  it('waits while two others of its tenant run', async () => {
    const open = Promise.withResolvers<void>();
    const both = [await ask('long 1'), await ask('long 2')];
    for (const name of ['long 1', 'long 2']) atPage.set(name, () => open.promise);
    const running = both.map(run);
    await expect
      .poll(async () => Promise.all(both.map(async (id) => (await now(id))?.state)))
      .toEqual(['running', 'running']);
    const third = await ask('third');
    await run(third);
    expect(await now(third)).toMatchObject({ state: 'queued', attempts: 0 });
    open.resolve();
    await Promise.all(running);
    await run(third);
    expect(await now(third)).toMatchObject({ state: 'done' });
  });
});

describe('The queue of tasks', () => {
  let at: TestTenant;
  let queues: TestQueues;
  const ended: string[] = [];
  beforeAll(async () => {
    at = await openTestTenant();
    queues = await openTestQueues([TASK_QUEUE]);
  });
  afterAll(async () => {
    await queues.close();
    await at.close();
  });

  it('begins a task at once, and the sweep one that no job speaks for', async () => {
    const { withTenant } = at.tenancy;
    const deps = { withTenant, queues, log: testLog };
    const working = await startTasksWork(
      {
        config: { jobLockMs: 30_000, stalledPeriodMs: 15_000 },
        platform: at,
        work: { store: queues.store, queues },
        metrics: { countJob: ({ name, outcome }) => void ended.push(`${name} ${outcome}`) },
        log: testLog,
      },
      [counting],
    );
    const ask = (name: string) => at.inTenant((tx) => requestTask(tx, counting, { name, keeps: true }));
    const state = async (id: Awaited<ReturnType<typeof ask>>) =>
      (await at.inTenant((tx) => taskRow(tx, { id })))[0]?.state;
    const told = await ask('told');
    await nudgeTask(deps, at.tenant.id, told);
    await expect.poll(() => state(told), { timeout: 5_000 }).toBe('done');
    const untold = await ask('untold');
    expect(await sweepTasks(deps, at.tenant.id, 60_000)).toBe(0);
    expect(await sweepTasks(deps, at.tenant.id, 0)).toBe(1);
    await expect.poll(() => state(untold), { timeout: 5_000 }).toBe('done');
    await expect.poll(() => ended).toEqual(['test.counting done', 'test.counting done']);
    await working.stop();
  });

  it('leaves a task to the sweep where the tenant cannot be found', async () => {
    const nobody = TenantId.parse('tnt_0000000000000000000000000A');
    const other = await at.inTenant((tx) => requestTask(tx, counting, { name: 'other', keeps: true }));
    await expect(
      nudgeTask({ withTenant: at.tenancy.withTenant, queues, log: testLog }, nobody, other),
    ).resolves.toBeUndefined();
  });
});
