import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { ClientCostId, ClientId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const path = '/api/v1/client-costs';
const form = { on: 'tenant', tag: 'Awards' } as const;
const COSTS_MAX = 500;

/** What a client cost the house that the feed does not tell. */
export const costKinds = ['psp_fee', 'chargeback'] as const;
export type CostKind = (typeof costKinds)[number];

const WordText = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'holds a control character');

const given = {
  clientId: ClientId,
  kind: z.enum(costKinds).meta({ description: 'A fee of a payment provider, or a chargeback.' }),
  amount: MoneyJson.meta({
    description: 'Above 0 what it cost; below 0 takes back what was recorded before, and no more.',
  }),
  source: WordText.meta({ description: 'Who says so, for example a provider or a file.', examples: ['northpay'] }),
  reference: WordText.meta({ description: 'What the source calls it: it is recorded once.', examples: ['fee-8841'] }),
  reason: ReasonText,
};

/** One cost as a caller, or a line of a file, gives it. */
export const GivenCost = z.strictObject({ ...given, at: InstantIn.meta({ description: 'When it fell.' }) });
export type GivenCost = z.output<typeof GivenCost>;

export const recordClientCosts = operation({
  ...form,
  id: 'recordClientCosts',
  method: 'post',
  path,
  summary: 'Records what clients cost: fees of payment providers, chargebacks',
  description:
    'They count in the net revenue of the period in which they fell. What is recorded already under its source and ' +
    'reference, with the same content, changes nothing; the answer says how many those are.',
  need: { action: 'record', resource: 'client_costs' },
  isIdempotent: true,
  body: z.strictObject({
    costs: z.array(GivenCost).min(1).max(COSTS_MAX),
  }),
  bodyBytesMax: 512 * 1024,
  answers: { 200: z.strictObject({ recorded: z.int(), known: z.int() }) },
  problems: [
    'clients.client_unknown',
    'commissions.cost_different',
    'commissions.cost_invalid',
    'decimal.malformed',
    'money.too_fine',
    'money.too_large',
  ],
});

const ClientCost = z
  .strictObject({
    id: ClientCostId,
    ...given,
    at: InstantText,
    recordedBy: z.string().meta({ description: 'Who recorded it.' }),
    recordedAt: InstantText,
  })
  .meta({ id: 'ClientCost', description: 'What a client cost the house, as somebody recorded it.' });

export const listClientCosts = operation({
  ...form,
  id: 'listClientCosts',
  method: 'get',
  path,
  summary: 'Lists what clients cost, newest first',
  need: { action: 'list', resource: 'client_costs' },
  query: pageQuery(['-at', 'at'], { clientId: ClientId.optional(), kind: z.enum(costKinds).optional() }),
  answers: { 200: pageOf(ClientCost) },
  problems: ['platform.cursor_invalid'],
});
