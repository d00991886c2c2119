import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { simulation } from '../../src/commissions/simulations/service.ts';
import { query } from '../../src/platform/query.ts';
import { requestTask, runTask } from '../../src/platform/tasks/index.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy, testLog } from '../support/tenancy.ts';
import { LEVELS, openStandingDesk, tier } from './standing-desk.ts';

const resultOf = query(
  'test.task_result',
  z.object({ result: z.unknown() }),
  `select result from platform.tasks where id = :id`,
);
const Result = z.object({
  trades: z.int(),
  changed: z.int(),
  totals: z.array(z.object({ earned: z.object({ live: z.string(), assumed: z.string() }) })),
});
const caps = [
  { kind: 'cap', of: 'client', over: 'day', amount: '30' },
  { kind: 'cap', of: 'plan', over: 'month', amount: '900' },
] as const;

describe('A simulation of a plan that looks at other trades', () => {
  let tenancy: Tenancy;
  beforeAll(async () => {
    tenancy = await openTestTenancy();
  });
  afterAll(() => tenancy.close());

  it.each([
    ['tiers by step', [tier('step')]],
    ['marginal tiers', [tier('marginal')]],
    ['tiers that are trued up when they are reached', [tier('retroactive')]],
    ['tiers that are trued up when the month is over', [tier('marginal_then_trued_up')]],
    [
      'rolling tiers by active clients, hedged volume and caps',
      [{ ...tier('step'), by: 'active_clients', rollingDays: 20 }, { kind: 'hedged_volume' }, ...caps],
    ],
  ] as const)('comes to what is booked, to the unit: %s', async (_words, adjusters) => {
    const desk = await openStandingDesk(tenancy, {
      chain: 'Maria 7.00 > Omar 6.00',
      clients: 3,
      plan: { budget: '7.00', levels: LEVELS, adjusters: [...adjusters] as never },
    });
    const { brokerage } = desk;
    const lots = ['40', '65.5', '300', '95', '0.7', '12.34', '180', '2', '33', '61'];
    const deals = lots.flatMap((volume, place) =>
      brokerage.deal({
        login: brokerage.logins[place % 3] ?? 0n,
        lots: volume,
        symbol: place % 4 === 0 ? 'XAUUSD' : 'EURUSD',
        closedAt: new Date(Date.UTC(2026, 1 + Math.floor(place / 6), 3 + 4 * (place % 6), 10)),
      }),
    );
    await brokerage.feed(deals);
    await brokerage.book();
    await desk.settle();
    const simulated = async (from: string, to: string) => {
      const id = await desk.inTenant((tx) => requestTask(tx, simulation, { from, to }));
      const deps = { withTenant: tenancy.withTenant, kinds: [simulation], leaseMs: 60_000, log: testLog };
      await runTask(deps, desk.tenant.id, id);
      return Result.parse((await desk.inTenant((tx) => resultOf(tx, { id })))[0]?.result);
    };
    const whole = await simulated('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z');
    expect(whole).toMatchObject({ trades: 10, changed: 0 });
    expect(whole.totals.map(({ earned }) => earned.assumed)).toEqual(whole.totals.map(({ earned }) => earned.live));
    expect(await simulated('2026-02-12T00:00:00Z', '2026-02-20T00:00:00Z')).toMatchObject({ trades: 2, changed: 0 });
  });
});
