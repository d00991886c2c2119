import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { ClientId, IbId, PlanId, RerunId, TaskId, TradeId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { ApprovalAsked, InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { AgreementTerms } from '../definitions/contract.ts';
import { rerunStates } from './types.ts';

const path = '/api/v1/commission-reruns';
const form = { on: 'tenant', tag: 'Corrections' } as const;
const params = z.strictObject({ rerunId: RerunId });
const TRADES_MAX = 1_000;
const IBS_MAX = 100;
/** No plan has as many versions: a number beyond what the database keeps is a mistake. */
const VERSION_MAX = 999_999_999;

/** What rates that are named may be refused for. */
const RATE_REFUSALS = [
  'commissions.rate_too_fine',
  'commissions.rate_above_budget',
  'commissions.rank_unknown',
  'commissions.agreement_names_no_rule',
] as const;

/** Which trades are run again. */
const RerunSelection = z
  .strictObject({
    from: InstantIn.optional().meta({ description: 'Trades that closed at this instant or later.' }),
    to: InstantIn.optional().meta({ description: 'Trades that closed before this instant.' }),
    tradeIds: z.array(TradeId).min(1).max(TRADES_MAX).optional().meta({ description: 'These trades.' }),
    clientId: ClientId.optional().meta({ description: 'Of these only the trades of one client.' }),
    ibId: IbId.optional().meta({
      description: 'Of these only the trades that one introducing broker has a part of, before or after.',
    }),
  })
  .meta({ id: 'RerunSelection', description: 'A period, or a list of trades.' });

/** By what they are computed in place of what held at their time. */
const RerunTerms = z
  .strictObject({
    plan: z
      .strictObject({ planId: PlanId, version: z.int().min(1).max(VERSION_MAX) })
      .optional()
      .meta({ description: 'A published version; what is in force by the assignments unless given.' }),
    treeAt: InstantIn.optional().meta({ description: 'The tree as of this instant; as of each trade unless given.' }),
    rates: z
      .array(z.strictObject({ ibId: IbId, terms: AgreementTerms }))
      .max(IBS_MAX)
      .optional()
      .meta({ description: 'What these introducing brokers have agreed to in place of what was agreed.' }),
  })
  .meta({
    id: 'RerunTerms',
    description: 'By what trades are computed; where nothing is named, by all that is known by now.',
  });

const totals = z.strictObject({
  looked: z.int().meta({ description: 'Trades that were computed again.' }),
  changed: z.int().meta({ description: 'Those of them that come to something else.' }),
  hindered: z.int().meta({ description: 'Those that cannot be computed; they stay as they are.' }),
  earnings: z.array(z.strictObject({ currency: z.string(), before: z.string(), after: z.string() })),
  parties: z
    .array(
      z.strictObject({
        kind: z.enum(['ib', 'client', 'house']),
        id: z.string().nullable(),
        name: z.string().nullable(),
        change: MoneyJson,
      }),
    )
    .meta({ description: 'Who gets more or less, the largest changes first, at most 100; all are in the file.' }),
});
export const RerunTotals = totals;

export const Rerun = z
  .strictObject({
    id: RerunId,
    state: z.enum(rerunStates).meta({
      description: '`prepared` waits to be agreed to by two people; `applying` is being carried out.',
    }),
    selection: z.unknown().meta({ description: 'Which trades, as it was asked.' }),
    terms: z.unknown().meta({ description: 'By what they are computed, as it was asked.' }),
    reason: z.string(),
    askedBy: z.string().meta({ description: 'Who asked for it.' }),
    askedAt: InstantText,
    preparedAt: InstantText.nullable().meta({ description: 'When the preview was complete.' }),
    digest: z.string().nullable().meta({ description: 'SHA-256 over all that would change: what is agreed upon.' }),
    totals: totals.nullable(),
    approvalId: z.string().nullable(),
    appliedAt: InstantText.nullable().meta({ description: 'When all of it was carried out.' }),
    taskId: z.string().nullable().meta({ description: 'The work for it: its progress, and its files to download.' }),
    problem: z.string().nullable().meta({ description: 'The code of why it failed; nothing was done then.' }),
  })
  .meta({ id: 'Rerun', description: 'Trades that are computed again by other terms, and what that would change.' });

const Change = z.strictObject({
  tradeId: TradeId,
  revision: z.int().meta({ description: 'The booking that it was compared with.' }),
  before: MoneyJson.nullable(),
  after: MoneyJson.nullable(),
  changes: z.array(
    z.strictObject({
      kind: z.enum(['ib', 'client', 'house']),
      id: z.string().nullable(),
      component: z.string(),
      amount: MoneyJson.meta({ description: 'What it adds; below 0 where it takes back.' }),
    }),
  ),
});

export const askRerun = operation({
  ...form,
  id: 'askRerun',
  method: 'post',
  path,
  summary: 'Asks what it would change to run trades again',
  description:
    'Computes the preview as a task; nothing is changed by it. Its files hold every difference by trade (`trades.csv`) and by ' +
    'beneficiary (`parties.csv`). Trades that were deleted or charged back are left as they are.',
  need: { action: 'ask', resource: 'reruns' },
  body: z.strictObject({ selection: RerunSelection, terms: RerunTerms.default({}), reason: ReasonText }).meta({
    id: 'NewRerun',
    description: 'What is to be run again, by what, and why.',
    examples: [
      {
        selection: { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' },
        terms: {},
        reason: 'An introducing broker was below the wrong one in March',
      },
    ],
  }),
  answers: { 202: z.strictObject({ rerunId: RerunId, taskId: TaskId }) },
  problems: [
    'commissions.rerun_empty',
    'commissions.rerun_version_unknown',
    'ib.unknown',
    'clients.client_unknown',
    'platform.tasks_too_many',
    ...RATE_REFUSALS,
  ],
});

export const listReruns = operation({
  ...form,
  id: 'listReruns',
  method: 'get',
  path,
  summary: 'Lists re-runs, newest first',
  need: { action: 'list', resource: 'reruns' },
  query: pageQuery(['-askedAt', 'askedAt'], { state: z.enum(rerunStates).optional() }),
  answers: { 200: pageOf(Rerun) },
  problems: ['platform.cursor_invalid'],
});

export const readRerun = operation({
  ...form,
  id: 'readRerun',
  method: 'get',
  path: `${path}/{rerunId}`,
  summary: 'Shows a re-run with what it would change, or has changed',
  need: { action: 'read', resource: 'reruns' },
  params,
  answers: { 200: Rerun },
  problems: ['commissions.rerun_unknown'],
});

export const listRerunTrades = operation({
  ...form,
  id: 'listRerunTrades',
  method: 'get',
  path: `${path}/{rerunId}/trades`,
  summary: 'Lists the trades that a re-run would change',
  need: { action: 'read', resource: 'reruns' },
  params,
  query: pageQuery(['deal'], {}),
  answers: { 200: pageOf(Change) },
  problems: ['commissions.rerun_unknown', 'platform.cursor_invalid'],
});

export const applyRerun = operation({
  ...form,
  id: 'applyRerun',
  method: 'post',
  path: `${path}/{rerunId}/apply`,
  summary: 'Asks to carry a re-run out',
  description:
    'Waits for two further people, who agree to the digest of the preview; neither is who had it computed. Then everything is computed once more: where it ' +
    'comes to anything else than what was agreed to, nothing is done (`commissions.rerun_outdated`). Otherwise it is carried ' +
    'out in batches, each revision once, and every introducing broker that it touches is told the reason.',
  need: { action: 'ask', resource: 'reruns' },
  needsStepUp: true,
  params,
  answers: { 202: ApprovalAsked },
  problems: [
    'commissions.rerun_unknown',
    'commissions.rerun_not_prepared',
    'commissions.rerun_changes_nothing',
    'identity.approval_pending',
  ],
});
