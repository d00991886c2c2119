import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AwardId, ClientId, IbId, StatementId, TradeId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { accrualStates } from './types.ts';

const common = { on: 'tenant', tag: 'Statements', method: 'get' } as const;
const need = { action: 'read', resource: 'accruals' } as const;
const ofIb = z.strictObject({ ibId: IbId });
const ofClient = z.strictObject({ clientId: ClientId });

const STATES =
  'Of these the first that fits: `paid` by a payout run; `reversed`, when corrections took all of it back before a statement ' +
  'told of it; `held`, while the beneficiary is on hold, the entry is disputed, or its days of hold are not over; ' +
  '`in_statement`; `available`, when its period has ended; `pending`.';

const Accruals = z
  .strictObject({
    beneficiary: z.union([IbId, ClientId]).meta({ description: 'Whose they are.' }),
    data: z.array(
      z.strictObject({
        currency: Currency,
        pending: MoneyJson,
        held: MoneyJson,
        available: MoneyJson,
        inStatement: MoneyJson.meta({ description: 'Unpaid statements, and what the last one carries over.' }),
        paid: MoneyJson,
        reversed: MoneyJson.meta({ description: 'What corrections took back; it is in none of the others.' }),
      }),
    ),
  })
  .meta({ id: 'Accruals', description: 'What became of all that a beneficiary earned, by currency.' });

const AccruedEntry = z
  .strictObject({
    kind: z.enum(['trade', 'award']),
    id: z.union([TradeId, AwardId]),
    revision: z.int().meta({ description: 'Which booking of the trade; corrections are 1 and above.' }),
    rule: z
      .strictObject({ plan: z.string(), version: z.int(), component: z.string() })
      .nullable()
      .meta({ description: 'What it was earned by; null where no plan says so, as with the outcome of a dispute.' }),
    level: z.int().nullable().meta({ description: 'Distance from the client’s own IB; null for clients.' }),
    earnedAt: InstantText.meta({ description: 'When the trade closed, or the award was earned.' }),
    amount: MoneyJson,
    state: z.enum(accrualStates).meta({ description: STATES }),
    statementId: StatementId.nullable().meta({ description: 'The statement that tells of it.' }),
  })
  .meta({ id: 'AccruedEntry', description: 'Something earned, or taken back, and what became of it.' });

const summary = 'Shows what became of all that a beneficiary earned, by currency';
const description =
  'Pending, held, available and in statement together are what the beneficiary is owed, less what it owes back.';
const unknown = ['payouts.beneficiary_unknown'] as const;

export const readIbAccruals = operation({
  ...common,
  id: 'readIbAccruals',
  path: '/api/v1/ibs/{ibId}/accruals',
  summary: `${summary} (IB)`,
  description,
  need,
  params: ofIb,
  answers: { 200: Accruals },
  problems: unknown,
});

export const readClientAccruals = operation({
  ...common,
  id: 'readClientAccruals',
  path: '/api/v1/clients/{clientId}/accruals',
  summary: `${summary} (client)`,
  description,
  need,
  params: ofClient,
  answers: { 200: Accruals },
  problems: unknown,
});

const listed = {
  need,
  description:
    'Those of the newest trades first, then awards. A request looks at a bounded number of entries: a page may hold fewer than ' +
    '`limit`, or none, while `nextCursor` goes on.',
  query: pageQuery(['-entry'], { state: z.enum(accrualStates).optional().meta({ description: STATES }) }),
  answers: { 200: pageOf(AccruedEntry) },
  problems: [...unknown, 'platform.cursor_invalid'],
} as const;

export const listIbEntries = operation({
  ...common,
  ...listed,
  id: 'listIbAccrualEntries',
  path: '/api/v1/ibs/{ibId}/accruals/entries',
  summary: 'Lists an IB’s entries with their states',
  params: ofIb,
});

export const listClientEntries = operation({
  ...common,
  ...listed,
  id: 'listClientAccrualEntries',
  path: '/api/v1/clients/{clientId}/accruals/entries',
  summary: 'Lists a client’s entries with their states',
  params: ofClient,
});
