import { z } from 'zod';
import { AwardId, ClientId, IbId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { TaskAsked } from '../../platform/tasks/contract.ts';
import { periodUnits } from '../periods/types.ts';

const path = '/api/v1/awards';
const form = { on: 'tenant', tag: 'Awards' } as const;

const Kind = z
  .string()
  .meta({ description: 'cpa, net_revenue, net_loss: what a plan pays; dispute, clawback: what somebody decided.' });

const awardFields = {
  id: AwardId,
  kind: Kind,
  component: z.string().nullable().meta({ description: 'The component of the plan that pays it.' }),
  plan: z.strictObject({ name: z.string(), version: z.int() }).nullable(),
  clientId: ClientId.nullable().meta({ description: 'Whom it is about; null where it is not about one client.' }),
  ibId: IbId.nullable().meta({
    description: 'The direct IB of that client; null for IBs and clients who are not that.',
  }),
  amount: MoneyJson.nullable().meta({ description: 'What was earned in all; null for IBs and clients.' }),
  parts: z
    .array(
      z.strictObject({
        kind: z.enum(['ib', 'client', 'house']),
        id: z.union([IbId, ClientId]).nullable(),
        depth: z
          .int()
          .nullable()
          .meta({ description: "The IB's distance from the direct IB; null for client and house." }),
        amount: MoneyJson.meta({ description: 'Below 0 where it is taken back.' }),
      }),
    )
    .meta({ description: 'Who gets what; IBs and clients see their own.' }),
  earnedAt: InstantText.meta({ description: 'The last instant of the period, or when it was earned.' }),
  awardedAt: InstantText.meta({ description: 'When it was written, and posted to the books.' }),
};

const Award = z.strictObject(awardFields).meta({
  id: 'Award',
  description: 'An earning that belongs to no single trade: CPA, a share of a period, a decision.',
});

const DecimalTexts = z.record(z.string(), z.string());

const AwardInFull = z
  .strictObject({
    ...awardFields,
    asOf: InstantText.nullable().meta({ description: 'As of when tree, plan and agreements were taken.' }),
    knownAt: InstantText.meta({ description: 'As of which knowledge of the tree it was computed.' }),
    period: z
      .strictObject({ unit: z.enum(periodUnits), from: InstantText, to: InstantText })
      .nullable()
      .meta({ description: 'Null where it is for no period.' }),
    chain: z
      .array(
        z.strictObject({
          id: IbId,
          name: z.string(),
          depth: z.int(),
          status: z.enum(['active', 'suspended', 'terminated']),
        }),
      )
      .meta({ description: 'The direct IB first; an IB sees no further up than itself, a client sees none.' }),
    inputs: z
      .unknown()
      .meta({ description: 'All that it was computed from, as it was kept; null for IBs and clients.' }),
    steps: z.array(
      z.strictObject({
        step: z.enum(['input', 'gate', 'net', 'ladder', 'earning', 'before', 'share', 'trader_rebate', 'house']),
        depth: z.int().optional(),
        ib: z.string().optional(),
        reason: z.string().optional(),
        sentence: z.string().optional(),
        figures: DecimalTexts.meta({ description: 'What was computed with, as exact decimals.' }),
        amount: z.string().optional().meta({ description: 'The rounded result of the step, in plan currency.' }),
      }),
    ),
    recomputes: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether computing it again gives what is stored; null where a person decided it.' }),
  })
  .meta({ id: 'AwardInFull', description: 'An award with the computation that led to it, done again.' });

export const listAwards = operation({
  ...form,
  id: 'listAwards',
  method: 'get',
  path,
  summary: 'Lists awards, the newest first',
  description:
    'IBs and clients see those that they have a part of. A request looks at a bounded number of awards: a page may hold fewer ' +
    'than `limit`, or none, while `nextCursor` goes on.',
  need: { action: 'list', resource: 'awards' },
  query: pageQuery(['-award'], {
    kind: z.string().max(40).optional(),
    beneficiary: z.union([IbId, ClientId]).optional(),
    clientId: ClientId.optional().meta({ description: 'Those about this client.' }),
  }),
  answers: { 200: pageOf(Award) },
  problems: ['platform.cursor_invalid'],
});

export const readAward = operation({
  ...form,
  id: 'readAward',
  method: 'get',
  path: `${path}/{awardId}`,
  summary: 'Explains an award: inputs, gates, tree path, rates, each step and its rounding',
  need: { action: 'read', resource: 'awards' },
  params: z.strictObject({ awardId: AwardId }),
  answers: { 200: AwardInFull },
  problems: ['commissions.award_unknown'],
});

const Progress = z
  .strictObject({
    ladders: z.array(
      z.strictObject({
        component: z.string(),
        plan: z.strictObject({ name: z.string(), version: z.int() }),
        paid: MoneyJson.meta({ description: 'What was paid on it so far, before it was shared.' }),
        gates: z.array(
          z.strictObject({
            gate: z.string(),
            needed: z.string(),
            reached: z.string(),
            openSince: InstantText.nullable(),
          }),
        ),
        steps: z.array(z.strictObject({ deposits: MoneyJson, pays: MoneyJson, reachedAt: InstantText.nullable() })),
      }),
    ),
    periods: z
      .array(
        z.strictObject({
          component: z.string(),
          from: InstantText,
          to: InstantText,
          earning: MoneyJson,
          carriedOver: MoneyJson,
          reason: z.string().nullable(),
          sentence: z.string().nullable(),
        }),
      )
      .meta({ description: 'What settled periods came to, the newest first, at most 100.' }),
    waits: z
      .array(
        z.strictObject({
          unit: z.enum([...periodUnits, 'ever']),
          from: InstantText,
          to: InstantText,
          code: z.string().nullable().meta({ description: 'Why it could not be settled; null where it is next.' }),
          detail: z.string().nullable(),
          since: InstantText.nullable(),
        }),
      )
      .meta({ description: 'Periods that are due, and why those wait that could not be settled.' }),
  })
  .meta({ id: 'AwardProgress', description: 'How far a client is: gates and steps, settled periods, and what waits.' });

export const readAwardProgress = operation({
  ...form,
  id: 'readAwardProgress',
  method: 'get',
  path: '/api/v1/clients/{clientId}/award-progress',
  summary: 'Shows how far a client is towards its awards: gates, steps, periods',
  need: { action: 'progress', resource: 'awards' },
  params: z.strictObject({ clientId: ClientId }),
  answers: { 200: Progress },
  problems: ['clients.client_unknown'],
});

export const listPeriodWaits = operation({
  ...form,
  id: 'listPeriodWaits',
  method: 'get',
  path: '/api/v1/period-waits',
  summary: 'Lists periods that cannot be settled yet, and why',
  need: { action: 'progress', resource: 'awards' },
  query: pageQuery(['clientKey'], {}),
  answers: {
    200: pageOf(
      z
        .strictObject({
          clientId: ClientId,
          unit: z.enum([...periodUnits, 'ever']).meta({ description: 'ever: what is paid once for ever.' }),
          from: InstantText.meta({ description: 'The first instant of the period.' }),
          to: InstantText.meta({ description: 'The first instant after it.' }),
          code: z.string().meta({ description: 'Why it waits, as a code of the catalogue of errors.' }),
          detail: z.string(),
          since: InstantText.meta({ description: 'Since when it waits for this.' }),
        })
        .meta({ id: 'PeriodWait', description: 'A client’s period that waits, for example for a rate.' }),
    ),
  },
  problems: ['platform.cursor_invalid'],
});

export const startPeriodRun = operation({
  ...form,
  id: 'startPeriodRun',
  method: 'post',
  path: '/api/v1/period-runs',
  summary: 'Settles the periods of a range by hand, or shows what that would award',
  description:
    'Periods that end in the range are worked out, settled ones again as all is known now; what differs is awarded. Of a preview ' +
    'nothing is awarded: the task has a file `awards.csv` of what would be. Periods are settled by themselves six hours after ' +
    'their end.',
  need: { action: 'run', resource: 'awards' },
  isIdempotent: true,
  body: z.strictObject({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    isPreview: z.boolean().meta({ description: 'Whether it only shows.' }),
  }),
  answers: { 202: TaskAsked },
  problems: ['commissions.range_empty', 'commissions.period_not_over', 'platform.tasks_too_many'],
});
