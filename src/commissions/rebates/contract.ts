import { z } from 'zod';
import { ClientId, DealId, IbId, TradeId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const Rebate = z
  .strictObject({
    tradeId: TradeId,
    dealId: DealId,
    revision: z.int().meta({ description: 'Which booking of the trade it belongs to; 0 is the first.' }),
    component: z.string().meta({ description: 'The component of the plan that paid it.' }),
    beneficiary: z
      .strictObject({ kind: z.enum(['ib', 'client', 'house']), id: z.union([IbId, ClientId]).nullable() })
      .meta({ description: 'Who earned it; the house has no id.' }),
    depth: z
      .int()
      .nullable()
      .meta({ description: "The IB's distance from the client's own IB; null for client and house." }),
    amount: MoneyJson.meta({ description: 'What this booking adds; below 0 where a correction takes back.' }),
    correction: z
      .strictObject({
        cause: z.enum(['amendment', 'late_entry', 'rerun', 'chargeback', 'true_up']),
        reason: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'Why it was written after the first booking; null for the first.' }),
    plan: z.strictObject({ name: z.string(), version: z.int() }),
    closedAt: InstantText.meta({ description: 'When the trade closed.' }),
    bookedAt: InstantText,
  })
  .meta({ id: 'Rebate', description: 'What one beneficiary earned by one component of a trade.' });

export const listRebates = operation({
  on: 'tenant',
  tag: 'Trades',
  id: 'listRebates',
  method: 'get',
  path: '/api/v1/rebates',
  summary: 'Lists rebates and their corrections, those of the newest deals first',
  description:
    'IBs and clients see their own. A request looks at a bounded number of rebates: a page may hold fewer than `limit`, or ' +
    'none, while `nextCursor` goes on.',
  need: { action: 'list', resource: 'rebates' },
  query: pageQuery(['-deal'], {
    beneficiary: z.union([IbId, ClientId]).optional(),
    trade: TradeId.optional(),
    from: InstantIn.optional().meta({ description: 'Of trades that closed at this instant or later.' }),
    to: InstantIn.optional().meta({ description: 'Of trades that closed before this instant.' }),
  }),
  answers: { 200: pageOf(Rebate) },
  problems: ['platform.cursor_invalid'],
});
