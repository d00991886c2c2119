import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { Currency } from '../../kernel/currency.ts';
import { ApprovalId, AwardId, DisputeId, IbId, TradeId, UserId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { ApprovalAsked, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { disputeKinds, disputeStates } from './types.ts';

const path = '/api/v1/disputes';
const form = { on: 'tenant', tag: 'Disputes' } as const;
const params = z.strictObject({ disputeId: DisputeId });
const NAME_CHARACTERS_MAX = 64;
const TEXT_CHARACTERS_MAX = 4_000;

/** What people write to each other: lines and tabs, no other control characters. */
const MessageText = z
  .string()
  .trim()
  .min(1)
  .max(TEXT_CHARACTERS_MAX)
  .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, 'holds a control character');

/** The line that is disputed. */
const DisputedLine = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rebate'),
    tradeId: TradeId,
    component: z
      .string()
      .min(1)
      .max(NAME_CHARACTERS_MAX)
      .optional()
      .meta({ description: 'By which component of the plan; all of them unless given.' }),
  }),
  z.strictObject({ kind: z.literal('award'), awardId: AwardId }),
  z.strictObject({
    kind: z.literal('missing'),
    tradeId: TradeId.optional().meta({ description: 'The trade of which something is missing, where it is one.' }),
  }),
]);

export const Dispute = z
  .strictObject({
    id: DisputeId,
    ibId: IbId,
    kind: z.enum(disputeKinds),
    tradeId: TradeId.nullable(),
    component: z.string().nullable().meta({ description: 'By which component of the plan; null for all of them.' }),
    awardId: AwardId.nullable().meta({ description: 'The award that is disputed.' }),
    line: MoneyJson.nullable().meta({
      description: 'What the line was when it was disputed; null where none is named.',
    }),
    held: MoneyJson.nullable().meta({ description: 'What of it counts as held at present.' }),
    text: z.string().meta({ description: 'What the introducing broker says.' }),
    hasExplanation: z.boolean().meta({ description: 'Whether the explanation of the trade at that time is attached.' }),
    state: z.enum(disputeStates).meta({
      description: '`open` waits for staff, `answered` for the IB; the others are the end of it.',
    }),
    ownerUserId: UserId.nullable().meta({ description: 'Who of the staff looks after it; null for the IB.' }),
    openedAt: InstantText,
    ageHours: z.int().meta({ description: 'Whole hours from its opening to its end, or to now.' }),
    changedAt: InstantText,
    closedAt: InstantText.nullable(),
    reason: z.string().nullable().meta({ description: 'Why it ended as it did.' }),
    outcome: MoneyJson.nullable().meta({ description: 'What was posted in favour of the IB.' }),
    outcomeAwardId: AwardId.nullable().meta({ description: 'The award by which it was posted.' }),
    approvalId: ApprovalId.nullable().meta({ description: 'The approval that the outcome needed.' }),
  })
  .meta({ id: 'Dispute', description: 'A line of its earnings that an introducing broker disputes.' });

const DisputeMessage = z
  .strictObject({
    number: z.int().min(1),
    side: z.enum(['ib', 'staff']),
    authorId: z.string().nullable().meta({ description: 'Who wrote it; null for the other side of the desk.' }),
    text: z.string().meta({ description: 'What is written.' }),
    writtenAt: InstantText.meta({ description: 'When it was written.' }),
  })
  .meta({ id: 'DisputeMessage', description: 'A message of the thread between an introducing broker and staff.' });

const DisputeInFull = Dispute.extend({ messages: z.array(DisputeMessage) }).meta({
  id: 'DisputeInFull',
  description: 'A dispute with its thread.',
});

export const listDisputes = operation({
  ...form,
  id: 'listDisputes',
  method: 'get',
  path,
  summary: 'Lists disputes, newest first',
  need: { action: 'list', resource: 'disputes' },
  query: pageQuery(['-openedAt', 'openedAt'], {
    state: z.enum(disputeStates).optional(),
    ibId: IbId.optional(),
    ownerUserId: UserId.optional(),
  }),
  answers: { 200: pageOf(Dispute) },
  problems: ['platform.cursor_invalid'],
});

export const openDispute = operation({
  ...form,
  id: 'openDispute',
  method: 'post',
  path,
  summary: 'Disputes a line of one’s own earnings',
  description:
    'The explanation of the trade, as the IB sees it at that moment, is kept with the dispute byte for byte. While the ' +
    'dispute is undecided the line counts as held and is not paid out. A line has one undecided dispute at most.',
  need: { action: 'open', resource: 'disputes' },
  body: z.strictObject({ line: DisputedLine, text: MessageText }),
  answers: { 201: Dispute },
  problems: ['payouts.dispute_line_unknown', 'payouts.dispute_open', 'payouts.disputes_too_many'],
});

export const readDispute = operation({
  ...form,
  id: 'readDispute',
  method: 'get',
  path: `${path}/{disputeId}`,
  summary: 'Shows a dispute with its thread',
  need: { action: 'read', resource: 'disputes' },
  params,
  answers: { 200: DisputeInFull },
  problems: ['payouts.dispute_unknown'],
});

export const readDisputeExplanation = operation({
  ...form,
  id: 'readDisputeExplanation',
  method: 'get',
  path: `${path}/{disputeId}/explanation`,
  summary: 'Shows the explanation of the line as it was when it was disputed',
  description: 'The very bytes that were kept. Null where the dispute names no trade that was booked.',
  need: { action: 'read', resource: 'disputes' },
  params,
  answers: { 200: z.record(z.string(), z.unknown()).nullable() },
  problems: ['payouts.dispute_unknown'],
});

export const writeToDispute = operation({
  ...form,
  id: 'writeToDispute',
  method: 'post',
  path: `${path}/{disputeId}/messages`,
  summary: 'Writes a message to the other side',
  description:
    'What staff writes makes an open dispute answered, what the IB writes makes an answered one open. A mail tells the other side.',
  need: { action: 'write', resource: 'disputes' },
  params,
  body: z.strictObject({ text: MessageText }),
  answers: { 201: DisputeInFull },
  problems: ['payouts.dispute_unknown', 'payouts.dispute_closed', 'payouts.dispute_too_long'],
});

export const assignDispute = operation({
  ...form,
  id: 'assignDispute',
  method: 'post',
  path: `${path}/{disputeId}/assign`,
  summary: 'Says who of the staff looks after a dispute',
  need: { action: 'assign', resource: 'disputes' },
  params,
  body: z.strictObject({ userId: UserId.nullable() }),
  answers: { 200: Dispute },
  problems: ['payouts.dispute_unknown', 'payouts.dispute_closed', 'payouts.dispute_owner_unknown'],
});

const outcomeProblems = [
  'payouts.dispute_unknown',
  'payouts.dispute_closed',
  'payouts.dispute_own',
  'payouts.dispute_amount_invalid',
  'payouts.dispute_currency',
  'ledger.overflow',
  'decimal.malformed',
  'money.too_fine',
  'money.too_large',
  'identity.approval_pending',
] as const;

export const acceptDispute = operation({
  ...form,
  id: 'acceptDispute',
  method: 'post',
  path: `${path}/{disputeId}/accept`,
  summary: 'Grants a dispute an amount',
  description:
    'The amount is posted as an award of its own, linked to the dispute: at once (200) where it is within the limit of its ' +
    'currency, else when a second person agrees (202). A limit does not hold for who has set it, and nobody grants what he, or the ' +
    'introducing broker that he is of, disputes.',
  need: { action: 'decide', resource: 'disputes' },
  isIdempotent: true,
  params,
  body: z.strictObject({ amount: MoneyJson, reason: ReasonText }),
  answers: { 200: Dispute, 202: ApprovalAsked },
  problems: outcomeProblems,
});

export const rejectDispute = operation({
  ...form,
  id: 'rejectDispute',
  method: 'post',
  path: `${path}/{disputeId}/reject`,
  summary: 'Rejects a dispute',
  need: { action: 'decide', resource: 'disputes' },
  params,
  body: z.strictObject({ reason: ReasonText }),
  answers: { 200: Dispute },
  problems: ['payouts.dispute_unknown', 'payouts.dispute_closed'],
});

export const withdrawDispute = operation({
  ...form,
  id: 'withdrawDispute',
  method: 'post',
  path: `${path}/{disputeId}/withdraw`,
  summary: 'Takes one’s own dispute back',
  need: { action: 'withdraw', resource: 'disputes' },
  params,
  body: z.strictObject({ reason: ReasonText }),
  answers: { 200: Dispute },
  problems: ['payouts.dispute_unknown', 'payouts.dispute_closed'],
});

const DisputeLimits = z
  .strictObject({ data: z.array(z.strictObject({ limit: MoneyJson, setAt: InstantText, setBy: z.string() })) })
  .meta({ id: 'DisputeLimits', description: 'Up to which amount a dispute is granted without a second person.' });

export const listDisputeLimits = operation({
  ...form,
  id: 'listDisputeLimits',
  method: 'get',
  path: '/api/v1/dispute-limits',
  summary: 'Lists up to which amounts disputes are granted without a second person',
  description: 'A currency that is not listed has the limit 0.',
  need: { action: 'limits', resource: 'disputes' },
  answers: { 200: DisputeLimits },
  problems: [],
});

export const setDisputeLimit = operation({
  ...form,
  id: 'setDisputeLimit',
  method: 'put',
  path: '/api/v1/dispute-limits',
  summary: 'Sets up to which amount of a currency disputes are granted without a second person',
  description: 'It holds for everybody but who has set it.',
  need: { action: 'limit', resource: 'disputes' },
  needsStepUp: true,
  body: z.strictObject({ limit: MoneyJson.extend({ currency: Currency }) }),
  answers: { 200: DisputeLimits },
  problems: ['payouts.dispute_amount_invalid', 'decimal.malformed', 'money.too_fine', 'money.too_large'],
});
