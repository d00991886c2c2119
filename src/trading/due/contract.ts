import { z } from 'zod';
import { DealId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const path = '/api/v1/trading/parked';
const form = { on: 'tenant', tag: 'Trading' } as const;
const DEALS_PER_RERUN_MAX = 1_000;

const CodeText = z
  .string()
  .regex(/^[a-z_]{1,40}\.[a-z_]{1,60}$/, 'expected the code of a reason, such as trading.symbol_unknown');

const ParkedDeal = z
  .strictObject({
    dealId: DealId,
    code: z.string().meta({ description: 'The stable code of the reason.' }),
    detail: z.string(),
    parkedAt: InstantText,
    times: z.int().meta({ description: 'How often it was parked, this time included.' }),
    kind: z.enum(['add', 'update', 'delete']),
    version: z.int(),
    server: z.string(),
    ticket: z.string(),
    login: z.string().nullable(),
    symbol: z.string(),
    lots: z.string().meta({ description: 'The volume that it closes, in lots.' }),
  })
  .meta({ id: 'ParkedDeal', description: 'A deal that waits for somebody to mend the cause.' });

export const listParkedDeals = operation({
  ...form,
  id: 'listParkedDeals',
  method: 'get',
  path,
  summary: 'Lists deals that are parked, in the order in which they came',
  need: { action: 'list', resource: 'parked' },
  query: pageQuery(['received'], { code: CodeText.optional() }),
  answers: { 200: pageOf(ParkedDeal) },
  problems: ['platform.cursor_invalid'],
});

export const rerunParkedDeals = operation({
  ...form,
  id: 'rerunParkedDeals',
  method: 'post',
  path: `${path}/rerun`,
  summary: 'Looks at parked deals again, after the cause was mended',
  description:
    'At most 1 000 deals at a time, in the order in which they came; those of one reason, or those named, or all. ' +
    '`nextCursor` goes on behind them.',
  need: { action: 'rerun', resource: 'parked' },
  body: z.strictObject({
    code: CodeText.optional(),
    dealIds: z.array(DealId).min(1).max(DEALS_PER_RERUN_MAX).optional(),
    cursor: DealId.optional(),
  }),
  answers: {
    200: z
      .strictObject({
        due: z.int().meta({ description: 'Deals that wait to be booked now.' }),
        settled: z.int().meta({ description: 'Deals that turned out to need no booking.' }),
        stillParked: z.int(),
        nextCursor: DealId.nullable(),
      })
      .meta({ id: 'ParkedRerun', description: 'What looking at parked deals again came to.' }),
  },
  problems: [],
});
