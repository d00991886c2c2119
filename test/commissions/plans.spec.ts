import { describe, expect, it } from 'vitest';
import { commissionProblem, refusalProblem } from '../../src/commissions/errors.ts';
import { fixedByLevel } from '../../src/commissions/levels/fixed-by-level.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { compilePlan } from '../../src/commissions/definitions/rules.ts';
import { checkAgreement, checkDefinition } from '../../src/commissions/plans/rules.ts';
import { amounts, differential, percentages, perLotPlan, planOf } from '../support/commission-story.ts';
import type { NaivePlan, NaiveTerm } from '../../src/commissions/naive/engine.ts';

const refused = (plan: NaivePlan, ...terms: NaiveTerm[]): string[] =>
  checkDefinition(PlanDefinition.parse(plan), [{ ib: 'Maria', terms }]).map(({ code, detail }) => `${code}: ${detail}`);

describe('publication refuses', () => {
  it('an agreed rate above the budget, instead of clipping it when a trade comes', () =>
    expect(refused(perLotPlan('8.00', differential()), { rate: '8.000001' })).toEqual([
      'commissions.rate_above_budget: Maria: rebate, rule every-symbol: agreed 8.000001, budget 8.00',
    ]));

  it('only the rules whose budget an agreed rate exceeds, each by name', () => {
    const rules = [
      { name: 'gold', symbol: 'XAUUSD', budget: '20.00' },
      { name: 'majors', symbolGroup: 'majors', budget: '8.00' },
      { name: 'nothing', symbolGroup: 'crypto', budget: '0' },
    ];
    const plan = perLotPlan('0', differential(), { rules });
    expect(refused(plan, { rate: '9' })).toEqual([
      'commissions.rate_above_budget: Maria: rebate, rule majors: agreed 9.00, budget 8.00',
    ]);
    expect(refused(plan, { rule: 'majors', rate: '8' }, { rate: '20' })).toEqual([]);
    expect(refused(plan, { rule: 'nothing', rate: '1' })).toHaveLength(1);
  });

  it('percentages that add to more than 100', () => {
    expect(refused(perLotPlan('10.00', percentages('60', '40')))).toEqual([]);
    expect(refused(perLotPlan('10.00', percentages('60', '40.000001')))).toEqual([
      'commissions.percentages_above_100: rebate: the levels add to 100.000001 %',
    ]);
  });

  it('amounts above a budget with scaling off', () => {
    const levels = ['3.00', '2.00', '1.50', '1.00'];
    expect(refused(perLotPlan('6.00', amounts('scaled', ...levels)))).toEqual([]);
    expect(refused(perLotPlan('7.50', amounts('unscaled', ...levels)))).toEqual([]);
    expect(refused(perLotPlan('6.00', amounts('unscaled', ...levels)))).toEqual([
      'commissions.levels_above_budget: rebate: the levels add to 7.50, rule every-symbol has 6.00',
    ]);
  });

  it('a percentage above 100 as the budget of a model that pays by percent', () => {
    expect(refused(planOf({ kind: 'spread_share' }, '100'))).toEqual([]);
    expect(refused(planOf({ kind: 'spread_share' }, '100.000001'))).toEqual([
      'commissions.percentages_above_100: rebate, rule every-symbol: the budget is 100.000001 %',
    ]);
    expect(refused(planOf({ kind: 'pips' }, '300'))).toEqual([]);
  });

  it('amounts on a model that does not pay by the lot', () => {
    const frame = { component: 'spread', ratePerLot: false, rateDigits: 6, rules: [] };
    const settings = { kind: 'fixed_by_level', unit: 'amount', levels: ['1'], scaling: true };
    expect(fixedByLevel.refusals(settings, frame).map(({ code }) => code)).toEqual([
      'commissions.amounts_need_per_lot',
    ]);
  });

  it.each([
    { what: 'a budget rate', plan: perLotPlan('7.0000001', differential()), terms: [] },
    { what: 'a rate of an agreement', plan: perLotPlan('7', differential()), terms: [{ rate: '1.0000001' }] },
    { what: 'an amount of a level', plan: perLotPlan('7', amounts('scaled', '1.0000001')), terms: [] },
    { what: 'a budget rate in yen', plan: perLotPlan('700.00001', differential(), { currency: 'JPY' }), terms: [] },
  ])('$what finer than a ledger unit', ({ plan, terms }) =>
    expect(refused(plan, ...terms).map((text) => text.split(':')[0])).toEqual(['commissions.rate_too_fine']),
  );

  it('two components or two rules of one name', () => {
    const rules = [
      { name: 'a', symbol: 'X', budget: '1' },
      { name: 'a', budget: '1' },
    ];
    const { components } = perLotPlan('1', differential(), { rules });
    expect(refused({ currency: 'USD', components: [...components, ...components] })).toEqual([
      'commissions.names_not_unique: components: rebate occurs twice',
      'commissions.names_not_unique: rules of rebate: a occurs twice',
      'commissions.names_not_unique: rules of rebate: a occurs twice',
    ]);
  });

  it('with all that was found in one problem', () => {
    const found = checkDefinition(PlanDefinition.parse(perLotPlan('10.00', percentages('60', '41'))));
    const [first, ...rest] = found;
    if (first === undefined) throw new Error('nothing was refused');
    const problem = refusalProblem([first, ...rest]);
    expect(problem).toMatchObject({
      code: 'commissions.percentages_above_100',
      status: 422,
      members: { refusals: found },
    });
    expect(commissionProblem('commissions.open_unknown').status).toBe(409);
  });
});

describe('an agreement', () => {
  const plan = compilePlan(PlanDefinition.parse(perLotPlan('8.00', differential())));
  it.each([
    { terms: [{ rule: 'silver', rate: '1' }], detail: 'the plan has no rule silver' },
    { terms: [{ component: 'cpa', rate: '1' }], detail: 'the plan has no component cpa' },
    {
      terms: [{ component: 'rebate', rule: 'silver', rate: '1' }],
      detail: 'the plan has no component rebate with rule silver',
    },
  ])('for what the plan does not have is refused: $detail', ({ terms, detail }) =>
    expect(checkAgreement(plan, terms)).toEqual([{ code: 'commissions.agreement_names_no_rule', detail }]),
  );

  it('under fixed levels need not keep a budget, for its rates are not used', () => {
    const fixed = compilePlan(PlanDefinition.parse(perLotPlan('8.00', percentages('20'))));
    expect(checkAgreement(fixed, [{ rate: '9' }])).toEqual([]);
  });
});

describe('a definition is read strictly', () => {
  const good = perLotPlan('8.00', differential(), { filters: [{ kind: 'minimum_time_open', seconds: 60 }] });
  const [component] = good.components;
  it('and taken when it is right', () => expect(PlanDefinition.safeParse(good).success).toBe(true));

  it.each([
    { what: 'a model that there is not', change: { model: { kind: 'per_mile' } } },
    { what: 'a level mode that there is not', change: { levels: { kind: 'lottery' } } },
    {
      what: 'a setting of another kind',
      change: { levels: { kind: 'differential', suspension: 'house', scaling: true } },
    },
    { what: 'a filter that there is not', change: { filters: [{ kind: 'full_moon' }] } },
    { what: 'a minimum time of 0', change: { filters: [{ kind: 'minimum_time_open', seconds: 0 }] } },
    { what: 'a rate as a number', change: { rules: [{ name: 'all', budget: 8 }] } },
    { what: 'a negative rate', change: { rules: [{ name: 'all', budget: '-8' }] } },
    { what: 'an exponent', change: { rules: [{ name: 'all', budget: '8e0' }] } },
    { what: 'no rules', change: { rules: [] } },
    { what: 'a percentage above 100', change: { traderRebate: '100.1' } },
    { what: 'a word that is not known', change: { remark: 'x' } },
  ])('$what is refused', ({ change }) =>
    expect(PlanDefinition.safeParse({ ...good, components: [{ ...component, ...change }] }).success).toBe(false),
  );

  it('a currency that nobody knows is refused', () =>
    expect(PlanDefinition.safeParse({ ...good, currency: 'XYZ' }).success).toBe(false));
});
