import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { ApprovalId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hexadecimal digits');
const kind = z.string().regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, 'is no kind of approval');
const state = z.enum(['pending', 'approved', 'rejected', 'cancelled', 'expired', 'failed']);

/** One who has spoken. */
const Voice = z
  .strictObject({
    userId: z.string(),
    voice: z.enum(['approve', 'reject']),
    note: z.string().nullable(),
    givenAt: InstantText,
  })
  .meta({ id: 'ApprovalVoice', description: 'What one person said to it.' });

/** What somebody asked to be done, and what became of it. */
export const Approval = z
  .strictObject({
    id: ApprovalId,
    kind: z.string(),
    subject: z.string().meta({ description: 'The id of what it is about' }),
    summary: z.string().meta({ description: 'What would be done, for people' }),
    payload: z.record(z.string(), z.unknown()).meta({ description: 'What would be done, word for word' }),
    hash: hash.meta({
      description: 'Over kind, subject, payload and the content at the time: to be sent back by who approves',
    }),
    reason: z.string(),
    requestedBy: z.string(),
    requestedAt: InstantText,
    voicesNeeded: z.int().min(1).max(2),
    voices: z.array(Voice),
    expiresAt: InstantText,
    state,
    closedAt: InstantText.nullable(),
    result: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'What came of it; null while it waits, the code of the problem if it failed' }),
  })
  .meta({ id: 'Approval', description: 'Something that one person asked for and another must agree to.' });

const params = z.strictObject({ approvalId: ApprovalId });
const common = { on: 'tenant', tag: 'Approvals' } as const;
const decide = { action: 'decide', resource: 'approvals' } as const;

export const listApprovals = operation({
  ...common,
  id: 'listApprovals',
  method: 'get',
  path: '/api/v1/approvals',
  summary: 'List what waits for a second person, and what became of it',
  need: { action: 'list', resource: 'approvals' },
  query: pageQuery(['-requestedAt', 'requestedAt'], {
    state: state.optional(),
    kind: kind.optional(),
    mine: z
      .enum(['true', 'false'])
      .optional()
      .meta({ description: 'Only what the caller asked for, or only what others did' }),
  }),
  answers: { 200: pageOf(Approval) },
  problems: [],
});

export const readApproval = operation({
  ...common,
  id: 'readApproval',
  method: 'get',
  path: '/api/v1/approvals/{approvalId}',
  summary: 'Read an approval',
  need: { action: 'read', resource: 'approvals' },
  params,
  answers: { 200: Approval },
  problems: ['identity.approval_unknown'],
});

export const approveApproval = operation({
  ...common,
  id: 'approveApproval',
  method: 'post',
  path: '/api/v1/approvals/{approvalId}/approve',
  summary: 'Agree to what somebody else asked for',
  description: 'With the last voice that is needed it is done, in the same transaction. `hash` says what was seen.',
  need: decide,
  needsStepUp: true,
  params,
  body: z.strictObject({ hash, note: ReasonText.optional() }),
  answers: { 200: Approval },
  problems: [
    'identity.approval_unknown',
    'identity.approval_closed',
    'identity.approval_own',
    'identity.approval_repeated',
    'identity.approval_mismatch',
    'identity.approval_outdated',
    'identity.approval_failed',
  ],
});

export const rejectApproval = operation({
  ...common,
  id: 'rejectApproval',
  method: 'post',
  path: '/api/v1/approvals/{approvalId}/reject',
  summary: 'Refuse what somebody else asked for',
  need: decide,
  params,
  body: z.strictObject({ reason: ReasonText }),
  answers: { 200: Approval },
  problems: ['identity.approval_unknown', 'identity.approval_closed', 'identity.approval_own'],
});

export const cancelApproval = operation({
  ...common,
  id: 'cancelApproval',
  method: 'post',
  path: '/api/v1/approvals/{approvalId}/cancel',
  summary: 'Take back what one asked for oneself',
  need: { action: 'read', resource: 'approvals' },
  params,
  answers: { 200: Approval },
  problems: ['identity.approval_unknown', 'identity.approval_closed', 'identity.approval_others'],
});
