import { expect } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { compilePlan } from '../../src/commissions/definitions/rules.ts';
import type { CompiledPeriod } from '../../src/commissions/periods/types.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import { percentages } from '../support/commission-story.ts';

/** A plan of one period component, checked and compiled; all to the direct IB unless said otherwise. */
export function planWith(model: object, more: object = {}) {
  const definition = PlanDefinition.parse({
    currency: 'USD',
    components: [],
    periods: [{ name: 'one', model, levels: percentages('100'), ...more }],
  });
  expect(checkDefinition(definition)).toEqual([]);
  return compilePlan(definition);
}

/** Its period component. */
export function periodIn(plan: ReturnType<typeof compilePlan>): CompiledPeriod {
  const [period] = plan.periods;
  if (period === undefined) throw new Error('the plan has no period component');
  return period;
}
