import { z } from 'zod';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const word = (charactersMax: number) => z.string().min(1).max(charactersMax);

const filters = {
  actor: word(100).optional().meta({ description: 'Who acted: a `usr_…` or `key_…`, or a part of the program.' }),
  type: z
    .string()
    .regex(/^[a-z][a-z0-9_.]{0,99}$/, 'expected the beginning of a type, such as identity.')
    .optional()
    .meta({ description: 'The beginning of the type: `identity.` or `identity.user_suspended`.' }),
  stream: word(200).optional().meta({ description: 'What it is about, such as `users/usr_…`.' }),
  causation: word(200).optional().meta({ description: 'The id of the request, or whatever else caused it.' }),
  from: InstantIn.optional(),
  to: InstantIn.optional().meta({ description: 'Before this instant.' }),
};

const SeqText = z.string().regex(/^\d{1,19}$/);
const HashText = z.string().regex(/^[0-9a-f]{64}$/);

const AuditEntry = z
  .strictObject({
    seq: SeqText.meta({ description: 'Counts all events in the order of commits, without a hole.' }),
    recordedAt: InstantText,
    actor: z.strictObject({
      kind: z.enum(['user', 'api_key', 'platform', 'system']),
      id: z.string(),
      name: z.string().nullable(),
      as: z.string().nullable().meta({ description: 'Through whose eyes, where it was not with his own.' }),
    }),
    type: z.string(),
    stream: z.string(),
    version: z.int(),
    before: z.unknown().meta({ description: 'How it was; null where nothing was changed.' }),
    after: z.unknown().meta({ description: 'How it is since; null where nothing was changed.' }),
    details: z.record(z.string(), z.unknown()),
    causation: z.string(),
    hash: HashText,
  })
  .meta({ id: 'AuditEntry', description: 'Something that was done: who, what, when, because of which request.' });

const list = {
  method: 'get',
  tag: 'Audit',
  query: pageQuery(['-seq', 'seq'], filters),
  answers: { 200: pageOf(AuditEntry) },
  problems: ['platform.cursor_invalid'],
} as const;

const exported = {
  method: 'get',
  tag: 'Audit',
  description:
    'One line per event, oldest first, up to the end of the chain at the moment of asking, which the header ' +
    '`Cascade-Chain-Head` names as `<seq>:<hash>`. Each line has the event as it is hashed, the hash before it and its own: ' +
    'SHA-256 over the previous hash and the RFC 8785 form of the event without the two. Cells of the CSV that a ' +
    'spreadsheet would run as a formula begin with an apostrophe; whoever checks hashes takes NDJSON. The export is an event itself.',
  query: z.strictObject({ format: z.enum(['ndjson', 'csv']).default('ndjson'), ...filters }),
  answers: { 200: z.string() },
  contentType: 'application/x-ndjson, text/csv',
  problems: ['identity.exports_running'],
} as const;

export const listAudit = operation({
  ...list,
  id: 'listAudit',
  path: '/api/v1/audit',
  on: 'tenant',
  summary: 'List what was done in this tenant',
  need: { action: 'list', resource: 'audit' },
});

export const exportAudit = operation({
  ...exported,
  id: 'exportAudit',
  path: '/api/v1/audit/export',
  on: 'tenant',
  summary: 'Export what was done in this tenant, with the hashes that prove it',
  need: { action: 'export', resource: 'audit' },
});

export const listOperatorAudit = operation({
  ...list,
  id: 'listOperatorAudit',
  path: '/api/v1/operator-audit',
  on: 'bare',
  summary: 'List what operators have done',
  need: { action: 'list', resource: 'operator_audit' },
});

export const exportOperatorAudit = operation({
  ...exported,
  id: 'exportOperatorAudit',
  path: '/api/v1/operator-audit/export',
  on: 'bare',
  summary: 'Export what operators have done, with the hashes that prove it',
  need: { action: 'export', resource: 'operator_audit' },
});
