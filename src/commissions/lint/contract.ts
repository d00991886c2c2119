import { z } from 'zod';
import { PlanId } from '../../kernel/ids.ts';
import { InstantIn, operation } from '../../kernel/operation.ts';

const FindingShown = z
  .strictObject({
    severity: z.enum(['error', 'warning', 'note']).meta({
      description: 'An error refuses the publication; a warning is shown to whoever is to agree to it.',
    }),
    code: z
      .string()
      .meta({ description: 'What kind of finding it is, for programs; of an error the code of the refusal.' }),
    place: z
      .string()
      .meta({ description: 'For example `components[lots].rules[gold]`; empty for the plan as a whole.' }),
    sentence: z.string().meta({ description: 'The finding in words.' }),
    figures: z.record(z.string(), z.string()).meta({ description: 'The figures of the sentence, by name.' }),
  })
  .meta({ id: 'PlanFinding', description: 'One thing that there is to say of a version before it is published.' });

const WorstCaseShown = z
  .strictObject({
    pairs: z.int().meta({ description: 'Registered pairs of symbol and account group to which the same rules apply.' }),
    examples: z
      .array(z.strictObject({ symbol: z.string(), accountGroup: z.string(), lotFactor: z.string() }))
      .meta({ description: 'Some of these pairs.' }),
    parts: z
      .array(
        z.strictObject({
          component: z.string(),
          rule: z.string().nullable(),
          budget: z.string().nullable(),
          unit: z.string().meta({ description: 'What a budget is, for example `USD per lot` or `%`.' }),
          paidPercentMax: z.string().nullable().meta({
            description:
              'What IBs and clients get of the budget at most, in percent: over all tiers, all levels, all agreements and overrides.',
          }),
        }),
      )
      .meta({ description: 'What each component that looks at these pairs pays by.' }),
    totals: z.array(z.strictObject({ unit: z.string(), budget: z.string(), paidMax: z.string() })).meta({
      description: 'Budgets of the parts by their unit, added up, and what IBs and clients get of them at most.',
    }),
  })
  .meta({ id: 'PlanWorstCase', description: 'What a plan pays at most for some symbols and account types.' });

export const lintPlanVersion = operation({
  id: 'lintPlanVersion',
  method: 'get',
  path: '/api/v1/plans/{planId}/versions/{number}/lint',
  on: 'tenant',
  tag: 'Plans',
  summary: 'Looks a version over before it is published',
  description:
    'The worst case over all tiers, levels, agreements and overrides against the budget, for each registered symbol and account ' +
    'group; symbols without a rule, rules that never win, rates that are missing, dates that overlap. The same is done when its ' +
    'publication is asked for: errors refuse it, warnings are shown to whoever is to agree.',
  need: { action: 'read', resource: 'plans' },
  params: z.strictObject({
    planId: PlanId,
    number: z
      .string()
      .regex(/^[1-9]\d{0,8}$/, 'is no number of a version')
      .transform(Number),
  }),
  query: z.strictObject({ validFrom: InstantIn.optional() }),
  answers: {
    200: z
      .strictObject({
        findings: z.array(FindingShown),
        worstCases: z.array(WorstCaseShown).meta({ description: 'At most 200, those of most pairs first.' }),
        pairs: z.int().meta({ description: 'Registered pairs of symbol and account group that were looked at.' }),
      })
      .meta({ id: 'PlanLint', description: 'What there is to say of a version before it is published.' }),
  },
  problems: ['commissions.plan_unknown', 'commissions.version_unknown'],
});
