import { z } from 'zod';
import { AccountId, ClientId, DealId, IbId, TradeId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const path = '/api/v1/trades';
const form = { on: 'tenant', tag: 'Trades' } as const;
const tradeParams = z.strictObject({ tradeId: TradeId });

/** A symbol as the platform names it. */
const SymbolText = z.string().min(1).max(64);

/** A ticket or login in a query: 64-bit numbers of the platform, as text. */
const NumberText = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, 'is no whole number from 1 of at most 18 digits')
  .transform(BigInt);

const TradeState = z.enum(['booked', 'unpaid', 'due', 'parked', 'never']).meta({
  id: 'TradeState',
  description:
    'booked: it earned rebates; unpaid: it was judged and pays nothing; due: it waits to be booked; parked: it waits for ' +
    'somebody; never: its group or reason never earns.',
});

const tradeFields = {
  id: TradeId,
  dealId: DealId.meta({ description: 'The same execution as the feed knows it.' }),
  ticket: z.string(),
  server: z.string(),
  login: z.string().nullable(),
  accountId: AccountId.nullable().meta({ description: 'Null where no account of this login is known.' }),
  clientId: ClientId.nullable(),
  symbol: z.string().meta({ description: 'As the platform names it.' }),
  lots: z.string().meta({ description: 'The volume that it closed, or opened where it only opens.' }),
  closedAt: InstantText,
  state: TradeState,
  reason: z.string().nullable().meta({ description: 'The code of why it is parked, unpaid, or never earns.' }),
  earning: MoneyJson.nullable().meta({
    description: 'What it earned in all; null where nothing is booked, and for callers who do not see all trades.',
  }),
};

export const Trade = z
  .strictObject(tradeFields)
  .meta({ id: 'Trade', description: 'A deal that closed volume, and what became of it.' });

const DecimalText = z.string().nullable();

const TradeInFull = z
  .strictObject({
    ...tradeFields,
    positionId: z.string(),
    openedAt: InstantText.nullable().meta({
      description: 'When the position was opened, as far as its booking looked.',
    }),
    bookedAt: InstantText.nullable(),
    price: DecimalText,
    openPrice: DecimalText,
    profit: DecimalText.meta({ description: 'In the currency of the account, like commission and swap.' }),
    commission: DecimalText,
    swap: DecimalText,
  })
  .meta({ id: 'TradeInFull', description: 'A trade with what the platform said of it.' });

const ToldStep = z.strictObject({
  step: z.enum(['rule', 'filter', 'volume', 'earning', 'adjuster', 'share', 'trader_rebate', 'house', 'true_up']),
  component: z.string(),
  depth: z.int().optional(),
  ib: z.string().optional(),
  reason: z.string().optional(),
  sentence: z.string().optional(),
  figures: z.record(z.string(), z.string()).meta({ description: 'What was computed with, as exact decimals.' }),
  amount: z.string().optional().meta({ description: 'The rounded result of the step, in plan currency.' }),
});

const Explanation = z
  .strictObject({
    id: DealId,
    ticket: z.string(),
    symbol: z.string().meta({ description: 'The canonical symbol.' }),
    symbolGroup: z
      .string()
      .nullable()
      .meta({ description: 'Null while nothing is booked, like all that a booking says.' }),
    accountGroup: z.string().nullable(),
    lots: z.string(),
    openedAt: InstantText.nullable(),
    openByHand: z
      .strictObject({ reason: z.string(), by: z.string().optional(), setAt: InstantText })
      .optional()
      .meta({ description: 'Where somebody said by hand when the position was opened, because the feed did not.' }),
    closedAt: InstantText,
    state: TradeState,
    revision: z
      .int()
      .nullable()
      .meta({ description: 'Which booking of the trade is told; 0 is the first, the last unless asked otherwise.' }),
    batch: z.string().nullable(),
    knownAt: InstantText.nullable().meta({ description: 'As of which knowledge of the tree it was booked.' }),
    plan: z.strictObject({ name: z.string(), version: z.int() }).nullable(),
    chain: z
      .array(
        z.strictObject({
          id: IbId,
          name: z.string(),
          depth: z.int(),
          status: z.enum(['active', 'suspended', 'terminated']),
        }),
      )
      .meta({ description: "The client's own IB first; an IB sees no further up than itself, a client sees none." }),
    earning: MoneyJson.nullable().meta({ description: 'What the trade earned in all; null for IBs and clients.' }),
    reason: z
      .strictObject({ code: z.string(), sentence: z.string() })
      .optional()
      .meta({ description: 'Why it earned nothing: always there where there is no rebate.' }),
    rebates: z.array(
      z.strictObject({
        component: z.string(),
        to: z.string(),
        kind: z.enum(['ib', 'client', 'house']),
        depth: z
          .int()
          .meta({ description: "The IB's distance from the client's own IB; 0 for the client, -1 for the house." }),
        amount: MoneyJson,
      }),
    ),
    steps: z.array(ToldStep),
    revisions: z
      .array(
        z.strictObject({
          revision: z.int(),
          batch: z.string(),
          bookedAt: InstantText,
          cause: z.enum(['booking', 'amendment', 'late_entry', 'rerun', 'chargeback', 'true_up']).meta({
            description:
              'What led to it: the first booking; an update or deletion by the platform; an entry of the position that came ' +
              'late; a re-run; a deposit that was charged back; a tier that was reached later.',
          }),
          reason: z.string().nullable(),
          earning: MoneyJson.nullable().meta({ description: 'What the trade earned in all after it.' }),
          changes: z.array(
            z.strictObject({
              component: z.string(),
              to: z.string(),
              ibId: IbId.nullable(),
              kind: z.enum(['ib', 'client', 'house']),
              depth: z.int(),
              amount: MoneyJson.meta({ description: 'What it adds; below 0 where it takes back.' }),
            }),
          ),
        }),
      )
      .meta({ description: 'All bookings of the trade. IBs and clients see what these changed for themselves.' }),
  })
  .meta({ id: 'TradeExplanation', description: 'Every step of what a trade earned, computed again from its inputs.' });

export const listTrades = operation({
  ...form,
  id: 'listTrades',
  method: 'get',
  path,
  summary: 'Lists trades by their close',
  description:
    'Trades of clients within reach. A request looks at a bounded number of trades: a page may hold fewer than `limit`, or ' +
    'none, while `nextCursor` goes on.',
  need: { action: 'list', resource: 'trades' },
  query: pageQuery(['-closedAt', 'closedAt'], {
    accountId: AccountId.optional(),
    clientId: ClientId.optional(),
    ticket: NumberText.optional().meta({
      description: 'The ticket of the closing deal. Tickets are a server’s own: each server may have it once.',
      examples: ['700123'],
    }),
    login: NumberText.optional().meta({
      description: 'The number of the account, on every server that has it.',
      examples: ['900001'],
    }),
    symbol: SymbolText.optional(),
    from: InstantIn.optional().meta({ description: 'Closed at this instant or later.' }),
    to: InstantIn.optional().meta({ description: 'Closed before this instant.' }),
    state: TradeState.optional(),
  }),
  answers: { 200: pageOf(Trade) },
  problems: ['platform.cursor_invalid'],
});

export const readTrade = operation({
  ...form,
  id: 'readTrade',
  method: 'get',
  path: `${path}/{tradeId}`,
  summary: 'Shows a trade',
  need: { action: 'read', resource: 'trades' },
  params: tradeParams,
  answers: { 200: TradeInFull },
  problems: ['commissions.trade_unknown'],
});

export const explainTradeRebates = operation({
  ...form,
  id: 'explainTradeRebates',
  method: 'get',
  path: `${path}/{tradeId}/rebates`,
  summary: 'Explains what a trade earned, step by step',
  description:
    'Staff see every step. An IB sees its own lines: which rule won, which filters were passed, its own part with its ' +
    'weight, what went back to the trader of its part, and the chain below it; not the budget, the earning as a whole, ' +
    'or what others get. A client sees its own rebate. An IB may ask for each trade that it earned from, whoever the ' +
    'client belongs to now. A trade that earned nothing says why, for ever: it was judged and pays nothing, waits, is ' +
    'parked, only opens volume, or never earns.',
  need: { action: 'explain', resource: 'trades' },
  params: tradeParams,
  query: z.strictObject({
    revision: z
      .string()
      .regex(/^\d{1,5}$/, 'is no whole number from 0 to 99999')
      .transform(Number)
      .optional()
      .meta({ description: 'An earlier booking of the trade; the last one unless given', examples: ['0'] }),
  }),
  answers: { 200: Explanation },
  problems: ['commissions.trade_unknown', 'commissions.booking_unknown'],
});
