import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { simulate } from '../../src/commissions/simulations/contract.ts';
import { simulation } from '../../src/commissions/simulations/service.ts';
import { createPlanOperation, draftPlanVersion } from '../../src/commissions/plans/contract.ts';
import { TaskId } from '../../src/kernel/ids.ts';
import { cancelTaskOperation, downloadTaskFile, listTasks, readTask } from '../../src/platform/tasks/contract.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { testLog } from '../support/tenancy.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const Both = z.object({ live: z.string(), assumed: z.string(), change: z.string() });
const Sum = z.object({
  month: z.string(),
  currency: z.string(),
  trades: z.int(),
  earned: Both,
  ibs: Both,
  clients: Both,
  house: Both,
  revenue: z.string(),
  margin: Both,
});
const Extreme = z.object({ id: z.string(), name: z.string(), change: z.string() });
const Result = z.object({
  trades: z.int(),
  changed: z.int(),
  totals: z.array(Sum),
  months: z.array(Sum),
  winners: z.array(Extreme),
  losers: z.array(Extreme),
  reasons: z.array(z.object({ reason: z.string(), live: z.int(), assumed: z.int() })),
  breaches: z.int(),
});

const range = { from: '2026-03-01T00:00:00Z', to: '2026-05-01T00:00:00Z' };
const lots = (budget: string, more: object = {}) => ({
  currency: 'USD',
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'roll-up' },
      rules: [{ name: 'everything', budget }],
      traderRebate: '10',
      ...more,
    },
  ],
});

describe('A simulation', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    const at = (text: string) => new Date(text);
    await desk.brokerage.feed([
      ...desk.brokerage.deal({ login: LOGINS.ofLena, lots: '1.37', closedAt: at('2026-03-10T10:00:00Z') }),
      ...desk.brokerage.deal({ login: LOGINS.ofOmar, lots: '2', closedAt: at('2026-03-31T23:59:59Z') }),
      ...desk.brokerage.deal({
        login: LOGINS.ofZoe,
        lots: '1',
        closedAt: at('2026-04-01T00:00:00Z'),
        symbol: 'XAUUSD',
      }),
      ...desk.brokerage.deal({ login: LOGINS.ofLena, lots: '3', closedAt: at('2026-05-01T00:00:00Z') }), // Behind the range.
    ]);
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());

  type Body = NonNullable<NonNullable<Parameters<typeof desk.api.call<typeof simulate>>[1]>['body']>;
  const asked = (body: Partial<Body> = {}, token = desk.people.owner) =>
    desk.api.call(simulate, { token, body: { ...range, ...body } });
  const finished = async (body: Partial<Body> = {}) => {
    const { taskId } = (await asked(body)).ok();
    const deps = { withTenant: desk.api.withTenant, kinds: [simulation], leaseMs: 60_000, log: testLog };
    await runTask(deps, desk.api.tenantOf('acme').id, TaskId.parse(taskId));
    const task = (await desk.api.call(readTask, { token: desk.people.finance, params: { taskId } })).ok();
    expect(task).toMatchObject({ state: 'done', problem: null });
    return { taskId, task, result: Result.parse(task.result) };
  };
  const draftOf = async (name: string, definition: object) => {
    const { owner: token } = desk.people;
    const planId = (await desk.api.call(createPlanOperation, { token, body: { name } })).ok().id;
    const drafted = await desk.api.call(draftPlanVersion, { token, params: { planId }, body: { definition } as never });
    return { planId, number: drafted.ok().number };
  };

  it('that assumes nothing changes nothing, to the unit, over the trades that were booked', async () => {
    const { result } = await finished();
    expect(result).toMatchObject({ trades: 3, changed: 0, winners: [], losers: [], breaches: 0 });
    expect(result.months.map(({ month }) => month)).toEqual(['2026-03', '2026-04']);
    for (const { earned, ibs, clients, house } of [...result.totals, ...result.months])
      for (const both of [earned, ibs, clients, house]) expect(both.live).toBe(both.assumed);
    expect(result.totals).toMatchObject([{ earned: { live: '34.96' }, trades: 3 }]); // 4.37 lots at 8.00.
  });

  it('tells what a draft would change: totals, months, who wins and who loses', async () => {
    const draft = await draftOf('dearer', lots('10.00'));
    const assignments = [{ planId: draft.planId, ibId: null }];
    const rates = [
      { ibId: desk.ibOf('Maria'), terms: [{ rate: '9.00' }] },
      { ibId: desk.ibOf('Omar'), terms: [{ rate: '4.00' }] },
    ];
    const { result, taskId } = await finished({ assumed: { versions: [draft], assignments, rates } });
    expect(result).toMatchObject({ trades: 3, changed: 3 });
    expect(result.totals).toMatchObject([{ earned: { live: '34.96', assumed: '43.70', change: '8.74' } }]);
    expect(result.winners.map(({ name }) => name)).toEqual(['Maria']);
    expect(result.losers.map(({ name }) => name)).toEqual(expect.arrayContaining(['Omar', 'Lena', 'Zoe']));
    const file = async (name: string) =>
      (await desk.api.call(downloadTaskFile, { token: desk.people.finance, params: { taskId, name } })).text;
    const [head, ...rows] = (await file('ibs.csv')).trim().split('\r\n');
    expect(head).toBe('ib,name,month,currency,live,assumed,change');
    // March: 1.37 lots of Lena's client and 2 of Omar's. Maria had 8 - 7 of both, and would have 9 - 4.
    expect(rows).toContain(`${desk.ibOf('Maria')},Maria,2026-03,USD,3.37,16.85,13.48`);
    const whole = JSON.parse(await file('simulation.json')) as {
      result: unknown;
      ibs: unknown[];
      levels: unknown[];
      symbols: unknown[];
    };
    expect(Result.parse(whole.result)).toEqual(result);
    expect([whole.ibs.length, whole.symbols.length]).toEqual([rows.length, 2]);
  });

  it('tells what another tree would change: moves, clients, and who would be suspended', async () => {
    const client = desk.clientOf(LOGINS.ofLena);
    const moved = await finished({
      assumed: {
        moves: [{ ibId: desk.ibOf('Lena'), parentId: desk.ibOf('Zoe') }],
        statuses: [{ ibId: desk.ibOf('Zoe'), status: 'suspended' }],
      },
    });
    // Lena keeps 5.50 of 8.00; Omar's 1.50 and Maria's 1.00 become Maria's 2.50 of 1.37 lots; Zoe's 3.00 of 1 lot rolls up.
    expect(moved.result.winners).toMatchObject([{ name: 'Maria', change: '5.055' }]);
    expect(moved.result.losers).toMatchObject([{ name: 'Zoe' }, { name: 'Omar', change: '-2.055' }]);
    const gone = await finished({
      assumed: { clients: [{ clientId: client, ibId: null, from: '2026-03-05T00:00:00Z' }] },
    });
    expect(gone.result.reasons).toEqual([{ reason: 'client_without_ib', live: 0, assumed: 1 }]);
    const later = await finished({
      assumed: { clients: [{ clientId: client, ibId: null, from: '2026-03-11T00:00:00Z' }] },
    });
    expect(later.result.changed).toBe(0);
  });

  it('tells of trades that would pay nothing, would wait, or would take more than the budget', async () => {
    const fussy = await draftOf(
      'fussy',
      lots('8.00', { filters: [{ kind: 'symbol', mode: 'deny', list: ['XAUUSD'] }] }),
    );
    const { result } = await finished({
      assumed: {
        versions: [fussy],
        assignments: [{ planId: fussy.planId, ibId: null }],
        rates: [{ ibId: desk.ibOf('Omar'), terms: [{ rate: '8.50' }] }],
      },
    });
    expect(result.breaches).toBe(2);
    expect(result.reasons.map(({ reason, assumed }) => [reason, assumed])).toEqual([
      ['commissions.rate_above_budget', 2],
      ['symbol_excluded', 1],
    ]);
  });

  it('sees the trades of its month before the range where a plan looks at them, and counts only its own', async () => {
    const tiers = {
      kind: 'tier',
      by: 'lots',
      of: 'plan',
      mode: 'step',
      tiers: [{ upTo: '1', rate: '2.00' }, { rate: '8.00' }],
    };
    const draft = await draftOf('tiered', lots('8.00', { adjusters: [tiers] }));
    const assumed = { versions: [draft], assignments: [{ planId: draft.planId, ibId: null }] };
    const { result } = await finished({ from: '2026-03-20T00:00:00Z', to: '2026-04-01T00:00:00Z', assumed });
    // 1.37 lots were done on the 10th: the 2 lots of the 31st are above the first tier.
    expect(result).toMatchObject({ trades: 1, totals: [{ earned: { assumed: '16.00' } }] });
    const trued = await draftOf('trued', lots('8.00', { adjusters: [{ ...tiers, mode: 'retroactive' }] }));
    const retroactive = await finished({
      to: '2026-04-01T00:00:00Z',
      assumed: { versions: [trued], assignments: [{ planId: trued.planId, ibId: null }] },
    });
    expect(retroactive.result.totals).toMatchObject([{ earned: { assumed: '26.96' } }]); // All 3.37 lots at 8.00.
  });

  it.each([
    [
      'a range without trades',
      { from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z' },
      'commissions.simulation_range_empty',
    ],
    ['a range that ends before it begins', { from: range.to, to: range.from }, 'commissions.simulation_range_empty'],
    ['a range of years', { from: '2024-01-01T00:00:00Z' }, 'commissions.simulation_range_long'],
    [
      'an IB that is not there',
      { assumed: { statuses: [{ ibId: 'ibr_00000000000000000000000001', status: 'active' }] } },
      'ib.unknown',
    ],
    [
      'a client who is not there',
      { assumed: { clients: [{ clientId: 'cli_00000000000000000000000001', ibId: null }] } },
      'clients.client_unknown',
    ],
    [
      'a plan that is not there',
      { assumed: { versions: [{ planId: 'pln_00000000000000000000000001', number: 1 }] } },
      'commissions.plan_unknown',
    ],
    [
      'a number of a version that no plan has',
      { assumed: { versions: [{ planId: 'pln_00000000000000000000000001', number: Number.MAX_SAFE_INTEGER }] } },
      'http.body_invalid',
    ],
  ] as const)('is refused for %s', async (_words, body, code) => {
    expect((await asked(body as never)).code).toBe(code);
  });

  it('is refused for a draft that could not be published, for a circle, and for what is assumed twice', async () => {
    const draft = await draftOf('refused', lots('9.0000001'));
    expect((await asked({ assumed: { versions: [draft] } })).code).toBe('commissions.rate_too_fine');
    const [maria, omar, lena] = ['Maria', 'Omar', 'Lena'].map((name) => desk.ibOf(name));
    if (maria === undefined || omar === undefined || lena === undefined) throw new Error('nobody is there');
    const circle = [
      { ibId: omar, parentId: lena },
      { ibId: maria, parentId: null },
    ];
    expect((await asked({ assumed: { moves: circle } })).code).toBe('commissions.simulation_cycle');
    const twice = [
      { ibId: omar, parentId: null },
      { ibId: omar, parentId: maria },
    ];
    expect((await asked({ assumed: { moves: twice } })).code).toBe('commissions.simulation_contradicts');
  });

  it('is asked for, seen and cancelled by whom the table of rights names alone', async () => {
    const body = { assumed: { moves: [{ ibId: desk.ibOf('Zoe'), parentId: null }] } };
    expect((await asked(body, desk.people.support)).code).toBe('identity.forbidden');
    const { taskId } = (await asked(body)).ok();
    const params = { taskId };
    expect((await desk.api.call(readTask, { token: desk.people.support, params })).code).toBe('platform.task_unknown');
    expect((await desk.api.call(cancelTaskOperation, { token: desk.people.finance, params })).ok().state).toBe(
      'cancelled',
    );
    expect((await desk.api.call(cancelTaskOperation, { token: desk.people.finance, params })).code).toBe(
      'platform.task_ended',
    );
    const listed = (await desk.api.call(listTasks, { token: desk.people.owner, query: { state: 'cancelled' } })).ok();
    expect(listed.data.map(({ id }) => id)).toEqual([taskId]);
    expect((await desk.api.call(listTasks, { token: desk.people.support })).ok().data).toEqual([]);
    const file = { taskId, name: 'ibs.csv' };
    expect((await desk.api.call(downloadTaskFile, { token: desk.people.owner, params: file })).code).toBe(
      'platform.task_file_unknown',
    );
  });
});
