import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { ClientId } from '../../kernel/ids.ts';
import { ApprovalAsked, InstantIn, operation } from '../../kernel/operation.ts';

/** What proves it: the case of the payment provider, a file, a letter. */
export const EvidenceText = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'holds a control character');

export const askChargeback = operation({
  on: 'tenant',
  tag: 'Corrections',
  id: 'askChargeback',
  method: 'post',
  path: '/api/v1/chargebacks',
  summary: 'Asks to take back what came of a client since a deposit that was charged back',
  description:
    'When a second person agrees, all that the trades of the client earned since then is taken back as a task, trade by trade, ' +
    'and what was awarded for the client. What was paid out already is owed by who got it, and is netted from its next ' +
    'statement. A trade that was charged back never earns again.',
  need: { action: 'ask', resource: 'chargebacks' },
  needsStepUp: true,
  body: z.strictObject({
    clientId: ClientId,
    since: InstantIn.meta({
      description: 'When the deposit was made; trades that closed before keep what they earned.',
    }),
    reason: ReasonText.meta({ description: 'Why; it is told to the introducing brokers whom it concerns.' }),
    evidence: EvidenceText.meta({
      description: 'What proves it, such as the case of the payment provider; it is told to staff only.',
    }),
  }),
  answers: { 202: ApprovalAsked },
  problems: ['clients.client_unknown', 'commissions.chargeback_ahead', 'identity.approval_pending'],
});
