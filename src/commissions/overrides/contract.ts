import { z } from 'zod';
import { ClientId, IbId, OverrideId, PlanId } from '../../kernel/ids.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { AgreementTerms } from '../definitions/contract.ts';
import { TERMS_REFUSED } from '../plans/contract.ts';

const path = '/api/v1/plans/{planId}/overrides';
const form = { on: 'tenant', tag: 'Plans' } as const;
const planParams = z.strictObject({ planId: PlanId });

const AccountGroup = z.string().min(1).max(64);

const Scope = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('link'), ibId: IbId, clientId: ClientId }),
    z.strictObject({ kind: z.literal('personal'), clientId: ClientId }),
    z.strictObject({ kind: z.literal('group'), accountGroup: AccountGroup, ibId: IbId.optional() }),
  ])
  .meta({
    id: 'OverrideScope',
    description:
      'link: the rates of one IB for one client; personal: those of the IB of a client, whichever that is at the time; group: ' +
      'those of one IB for the accounts of a group, or, where none is named, of the own IB of each client.',
  });

const overrideFields = {
  id: OverrideId,
  planId: PlanId,
  scope: Scope,
  terms: AgreementTerms,
  reason: z.string(),
  validFrom: InstantText,
};

const Override = z.strictObject(overrideFields).meta({
  id: 'Override',
  description: 'Rates that come before the agreement of an IB, from an instant on.',
});
const ListedOverride = z
  .strictObject({
    ...overrideFields,
    validTo: InstantText.nullable().meta({
      description: 'When a later one takes its place; null where none does yet.',
    }),
    recordedAt: InstantText,
  })
  .meta({ id: 'ListedOverride', description: 'An override as it is listed.' });

export const overrideRates = operation({
  ...form,
  id: 'overrideRates',
  method: 'post',
  path,
  summary: 'Records rates that come before the agreement of an IB',
  description:
    'For each rule of a component the rate is looked up in the deal of the client link, the personal override, the group ' +
    'override and the agreement, in this order: the first that has a term for the rule wins. Empty terms end an override. ' +
    'Rates above the budget of a version that holds then or later are refused.',
  need: { action: 'agree', resource: 'plans' },
  params: planParams,
  body: z.strictObject({
    scope: Scope,
    terms: AgreementTerms,
    validFrom: InstantIn.optional().meta({ description: 'Since when it holds: now unless given, never in the past.' }),
    reason: z.string().trim().min(1).max(500),
  }),
  answers: { 201: Override },
  problems: [
    'commissions.plan_unknown',
    'commissions.override_backdated',
    'commissions.account_group_unknown',
    'ib.unknown',
    'clients.client_unknown',
    ...TERMS_REFUSED,
  ],
});

export const listOverrides = operation({
  ...form,
  id: 'listOverrides',
  method: 'get',
  path,
  summary: 'Lists the overrides of a plan, the newest first',
  need: { action: 'read', resource: 'plans' },
  params: planParams,
  query: pageQuery(['-recordedAt', 'recordedAt'], {
    kind: z.enum(['link', 'personal', 'group']).optional(),
    ibId: IbId.optional(),
    clientId: ClientId.optional(),
    accountGroup: AccountGroup.optional(),
  }),
  answers: { 200: pageOf(ListedOverride) },
  problems: ['commissions.plan_unknown', 'platform.cursor_invalid'],
});
