import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlanOperation, draftPlanVersion, publishPlanVersion } from '../../src/commissions/plans/contract.ts';
import {
  listAwards,
  listPeriodWaits,
  readAward,
  readAwardProgress,
  startPeriodRun,
} from '../../src/commissions/awards/contract.ts';
import { listClientCosts, recordClientCosts } from '../../src/commissions/costs/contract.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { periodRun } from '../../src/commissions/settlements/jobs.ts';
import type { TaskId } from '../../src/kernel/ids.ts';
import { readTask } from '../../src/platform/tasks/contract.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { type RawDeal, serverTimeFromUtc } from '../../src/trading/index.ts';
import { NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { testLog } from '../support/tenancy.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const levels = { kind: 'differential', suspension: 'roll-up' };
const ladder = [
  { deposits: '200', pays: '60' },
  { deposits: '1000', pays: '150' },
];
const definition = PlanDefinition.parse({
  currency: 'USD',
  components: [],
  periods: [
    {
      name: 'cpa',
      model: { kind: 'cpa', tables: [{ steps: ladder }], gates: { lots: '1' } },
      levels,
      traderRebate: '10',
    },
    {
      name: 'revenue',
      model: { kind: 'net_revenue', period: 'month', share: '30', parts: ['commission', 'psp_fees'] },
      levels,
    },
  ],
});
const MARCH = new Date('2026-03-10T12:00:00Z');
const RANGE = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };
const once = () => ({ 'idempotency-key': randomUUID() });

describe('Awards over HTTP', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk({}, { plans: [{ name: 'By the period', definition, master: undefined }] });
    const [open, close] = desk.brokerage.deal({ login: LOGINS.ofLena, closedAt: MARCH });
    const deposit: RawDeal = {
      Deal: '990001',
      Login: String(LOGINS.ofLena),
      Action: 2,
      Profit: '200',
      TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, MARCH.getTime() - 60_000),
    };
    await desk.brokerage.feed([deposit, open ?? {}, { ...close, Commission: '-100' }]);
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());

  const start = (isPreview: boolean, token = desk.people.finance) =>
    desk.api.call(startPeriodRun, { token, headers: once(), body: { ...RANGE, isPreview } });
  const finished = async (taskId: TaskId) => {
    const { withTenant } = desk.api.tenancy;
    await runTask(
      { withTenant, kinds: [periodRun], leaseMs: 60_000, log: testLog },
      desk.api.tenantOf('acme').id,
      taskId,
    );
    return (await desk.api.call(readTask, { token: desk.people.finance, params: { taskId } })).ok();
  };
  const listed = async (token: string, query: object = {}) =>
    (await desk.api.call(listAwards, { token, query })).ok().data;

  it('show how far a client is, gate by gate, before anything is awarded', async () => {
    const params = { clientId: desk.clientOf(LOGINS.ofZoe) };
    const none = (await desk.api.call(readAwardProgress, { token: desk.people.support, params })).ok();
    expect(none.ladders).toMatchObject([
      { component: 'cpa', paid: { amount: '0.00' }, gates: [{ gate: 'lots', reached: '0.00', openSince: null }] },
    ]);
    const its = { clientId: desk.clientOf(LOGINS.ofLena) };
    const progress = (await desk.api.call(readAwardProgress, { token: desk.people.support, params: its })).ok();
    expect(progress.ladders[0]?.gates).toEqual([
      { gate: 'lots', needed: '1', reached: '1.00', openSince: MARCH.toISOString() },
    ]);
    expect(progress.ladders[0]?.steps.map(({ reachedAt }) => reachedAt)).toEqual([MARCH.toISOString(), null]);
    expect((await desk.api.call(readAwardProgress, { token: desk.people.lena, params: its })).status).toBe(403);
  });

  it('are shown before they are made, to a file, and nothing is awarded', async () => {
    const { taskId } = (await start(true)).ok();
    expect(await finished(taskId)).toMatchObject({
      state: 'done',
      result: { clients: 1, awards: 2, waiting: 0 },
      files: [{ name: 'awards.csv' }],
    });
    expect(await listed(desk.people.finance)).toEqual([]);
  });

  it('are made by a run for a range, once', async () => {
    const cost = {
      clientId: desk.clientOf(LOGINS.ofLena),
      kind: 'psp_fee' as const,
      amount: { amount: '10.00', currency: 'USD' as never },
      at: MARCH.toISOString(),
      source: 'northpay',
      reference: 'fee-1',
      reason: 'Card fees',
    };
    const record = (costs: (typeof cost)[], token = desk.people.finance) =>
      desk.api.call(recordClientCosts, { token, headers: once(), body: { costs } });
    expect((await record([cost])).ok()).toEqual({ recorded: 1, known: 0 });
    expect((await record([cost])).ok()).toEqual({ recorded: 0, known: 1 });
    expect((await record([{ ...cost, reason: 'Because', amount: { ...cost.amount, amount: '11.00' } }])).code).toBe(
      'commissions.cost_different',
    );
    for (const amount of ['0', '1.0000001'])
      expect((await record([{ ...cost, reference: 'other', amount: { ...cost.amount, amount } }])).status).toBe(422);
    expect((await record([cost, { ...cost }])).code).toBe('commissions.cost_invalid');
    expect((await record([{ ...cost, at: '2999-01-01T00:00:00Z', reference: 'other' }])).code).toBe(
      'commissions.cost_invalid',
    );
    expect((await record([{ ...cost, clientId: 'cli_00000000000000000000000000' as never }])).code).toBe(
      'clients.client_unknown',
    );
    const back = (amount: string) => ({ ...cost, reference: `back ${amount}`, amount: { ...cost.amount, amount } });
    expect((await record([back('-10.01')])).code).toBe('commissions.cost_invalid'); // It would be revenue from nowhere.
    expect((await record([{ ...cost, reference: 'fee-2' }, back('-4'), back('-6')])).ok().recorded).toBe(3);
    expect((await record([back('-10.50')])).code).toBe('commissions.cost_invalid');
    expect((await record([cost], desk.people.support)).status).toBe(403);
    const costs = (await desk.api.call(listClientCosts, { token: desk.people.auditor })).ok().data;
    expect(costs.find(({ reference }) => reference === 'fee-1')).toMatchObject({ amount: { amount: '10.00' } });
    const runs = await Promise.all([start(false), start(false)]);
    const tasks = await Promise.all(runs.map(async (run) => finished(run.ok().taskId)));
    expect(tasks.map(({ state }) => state)).toEqual(['done', 'done']);
    expect((await listed(desk.people.finance)).map(({ kind, amount }) => [kind, amount?.amount])).toEqual(
      expect.arrayContaining([
        ['cpa', '60.00'],
        ['net_revenue', '27.00'], // (100 - 10) x 30 %.
      ]),
    );
    expect(await listed(desk.people.finance)).toHaveLength(2);
  });

  it('explain themselves, and come to the same bytes whenever they are computed again', async () => {
    const awards = await listed(desk.people.finance, { clientId: desk.clientOf(LOGINS.ofLena) });
    for (const { id } of awards) {
      const explained = () => desk.api.call(readAward, { token: desk.people.finance, params: { awardId: id } });
      const [first, second] = [await explained(), await explained()];
      expect(first.text).toBe(second.text);
      expect(first.ok().recomputes).toBe(true);
      expect(first.ok().chain.map(({ name }) => name)).toEqual(['Lena', 'Omar', 'Maria']);
    }
    const [cpa] = awards.filter(({ kind }) => kind === 'cpa');
    const told = (
      await desk.api.call(readAward, { token: desk.people.finance, params: { awardId: cpa?.id ?? '' } })
    ).ok();
    // 5.5, 7 and 8 per cent are agreed: 3.30 of which a tenth is the client's, 0.90, 0.60, and the house has the rest.
    expect(told.parts.map(({ kind, amount }) => [kind, amount.amount])).toEqual([
      ['client', '0.33'],
      ['ib', '2.97'],
      ['ib', '0.90'],
      ['ib', '0.60'],
      ['house', '55.20'],
    ]);
    expect(told.steps.map(({ step }) => step)).toEqual([
      'gate', 'ladder', 'earning', 'share', 'trader_rebate', 'share', 'share', 'house',
    ]); // prettier-ignore
    const [revenue] = awards.filter(({ kind }) => kind === 'net_revenue');
    const period = (
      await desk.api.call(readAward, { token: desk.people.finance, params: { awardId: revenue?.id ?? '' } })
    ).ok();
    expect(period.period).toMatchObject({ unit: 'month', from: '2026-03-01T00:00:00.000Z' });
    expect(
      period.steps.filter(({ step }) => step === 'input').map(({ figures }) => [figures['part'], figures['amount']]),
    ).toEqual([
      ['commission', '100'],
      ['psp_fees', '10'],
    ]);
  });

  it('are seen by an IB and a client as far as they have a part, without the whole and the parts of others', async () => {
    const mine = await listed(desk.people.omar);
    expect(mine.map(({ amount, parts }) => [amount, parts.length])).toEqual([
      [null, 1],
      [null, 1],
    ]);
    expect(await listed(desk.people.zoe)).toEqual([]);
    expect(await listed(desk.people.lena, { beneficiary: desk.ibOf('Omar') })).toEqual([]);
    const client = await listed(desk.people.clientOfLena);
    expect(client.map(({ kind, parts }) => [kind, parts[0]?.amount.amount])).toEqual([['cpa', '0.33']]);
    const params = { awardId: client[0]?.id ?? ('' as never) };
    const seen = (await desk.api.call(readAward, { token: desk.people.omar, params })).ok();
    expect([seen.amount, seen.inputs, seen.chain.map(({ name }) => name)]).toEqual([null, null, ['Lena', 'Omar']]);
    expect(seen.steps.map(({ step, depth }) => [step, depth])).toEqual([
      ['gate', undefined],
      ['share', 1],
    ]);
    expect(JSON.stringify(seen)).not.toMatch(/"60\.00"|"60"|55\.2/);
    const foreign = await desk.api.call(readAward, { token: desk.people.zoe, params });
    const absent = await desk.api.call(readAward, {
      token: desk.people.zoe,
      params: { awardId: 'awd_0000000000000000000000ZZZZ' },
    });
    expect([foreign.code, absent.code]).toEqual(['commissions.award_unknown', 'commissions.award_unknown']);
  });

  it('refuse ranges that are not over, or none, and whoever may not run them', async () => {
    const ask = (range: { from: string; to: string }, token = desk.people.finance) =>
      desk.api.call(startPeriodRun, { token, headers: once(), body: { ...range, isPreview: false } });
    expect((await ask({ from: RANGE.from, to: '2999-01-01T00:00:00Z' })).code).toBe('commissions.period_not_over');
    expect((await ask({ from: RANGE.to, to: RANGE.from })).code).toBe('commissions.range_empty');
    expect((await ask({ from: 'yesterday', to: RANGE.to })).status).toBe(422);
    expect((await ask(RANGE, desk.people.auditor)).status).toBe(403);
    expect((await desk.api.call(listPeriodWaits, { token: desk.people.support })).ok().data).toEqual([]);
    expect((await desk.api.call(listAwards, { token: desk.people.finance, query: { cursor: 'nonsense' } })).code).toBe(
      'platform.cursor_invalid',
    );
  });

  it('need plans that make sense: ladders that rise, shares up to 100, something that is paid', async () => {
    const { owner } = desk.people;
    const { id: planId } = (await desk.api.call(createPlanOperation, { token: owner, body: { name: 'Refused' } })).ok();
    const refused = async (periods: object[]): Promise<string | undefined> => {
      const body = { definition: { currency: 'USD' as never, components: [], periods: periods as never } };
      const drafted = await desk.api.call(draftPlanVersion, { token: owner, params: { planId }, body });
      if (drafted.code !== undefined) return drafted.code;
      const number = String(drafted.ok().number);
      const asked = { token: owner, params: { planId, number }, body: { reason: 'To see it refused' } };
      return (await desk.api.call(publishPlanVersion, asked)).code;
    };
    const cpa = (steps: object[]) => [{ name: 'cpa', model: { kind: 'cpa', tables: [{ steps }] }, levels }];
    expect(await refused(cpa([...ladder].reverse()))).toBe('commissions.ladder_not_rising');
    expect(await refused([...cpa(ladder), ...cpa(ladder)])).toBe('commissions.names_not_unique');
    const loss = { kind: 'net_loss', period: 'month', carryOver: true };
    for (const model of [{ ...loss, share: '101' }, { ...loss, share: '25', period: 'year' }, { kind: 'lottery' }])
      expect(await refused([{ name: 'one', model, levels }])).toBe('http.body_invalid');
  });
});
