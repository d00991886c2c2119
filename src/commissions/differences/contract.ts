import { z } from 'zod';
import { PlanId } from '../../kernel/ids.ts';
import { operation } from '../../kernel/operation.ts';

const NumberText = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'is no number of a version')
  .transform(Number);

const DifferenceShown = z
  .strictObject({
    change: z.enum(['added', 'removed', 'changed', 'moved']).meta({ description: 'What became of it.' }),
    path: z.string().meta({ description: 'Where it is, for example `components[lots].rules[gold].budget`.' }),
    before: z.unknown().meta({ description: 'What was there; of a move the place in its list, from 1.' }),
    after: z.unknown().meta({ description: 'What is there instead; of a move the place in its list, from 1.' }),
    sentence: z.string().meta({ description: 'The difference in words.' }),
  })
  .meta({ id: 'PlanDifference', description: 'One difference between two versions of a plan.' });

export const compareVersions = operation({
  id: 'compareVersions',
  method: 'get',
  path: '/api/v1/plans/{planId}/versions/{number}/differences',
  on: 'tenant',
  tag: 'Plans',
  summary: 'Tells in words how a version differs from another',
  description:
    'From the version in force now, unless `from` names another one; drafts are compared like published versions.',
  need: { action: 'read', resource: 'plans' },
  params: z.strictObject({ planId: PlanId, number: NumberText }),
  query: z.strictObject({ from: NumberText.optional() }),
  answers: {
    200: z
      .strictObject({
        planId: PlanId,
        from: z.int().positive().meta({ description: 'Number of the version that is compared with.' }),
        to: z.int().positive().meta({ description: 'Number of the version that was asked for.' }),
        differences: z.array(DifferenceShown),
      })
      .meta({ id: 'PlanDifferences', description: 'How one version of a plan differs from another.' }),
  },
  problems: ['commissions.plan_unknown', 'commissions.version_unknown'],
});
