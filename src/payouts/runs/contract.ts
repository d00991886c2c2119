import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { Currency } from '../../kernel/currency.ts';
import { ApprovalId, ClientId, IbId, PayoutItemId, PayoutRunId, StatementId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { ApprovalAsked, InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { itemStates, runStates, UNPAID_CODES, type UnpaidCode } from './types.ts';

const unpaidCodes = Object.keys(UNPAID_CODES) as [UnpaidCode, ...UnpaidCode[]];

/** Beneficiaries that one draft may name. */
const PARTIES_MAX = 1_000;
const CURRENCIES_MAX = 50;
const STATEMENTS_MAX = 200;
const RATE_AGE_HOURS_MAX = 8_784;

const kind = z.enum(['ib', 'client']);

/** What a draft asks for. */
const RunDraft = z.strictObject({
  kind: kind.optional().meta({ description: 'Only introducing brokers, or only trader rebates of clients.' }),
  currencies: z.array(Currency).min(1).max(CURRENCIES_MAX).optional(),
  endsFrom: InstantIn.optional().meta({ description: 'Of cycles that ended at this instant or later.' }),
  endsBefore: InstantIn.optional().meta({ description: 'Of cycles that ended before this instant.' }),
  beneficiaries: z
    .array(z.union([IbId, ClientId]))
    .min(1)
    .max(PARTIES_MAX)
    .optional(),
  rateAgeHoursMax: z
    .int()
    .min(1)
    .max(RATE_AGE_HOURS_MAX)
    .optional()
    .meta({ description: 'How old a rate may be that a payment is converted by; 120 hours unless given.' }),
});

export const PayoutRun = z
  .strictObject({
    id: PayoutRunId,
    state: z.enum(runStates).meta({
      description:
        '`submitted` waits for a second person, `posting` moves the money, `partly` ended with items that could not be paid.',
    }),
    criteria: z.record(z.string(), z.unknown()).meta({ description: 'Which statements were asked for.' }),
    rateAgeHoursMax: z.int().meta({ description: 'How old a rate may be that a payment is converted by.' }),
    draftedBy: z.string().meta({ description: 'Who put it together; he does not approve it.' }),
    draftedAt: InstantText.meta({ description: 'When it was drafted.' }),
    submittedAt: InstantText.nullable().meta({ description: 'When it was last submitted to a second person.' }),
    approvalId: ApprovalId.nullable(),
    approvedBy: z.array(z.string()).nullable().meta({ description: 'Who agreed to it.' }),
    ratedAt: InstantText.nullable().meta({ description: 'The instant whose rates it converts by.' }),
    isStopping: z.boolean().meta({ description: 'Whether what is not paid yet stays unpaid.' }),
    endedAt: InstantText.nullable().meta({ description: 'When it was paid as far as it could be, or cancelled.' }),
    reason: z.string().nullable().meta({ description: 'Why it was cancelled or stopped.' }),
  })
  .meta({ id: 'PayoutRun', description: 'Statements that are paid together.' });

const Total = z.strictObject({
  kind,
  state: z.enum(itemStates),
  items: z.int(),
  amount: MoneyJson.meta({ description: 'Taken, or to be taken, from what is payable.' }),
  walletCurrency: Currency,
  wallet: MoneyJson.nullable().meta({ description: 'What came to wallets; null before it has.' }),
});

const PayoutRunInFull = PayoutRun.extend({ totals: z.array(Total) }).meta({
  id: 'PayoutRunInFull',
  description: 'A payout run with its totals, by kind of beneficiary, currencies and state of the items.',
});

const RateRow = z.strictObject({
  key: z.string(),
  rate: z.string(),
  base: z.string(),
  quote: z.string(),
  source: z.string(),
  at: z.string(),
  ageMs: z.number(),
});

const payment = {
  id: PayoutItemId,
  runId: PayoutRunId.meta({ description: 'The payout run.' }),
  statementId: StatementId.meta({ description: 'The statement that is paid.' }),
  beneficiary: z
    .strictObject({ kind, id: z.union([IbId, ClientId]) })
    .meta({ description: 'Who is paid: an introducing broker, or a client for its trader rebates.' }),
  amount: MoneyJson.meta({ description: 'Taken, or to be taken, from what is payable: whole minor units.' }),
  wallet: MoneyJson.nullable().meta({
    description: 'What came to the wallet, rounded half to even to whole minor units of its currency.',
  }),
  conversion: z
    .strictObject({ from: z.string(), to: z.string(), rows: z.array(RateRow) })
    .nullable()
    .meta({ description: 'The rates by which it was converted; null in one currency.' }),
  settledAt: InstantText.nullable().meta({ description: 'When it was paid, or found that it cannot be.' }),
} as const;

const PayoutItem = z
  .strictObject({
    ...payment,
    walletCurrency: Currency.meta({ description: 'The currency of the wallet that is paid.' }),
    state: z
      .enum(itemStates)
      .meta({ description: '`held` is left for a later run, `removed` was taken out of this one.' }),
    reason: z.string().nullable().meta({ description: 'Why somebody held or removed it.' }),
    code: z.enum(unpaidCodes).nullable().meta({ description: 'Why it could not be paid.' }),
    detail: z.string().nullable(),
  })
  .meta({ id: 'PayoutItem', description: 'A statement in a payout run; it is paid whole or not at all.' });

const Payout = z
  .strictObject({
    ...payment,
    wallet: MoneyJson,
    paidAt: InstantText.meta({ description: 'When it was paid.' }),
    reference: z.string(),
  })
  .omit({ settledAt: true })
  .meta({ id: 'Payout', description: 'A statement that was paid. `reference` names its transfers in the books.' });

const statementIds = z.array(StatementId).min(1).max(STATEMENTS_MAX);
const reasonBody = z.strictObject({ reason: ReasonText });

const path = '/api/v1/payout-runs';
const form = { on: 'tenant', tag: 'Payouts' } as const;
const ofRun = { ...form, params: z.strictObject({ runId: PayoutRunId }) } as const;
const ofItem = { ...form, params: z.strictObject({ runId: PayoutRunId, itemId: PayoutItemId }) } as const;
const draft = { action: 'draft', resource: 'payout_runs' } as const;
const review = { action: 'review', resource: 'payout_runs' } as const;
const read = { action: 'read', resource: 'payout_runs' } as const;

export const listPayoutRuns = operation({
  ...form,
  id: 'listPayoutRuns',
  method: 'get',
  path,
  summary: 'Lists payout runs, newest first',
  need: { action: 'list', resource: 'payout_runs' },
  query: pageQuery(['-draftedAt', 'draftedAt'], { state: z.enum(runStates).optional() }),
  answers: { 200: pageOf(PayoutRun) },
  problems: ['platform.cursor_invalid'],
});

export const draftPayoutRun = operation({
  ...form,
  id: 'draftPayoutRun',
  method: 'post',
  path,
  summary: 'Drafts a payout run',
  description:
    'Collects every statement that was issued, says that something is payable, is not paid, and is in no other open run. The ' +
    'answer is the preview: its totals are what would be paid.',
  need: draft,
  isIdempotent: true,
  body: RunDraft,
  answers: { 201: PayoutRunInFull },
  problems: ['payouts.run_empty', 'payouts.run_too_large', 'payouts.beneficiary_unknown'],
});

export const readPayoutRun = operation({
  ...ofRun,
  id: 'readPayoutRun',
  method: 'get',
  path: `${path}/{runId}`,
  summary: 'Shows a payout run with its totals',
  need: read,
  answers: { 200: PayoutRunInFull },
  problems: ['payouts.run_unknown'],
});

export const listPayoutItems = operation({
  ...ofRun,
  id: 'listPayoutItems',
  method: 'get',
  path: `${path}/{runId}/items`,
  summary: 'Lists the statements of a payout run',
  need: read,
  query: pageQuery(['key'], {
    state: z.enum(itemStates).optional(),
    beneficiary: z.union([IbId, ClientId]).optional(),
  }),
  answers: { 200: pageOf(PayoutItem) },
  problems: ['payouts.run_unknown', 'platform.cursor_invalid'],
});

export const addPayoutItems = operation({
  ...ofRun,
  id: 'addPayoutItems',
  method: 'post',
  path: `${path}/{runId}/items`,
  summary: 'Adds statements to a draft',
  need: draft,
  body: z.strictObject({ statementIds }),
  answers: { 200: PayoutRunInFull },
  problems: ['payouts.run_unknown', 'payouts.run_state', 'payouts.statement_not_payable'],
});

const itemProblems = [
  'payouts.run_unknown',
  'payouts.run_item_unknown',
  'payouts.run_state',
  'payouts.run_item_state',
] as const;

export const holdPayoutItem = operation({
  ...ofItem,
  id: 'holdPayoutItem',
  method: 'post',
  path: `${path}/{runId}/items/{itemId}/hold`,
  summary: 'Holds a statement of a draft back for a later run',
  need: review,
  body: reasonBody,
  answers: { 200: PayoutItem },
  problems: itemProblems,
});

export const releasePayoutItem = operation({
  ...ofItem,
  id: 'releasePayoutItem',
  method: 'post',
  path: `${path}/{runId}/items/{itemId}/release`,
  summary: 'Takes a held statement of a draft in again',
  need: review,
  answers: { 200: PayoutItem },
  problems: itemProblems,
});

export const removePayoutItem = operation({
  ...ofItem,
  id: 'removePayoutItem',
  method: 'post',
  path: `${path}/{runId}/items/{itemId}/remove`,
  summary: 'Takes a statement out of a draft: another run may have it',
  need: draft,
  body: reasonBody,
  answers: { 200: PayoutItem },
  problems: itemProblems,
});

export const submitPayoutRun = operation({
  ...ofRun,
  id: 'submitPayoutRun',
  method: 'post',
  path: `${path}/{runId}/submit`,
  summary: 'Asks a second person to agree to a payout run',
  description:
    'To be asked by who drafted it, who does not approve it. What is agreed to is the exact list with its amounts: a change ' +
    'outdates it. Once agreed to it is posted as a task; the run then ends as paid or partly.',
  need: draft,
  body: reasonBody,
  answers: { 202: ApprovalAsked },
  problems: [
    'payouts.run_unknown',
    'payouts.run_state',
    'payouts.run_empty',
    'payouts.run_of_another',
    'identity.approval_pending',
  ],
});

export const recallPayoutRun = operation({
  ...ofRun,
  id: 'recallPayoutRun',
  method: 'post',
  path: `${path}/{runId}/recall`,
  summary: 'Takes a submitted payout run back to change it',
  need: draft,
  answers: { 200: PayoutRunInFull },
  problems: ['payouts.run_unknown', 'payouts.run_state'],
});

export const cancelPayoutRun = operation({
  ...ofRun,
  id: 'cancelPayoutRun',
  method: 'post',
  path: `${path}/{runId}/cancel`,
  summary: 'Cancels a payout run, or stops one that is being posted',
  description: 'What is paid stays paid; everything else stays payable.',
  need: draft,
  body: reasonBody,
  answers: { 200: PayoutRunInFull },
  problems: ['payouts.run_unknown', 'payouts.run_state'],
});

export const listPayouts = operation({
  ...form,
  id: 'listPayouts',
  method: 'get',
  path: '/api/v1/payouts',
  summary: 'Lists what was paid, newest first',
  description: 'IBs and clients see their own.',
  need: { action: 'list', resource: 'payouts' },
  query: pageQuery(['-key', 'key'], { beneficiary: z.union([IbId, ClientId]).optional() }),
  answers: { 200: pageOf(Payout) },
  problems: ['platform.cursor_invalid'],
});
