import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPlanOperation,
  draftPlanVersion,
  publishPlanVersion,
  readPlanVersion,
} from '../../src/commissions/plans/contract.ts';
import { explainTrade } from '../../src/commissions/engine/rules.ts';
import type { TradeExplanation } from '../../src/commissions/replay/types.ts';
import { toldTo } from '../../src/commissions/trades/rules.ts';
import type { PlanId } from '../../src/kernel/ids.ts';
import { inputOf, oneLot, percentages, perLotPlan, upline } from '../support/commission-story.ts';
import { type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const TIERS = [{ upTo: '100', rate: '5.00' }, { rate: '7.00' }];
const tier = (words: object = {}): object => ({
  kind: 'tier',
  by: 'lots',
  of: 'ib',
  mode: 'marginal',
  unit: 'rate',
  tiers: TIERS,
  ...words,
});
const definitionWith = (adjusters: unknown) => ({
  currency: 'USD',
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'roll-up' },
      rules: [{ name: 'everything', budget: '8.00' }],
      traderRebate: '0',
      filters: [],
      adjusters,
    },
  ],
});

describe('A plan with adjusters, over HTTP', () => {
  let desk: MoneyDesk;
  let planId: PlanId;
  let token: string;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    token = desk.people.owner;
    planId = (await desk.api.call(createPlanOperation, { token, body: { name: 'Tiers' } })).ok().id;
  });
  afterAll(() => desk.api.close());
  const draft = (adjusters: unknown) =>
    desk.api.call(draftPlanVersion, {
      token,
      params: { planId },
      body: { definition: definitionWith(adjusters) } as never,
    });

  it('says what it was told', async () => {
    const adjusters = [tier(), { kind: 'cap', of: 'client', over: 'month', amount: '500' }];
    const number = String((await draft(adjusters)).ok().number);
    const read = (await desk.api.call(readPlanVersion, { token, params: { planId, number } })).ok();
    expect(read.definition).toEqual(definitionWith(adjusters));
  });

  it.each([
    ['commissions.rate_above_budget', tier({ tiers: [{ upTo: '100', rate: '5.00' }, { rate: '8.01' }] })],
    ['commissions.tiers_not_rising', tier({ tiers: [{ upTo: '100', rate: '5.00' }] })],
    ['commissions.tier_mode_unfit', tier({ by: 'deposits' })],
    ['commissions.limits_contradict', { kind: 'clamp', least: '5', most: '1', per: 'trade' }],
  ])('is not published with %s', async (code, adjuster) => {
    const number = String((await draft([adjuster])).ok().number);
    const body = { reason: 'New tiers' };
    const answer = await desk.api.call(publishPlanVersion, { token, params: { planId, number }, body });
    expect([answer.status, answer.code]).toEqual([422, code]);
  });

  it.each([
    [{ kind: 'cap', of: 'client', amount: '500' }],
    [{ kind: 'cap', of: 'everybody', over: 'day', amount: '500' }],
    [{ kind: 'cap', of: 'plan', over: 'day', amount: 500 }],
    [{ kind: 'tier', by: 'luck', mode: 'step', tiers: TIERS }],
    [{ kind: 'credit_coefficient', below: '-1' }],
    ['cap'],
    [null],
  ])('is refused as a whole with %j', async (adjuster) => {
    expect((await draft([adjuster])).status).toBe(422);
  });

  it('is refused with something else than a list, or too many', async () => {
    expect((await draft({})).status).toBe(422);
    expect((await draft(Array.from({ length: 21 }, () => ({ kind: 'cap', of: 'order', amount: '5' })))).status).toBe(
      422,
    );
  });
});

it('what an IB sees of an adjuster tells neither the volume of others, nor what they were paid, nor the earning as a whole', () => {
  const plan = perLotPlan('8.00', percentages('50', '20'), {
    adjusters: [
      { kind: 'tier', by: 'lots', mode: 'retroactive', tiers: TIERS },
      { kind: 'cap', of: 'plan', over: 'day', amount: '5000' },
    ],
  });
  const trade = {
    ...inputOf({ ...oneLot, plan, chain: upline('-', '-') }),
    standing: { seen: [[495n, 17_000_000n]], again: [[10n ** 15n, 9n]] },
  };
  const { steps } = explainTrade(trade);
  const told = toldTo(
    {
      chain: [],
      rebates: [],
      revisions: [],
      steps: steps.map(({ units, ...step }) => ({ ...step, ...(units !== undefined && { amount: String(units) }) })),
    } as unknown as TradeExplanation,
    { kind: 'ib', ibId: 'ibr_1', depth: 0 },
  );
  const adjusters = told.steps.filter(({ step }) => step === 'adjuster');
  expect(adjusters).toHaveLength(4); // Both as it came, and both as it was trued up.
  for (const { figures, ...step } of adjusters) {
    expect(Object.keys(figures).toSorted().join(' ')).toMatch(/^adjuster( by mode)?$/);
    expect(step).not.toHaveProperty('amount');
  }
  expect(told.steps.filter(({ step }) => step === 'true_up')).toEqual([
    expect.objectContaining({ depth: 0, amount: '1000000', figures: {} }) as unknown,
  ]);
});
