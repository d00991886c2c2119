import { z } from 'zod';
import { TradeId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { NO_PAY_REASONS } from '../types.ts';

/** The reasons that are holes in the set-up, and no rules at work. */
export const exceptionReasons = Object.entries(NO_PAY_REASONS).flatMap(([reason, { exception }]) =>
  exception ? [reason] : [],
);

const CommissionException = z
  .strictObject({
    tradeId: TradeId,
    reason: z.enum(exceptionReasons),
    sentence: z.string().meta({ description: 'The reason in words.' }),
    symbol: z.string().meta({ description: 'The canonical symbol.' }),
    symbolGroup: z.string(),
    accountGroup: z.string(),
    plan: z
      .strictObject({ name: z.string(), version: z.int() })
      .nullable()
      .meta({ description: 'The plan that has no rule for it; null where no plan held.' }),
    closedAt: InstantText,
    bookedAt: InstantText,
  })
  .meta({
    id: 'CommissionException',
    description:
      'A trade that pays nothing because of a hole in the set-up: no plan held, or no rule names its symbol.',
  });

export const listCommissionExceptions = operation({
  on: 'tenant',
  tag: 'Plans',
  id: 'listCommissionExceptions',
  method: 'get',
  path: '/api/v1/commission-exceptions',
  summary: 'Lists trades that pay nothing because of a hole in the set-up, the newest deals first',
  description:
    'What is mended afterwards holds for later trades; those that are here are booked anew by a re-run. A trade that was booked ' +
    'anew and pays is not listed any more.',
  need: { action: 'list', resource: 'exceptions' },
  query: pageQuery(['-deal'], { reason: z.enum(exceptionReasons).optional() }),
  answers: { 200: pageOf(CommissionException) },
  problems: ['platform.cursor_invalid'],
});
