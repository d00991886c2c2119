import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { periodRun } from '../../src/commissions/settlements/jobs.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { onlyRow, query } from '../../src/platform/query.ts';
import { requestTask } from '../../src/platform/tasks/index.ts';
import { rounds } from './support/rounds.ts';
import { settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until } from './support/wait.ts';

/** So many clients that a run has several pages of them. */
const CLIENTS = 180;
const TRADES = 1_500;
const DEATH_MS_MAX = 90_000;
const DONE_MS_MAX = 90_000;
/** All deals are of a day in the middle of it. */
const UP_TO = '2026-04-01T00:00:00.000Z';

const taskState = query(
  'test.state_of_task',
  z.object({ state: z.string() }),
  `select state from platform.tasks where id = :id`,
);
const progress = query(
  'test.progress_of_periods',
  z.object({ results: z.int(), due: z.int() }),
  `select (select count(*)::integer from commissions.period_results) as results,
          (select count(*)::integer from commissions.period_due) as due`,
);
const endLeases = query(
  'test.end_leases_of_tasks',
  z.object({}),
  `update platform.tasks set lease_until = clock_timestamp() where state = 'running'`,
);
/** What each client's deals lost it in dollars, by the platform's own words, beside what was awarded for it. */
const losses = query(
  'test.losses_of_clients',
  z.object({ clientKey: z.int(), lost: z.bigint(), awarded: z.bigint() }),
  `
  select c.client_key as "clientKey", l.lost,
         coalesce((select sum(a.units) from commissions.awards a where a.client_key = c.client_key), 0)::bigint as awarded
    from (select distinct client_key from clients.accounts) c
   cross join lateral (
     select greatest(0, -coalesce(sum((d.raw::jsonb ->> 'Profit')::numeric), 0) * 1000000)::bigint as lost
       from clients.accounts o
       join trading.deals d on d.login = o.login
      where o.client_key = c.client_key and d.version = 0 and d.closed_volume > 0) l
   order by 1`,
);

describe('A worker that settles periods', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({
      clients: CLIENTS,
      periods: [
        {
          name: 'loss',
          model: { kind: 'net_loss', period: 'month', share: '100', carryOver: false },
          levels: { kind: 'fixed_by_level', unit: 'percent', levels: ['100'] },
          part: '100',
          traderRebate: '0',
        },
      ],
    });
    await Promise.all([stage.start('api'), stage.start('relay')]);
  }, 120_000);
  afterAll(() => stage.close());

  const counts = { few: 1, all: 12, roundMsMax: 240_000 };
  rounds('P01', 'and is killed on any page awards each difference once', counts, async ({ random, isLast }) => {
    const { inTenant } = stage.acme;
    const booking = await stage.start('worker');
    await stage.trade(TRADES, 500);
    await settled(stage);
    await booking.kill();
    await inTenant((tx) => endLeases(tx, {}));
    const taskId = await inTenant((tx) => requestTask(tx, periodRun, { upTo: UP_TO, isPreview: false }));
    const before = onlyRow(await inTenant((tx) => progress(tx, {})));
    const worker = stage.launch('worker', { plan: ['tasks.after_page pause 300 1000'] });
    const pages = random.whole(1, 2); // Of the clients; each time all of them are due.
    await until('some periods are settled, and others are not', DEATH_MS_MAX, async () => {
      const { results, due } = onlyRow(await inTenant((tx) => progress(tx, {})));
      return results - before.results >= (pages - 1) * 50 + 1 && due > 0;
    });
    await worker.kill();
    expect(onlyRow(await inTenant((tx) => progress(tx, {}))).due).toBeGreaterThan(0);
    await inTenant((tx) => endLeases(tx, {}));
    const fromMs = performance.now();
    const next = await stage.start('worker');
    await until('the periods are settled', DONE_MS_MAX, async () => {
      const [task] = await inTenant((tx) => taskState(tx, { id: taskId }));
      return task?.state === 'done';
    });
    const recoveryMs = performance.now() - fromMs;
    await next.stop();
    const found = await inTenant((tx) => losses(tx, {}));
    expect(found.filter(({ lost }) => lost > 0n).length).toBeGreaterThan(20);
    expect(found.filter(({ lost, awarded }) => lost !== awarded)).toEqual([]);
    if (isLast)
      expect((await verifyTenant(stage.tenancy, stage.acme.tenant, { recompute: true })).findings).toEqual([]);
    return { recoveryMs };
  });
});
