import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { Currency } from '../../kernel/currency.ts';
import { ApprovalId, ClosingId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { ApprovalAsked, InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { type ClosingCheck, closingChecks, warningNames } from './types.ts';

const path = '/api/v1/closings';
const form = { on: 'tenant', tag: 'Closings' } as const;
const params = z.strictObject({ closingId: ClosingId });

const Figure = z.strictObject({
  currency: Currency,
  beneficiaries: z.enum(['ib', 'client', 'house']),
  entries: z.int(),
  earned: MoneyJson.meta({ description: 'What was earned, corrections and takings back included.' }),
  late: MoneyJson.meta({ description: 'Of it what belongs to earlier periods, and came after they were closed.' }),
});

const Closing = z
  .strictObject({
    id: ClosingId,
    from: InstantText.nullable().meta({ description: 'Where the period before ended; null for the first.' }),
    until: InstantText.meta({ description: 'The end of the period, itself not in it.' }),
    closedAt: InstantText,
    lastBatch: z.string().meta({ description: 'The last batch of bookings that is in it.' }),
    acknowledged: z.array(z.string()).meta({ description: 'The warnings that were accepted.' }),
    reason: z.string(),
    requestedBy: z.string(),
    approvedBy: z.array(z.string()).meta({ description: 'Who agreed to it.' }),
    approvalId: ApprovalId,
  })
  .meta({ id: 'Closing', description: 'A closed period of the whole tenant; nothing takes effect in it any more.' });

const ClosingInFull = Closing.extend({
  figures: z
    .array(Figure)
    .nullable()
    .meta({ description: 'The same for ever; null for the moment in which they are made.' }),
}).meta({ id: 'ClosingInFull', description: 'A closed period with what was earned in it.' });

const checkNames = Object.keys(closingChecks) as [ClosingCheck, ...ClosingCheck[]];

const Check = z.strictObject({
  name: z.enum(checkNames),
  count: z.int().meta({ description: 'How many there are; counting ends at 10000.' }),
  sentence: z.string(),
});

const ClosingChecks = z
  .strictObject({
    until: InstantText.meta({ description: 'The end of the period that would be closed.' }),
    blockers: z.array(Check).meta({ description: 'What must be done first.' }),
    warnings: z.array(Check).meta({ description: 'What is to be acknowledged by name.' }),
  })
  .meta({ id: 'ClosingChecks', description: 'What stands against closing a period, and what should be known before.' });

export const listClosings = operation({
  ...form,
  id: 'listClosings',
  method: 'get',
  path,
  summary: 'Lists closed periods, the latest first',
  need: { action: 'list', resource: 'closings' },
  query: pageQuery(['-until', 'until'], {}),
  answers: { 200: pageOf(Closing) },
  problems: ['platform.cursor_invalid'],
});

export const readClosing = operation({
  ...form,
  id: 'readClosing',
  method: 'get',
  path: `${path}/{closingId}`,
  summary: 'Shows a closed period with its figures',
  need: { action: 'read', resource: 'closings' },
  params,
  answers: { 200: ClosingInFull },
  problems: ['payouts.closing_unknown'],
});

export const checkClosing = operation({
  ...form,
  id: 'checkClosing',
  method: 'get',
  path: '/api/v1/closing-checks',
  summary: 'Tells what stands against closing a period',
  need: { action: 'read', resource: 'closings' },
  query: z.strictObject({ until: InstantIn.optional().meta({ description: 'Now unless given.' }) }),
  answers: { 200: ClosingChecks },
  problems: ['payouts.closing_not_ahead', 'payouts.closing_too_early'],
});

export const requestClosing = operation({
  ...form,
  id: 'requestClosing',
  method: 'post',
  path,
  summary: 'Asks for the books to be closed until an instant',
  description:
    'A second person must agree. From then on nothing takes effect before that instant: trades that come late, and what ' +
    'corrections and re-runs change of earlier trades, are adjustments of the next period; moves that reach into it are ' +
    'refused. A closed period is not opened again.',
  need: { action: 'close', resource: 'closings' },
  body: z.strictObject({
    until: InstantIn,
    acknowledge: z.array(z.enum(warningNames)).max(warningNames.length).default([]),
    reason: ReasonText,
  }),
  answers: { 202: ApprovalAsked },
  problems: [
    'payouts.closing_not_ahead',
    'payouts.closing_too_early',
    'payouts.closing_blocked',
    'payouts.closing_unacknowledged',
    'identity.approval_pending',
  ],
});
