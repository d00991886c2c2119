import { z } from 'zod';
import { IbId, PlanId } from '../../kernel/ids.ts';
import {
  ApprovalAsked,
  InstantIn,
  InstantText,
  operation,
  pageOf,
  pageQuery,
  searchText,
} from '../../kernel/operation.ts';
import { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';

const path = '/api/v1/plans';
const form = { on: 'tenant', tag: 'Plans' } as const;
const DEFINITION_BYTES_MAX = 1_048_576;

const planParams = z.strictObject({ planId: PlanId });
const versionParams = z.strictObject({
  planId: PlanId,
  number: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'is no number of a version')
    .transform(Number),
});

/** Since when something holds; now unless given. */
const ValidFrom = InstantIn.optional().meta({
  description:
    'Since when it holds: now unless given. Only the first one may begin in the past, and in no closed period.',
});

const versionFields = {
  number: z.int().positive(),
  state: z.enum(['draft', 'published']),
  createdAt: InstantText,
  validFrom: InstantText.nullable().meta({ description: 'Since when it holds; null of a draft.' }),
  publishedAt: InstantText.nullable(),
};

const Plan = z
  .strictObject({
    id: PlanId,
    name: z.string(),
    createdAt: InstantText,
    versions: z.int().meta({ description: 'How many versions it has, drafts included.' }),
    versionInForce: z.int().positive().nullable().meta({ description: 'The version that holds now.' }),
  })
  .meta({ id: 'Plan', description: 'A commission plan.' });

const PlanVersionHead = z
  .strictObject(versionFields)
  .meta({ id: 'PlanVersionHead', description: 'A version of a plan, without its definition.' });

const PlanVersion = z
  .strictObject({ planId: PlanId, ...versionFields, definition: PlanDefinition })
  .meta({ id: 'PlanVersion', description: 'A version of a plan. Once it is published it never changes.' });

const PlanWithVersions = z
  .strictObject({
    id: PlanId,
    name: z.string(),
    createdAt: InstantText,
    versions: z.array(PlanVersionHead).meta({ description: 'The newest 1 000, newest first.' }),
  })
  .meta({ id: 'PlanWithVersions', description: 'A commission plan and its versions.' });

export const listPlansOperation = operation({
  ...form,
  id: 'listPlans',
  method: 'get',
  path,
  summary: 'Lists commission plans',
  need: { action: 'list', resource: 'plans' },
  query: pageQuery(['name', '-name'], { q: searchText }),
  answers: { 200: pageOf(Plan) },
  problems: ['platform.cursor_invalid'],
});

export const createPlanOperation = operation({
  ...form,
  id: 'createPlan',
  method: 'post',
  path,
  summary: 'Makes a plan without versions',
  description: 'It pays nothing before a version is published and the plan is assigned.',
  need: { action: 'create', resource: 'plans' },
  body: z.strictObject({ name: z.string().trim().min(1).max(100) }),
  answers: { 201: z.strictObject({ id: PlanId }) },
  problems: ['commissions.plan_name_taken'],
});

export const readPlan = operation({
  ...form,
  id: 'readPlan',
  method: 'get',
  path: `${path}/{planId}`,
  summary: 'Shows a plan with its versions',
  need: { action: 'read', resource: 'plans' },
  params: planParams,
  answers: { 200: PlanWithVersions },
  problems: ['commissions.plan_unknown'],
});

export const readPlanVersion = operation({
  ...form,
  id: 'readPlanVersion',
  method: 'get',
  path: `${path}/{planId}/versions/{number}`,
  summary: 'Shows a version of a plan with its definition',
  need: { action: 'read', resource: 'plans' },
  params: versionParams,
  answers: { 200: PlanVersion },
  problems: ['commissions.plan_unknown', 'commissions.version_unknown'],
});

/** A definition as it is given; a currency that is none has a problem of its own. */
const PlanDraft = PlanDefinition.extend({
  currency: z.string().regex(/^[A-Z0-9]{1,10}$/, 'is no code of a currency'),
}).meta({ id: 'PlanDraft', description: 'What a version of a plan is to say: a PlanDefinition.' });

export const draftPlanVersion = operation({
  ...form,
  id: 'draftPlanVersion',
  method: 'post',
  path: `${path}/{planId}/versions`,
  summary: 'Adds a draft version to a plan',
  need: { action: 'draft', resource: 'plans' },
  params: planParams,
  body: z.strictObject({ definition: PlanDraft }),
  bodyBytesMax: DEFINITION_BYTES_MAX,
  answers: { 201: z.strictObject({ planId: PlanId, number: z.int().positive() }) },
  problems: ['commissions.plan_unknown', 'commissions.currency_unknown'],
});

/** What the terms of an agreement or an override may be refused for. */
export const TERMS_REFUSED = [
  'commissions.rate_too_fine',
  'commissions.rate_above_budget',
  'commissions.rank_unknown',
  'commissions.agreement_names_no_rule',
] as const;

/** What a definition, or an agreement under it, may be refused for. */
const REFUSALS = [
  'commissions.names_not_unique',
  'commissions.rate_too_fine',
  'commissions.rate_above_budget',
  'commissions.levels_above_budget',
  'commissions.percentages_above_100',
  'commissions.amounts_need_per_lot',
  'commissions.weights_all_zero',
  'commissions.rank_unknown',
  'commissions.filter_needs_close',
  'commissions.adjuster_twice',
  'commissions.limits_contradict',
  'commissions.tiers_not_rising',
  'commissions.tier_mode_unfit',
  'commissions.plan_empty',
  'commissions.ladder_not_rising',
  'commissions.agreement_names_no_rule',
] as const;

export const publishPlanVersion = operation({
  ...form,
  id: 'publishPlanVersion',
  method: 'post',
  path: `${path}/{planId}/versions/{number}/publish`,
  summary: 'Asks for a draft to be published',
  description: 'A second person must agree; then it holds from `validFrom` on, or from that moment, and never changes.',
  need: { action: 'publish', resource: 'plans' },
  params: versionParams,
  body: z.strictObject({ validFrom: ValidFrom, reason: z.string().trim().min(1).max(500) }),
  answers: { 202: ApprovalAsked },
  problems: [
    'commissions.plan_unknown',
    'commissions.version_unknown',
    'commissions.version_published',
    'commissions.version_backdated',
    'commissions.versions_overlap',
    'commissions.currency_unreachable',
    'payouts.period_closed',
    'identity.approval_pending',
    ...REFUSALS,
  ],
});

export const assignPlanOperation = operation({
  ...form,
  id: 'assignPlan',
  method: 'post',
  path: `${path}/{planId}/assign`,
  summary: 'Says for whom a plan holds',
  description: 'For all clients below an IB, or for everybody where none is named. The nearest assignment wins.',
  need: { action: 'assign', resource: 'plans' },
  params: planParams,
  body: z.strictObject({ ibId: IbId.optional(), validFrom: ValidFrom }),
  answers: { 200: z.strictObject({ planId: PlanId, ibId: IbId.nullable(), validFrom: InstantText }) },
  problems: ['commissions.plan_unknown', 'commissions.assignment_backdated', 'ib.unknown', 'payouts.period_closed'],
});

export const agreeOnRates = operation({
  ...form,
  id: 'agreeOnRates',
  method: 'post',
  path: `${path}/{planId}/agreements`,
  summary: "Records an IB's own rates under a plan",
  need: { action: 'agree', resource: 'plans' },
  params: planParams,
  body: z.strictObject({ ibId: IbId, terms: AgreementTerms, validFrom: ValidFrom }),
  answers: {
    201: z
      .strictObject({ planId: PlanId, ibId: IbId, terms: AgreementTerms, validFrom: InstantText })
      .meta({ id: 'Agreement', description: 'The own rates of an IB under a plan, from an instant on.' }),
  },
  problems: [
    'commissions.plan_unknown',
    'commissions.agreement_backdated',
    'ib.unknown',
    'payouts.period_closed',
    ...REFUSALS,
  ],
});
