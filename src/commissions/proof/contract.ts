import { z } from 'zod';
import { AwardId, DiscrepancyId, TradeId, UserId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const path = '/api/v1/discrepancies';
const form = { on: 'tenant', tag: 'Trades' } as const;
const NOTE_CHARACTERS_MAX = 500;

const Discrepancy = z
  .strictObject({
    id: DiscrepancyId,
    tradeId: TradeId.nullable().meta({
      description: 'The trade whose booking it is about; null where it is an award.',
    }),
    awardId: AwardId.nullable().meta({ description: 'The award that it is about; null where it is a trade.' }),
    detail: z.string().meta({ description: 'What is stored, and what a second computation came to.' }),
    foundAt: InstantText.meta({ description: 'When it was found first.' }),
    acknowledgedAt: InstantText.nullable().meta({ description: 'Since when it is open no more; null while it is.' }),
    acknowledgedBy: UserId.nullable().meta({ description: 'Who said what it was.' }),
    note: z.string().nullable().meta({ description: 'What it was, in the words of whoever acknowledged it.' }),
  })
  .meta({
    id: 'Discrepancy',
    description: 'A booking or an award of which another figure came out when it was computed again.',
  });

export const listDiscrepancies = operation({
  ...form,
  id: 'listDiscrepancies',
  method: 'get',
  path,
  summary: 'Lists bookings of which another figure came out when they were computed again',
  description:
    'Every minute some bookings, the newest among them, are computed again by two engines that share no code. A difference ' +
    'stays in this list, and open until somebody has said what it was.',
  need: { action: 'list', resource: 'discrepancies' },
  query: pageQuery(['-foundAt', 'foundAt'], { state: z.enum(['open', 'acknowledged']).optional() }),
  answers: { 200: pageOf(Discrepancy) },
  problems: ['platform.cursor_invalid'],
});

export const acknowledgeDiscrepancy = operation({
  ...form,
  id: 'acknowledgeDiscrepancy',
  method: 'post',
  path: `${path}/{discrepancyId}/acknowledge`,
  summary: 'Says what a difference was, so that it is open no more',
  need: { action: 'acknowledge', resource: 'discrepancies' },
  params: z.strictObject({ discrepancyId: DiscrepancyId }),
  body: z.strictObject({ note: z.string().trim().min(1).max(NOTE_CHARACTERS_MAX) }),
  answers: { 200: Discrepancy },
  problems: ['commissions.discrepancy_unknown', 'commissions.discrepancy_acknowledged'],
});
