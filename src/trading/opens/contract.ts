import { z } from 'zod';
import { DealId } from '../../kernel/ids.ts';
import { InstantIn, InstantText, operation } from '../../kernel/operation.ts';
import { openReasonNames } from './rules.ts';

const PriceText = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,12})?$/, 'expected a plain decimal, as text')
  .refine((text) => /[1-9]/.test(text), 'expected a price above 0');

export const setOpenByHandOperation = operation({
  on: 'tenant',
  tag: 'Trading',
  id: 'setOpenByHand',
  method: 'post',
  path: '/api/v1/trading/parked/{dealId}/open',
  summary: 'Says when the position of a parked deal was opened',
  description:
    'For a deal that waits for an open which the feed did not bring. It is kept with its reason and told with the trade, holds ' +
    'for all deals of the position, and is not looked at any more once the feed brings the open.',
  need: { action: 'open', resource: 'parked' },
  params: z.strictObject({ dealId: DealId }),
  body: z.strictObject({
    openedAt: InstantIn.meta({ description: 'In UTC.' }),
    price: PriceText.optional().meta({ description: 'At which it was opened, where the plan looks at it.' }),
    openReason: z
      .enum(openReasonNames)
      .optional()
      .meta({ description: 'Why, by the name of the platform, where the plan looks at it.' }),
    reason: z.string().trim().min(1).max(500).meta({ description: 'How it is known.' }),
  }),
  answers: {
    200: z
      .strictObject({
        dealId: DealId,
        positionId: z.string(),
        openedAt: InstantText,
        setAt: InstantText.meta({ description: 'When it was said.' }),
        due: z.int().meta({ description: 'Deals of the position that wait to be booked now.' }),
      })
      .meta({ id: 'OpenSetByHand', description: 'The open of a position, as somebody said it.' }),
  },
  problems: ['trading.deal_unknown', 'trading.deal_not_parked', 'trading.open_after_close'],
});
