import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { ClientId, IbId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { weekdays } from './types.ts';

const DAYS_MAX = 60;
const CURRENCIES_MAX = 20;
const days = z.int().min(0).max(DAYS_MAX);
const unique = (items: readonly string[]): boolean => new Set(items).size === items.length;

const Cycle = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('realtime') }),
    z.strictObject({ kind: z.literal('hourly') }),
    z.strictObject({ kind: z.literal('daily') }),
    z.strictObject({
      kind: z.literal('weekly'),
      days: z.array(z.enum(weekdays)).min(1).max(7).refine(unique, 'names a day twice').meta({
        description: 'A period ends when such a day begins: two of them make it twice a week.',
      }),
    }),
    z.strictObject({
      kind: z.literal('monthly'),
      afterDays: days.default(0).meta({ description: 'Days after the month’s end until the statements are made.' }),
    }),
  ])
  .meta({
    id: 'StatementCycle',
    description:
      'How often there is a statement. Periods are those of UTC. `realtime`: what closes is stated within 30 minutes; ' +
      '`daily`: for yesterday.',
  });

/** When a beneficiary gets statements, and what of them is paid. */
export const ScheduleTerms = z
  .strictObject({
    cycle: Cycle,
    holdDays: days.default(0).meta({
      description: 'So many days after its period’s end what was earned is held; the statement is made afterwards.',
    }),
    minimums: z
      .array(MoneyJson)
      .max(CURRENCIES_MAX)
      .default([])
      .refine((minimums) => unique(minimums.map(({ currency }) => currency)), 'names a currency twice')
      .meta({
        description: 'What does not come to the minimum of its currency is carried over to the next statement.',
      }),
    onHold: z
      .boolean()
      .default(false)
      .meta({ description: 'Statements are made and nothing is paid until a schedule without hold begins.' }),
  })
  .meta({ id: 'ScheduleTerms', description: 'When statements are made, and what of them is paid.' });
export type ScheduleTerms = z.infer<typeof ScheduleTerms>;

/** The terms as they may be asked for; what was stored when less was refused is read by `ScheduleTerms` for ever. */
export const AskedTerms = ScheduleTerms.nullable().refine(
  (terms) => terms === null || terms.minimums.every(({ amount }) => !amount.startsWith('-')),
  'holds a minimum below 0',
);

const beneficiary = z.union([IbId, ClientId]);

const Schedule = z
  .strictObject({
    beneficiary: beneficiary.nullable().meta({ description: 'An IB or a client; null for the default of all others.' }),
    terms: ScheduleTerms.nullable().meta({ description: 'Null where it follows the default from then on.' }),
    validFrom: InstantText,
    timeZone: z.literal('UTC').meta({ description: 'Of its periods.' }),
    reason: z.string().nullable().meta({ description: 'Why, for the record; null for IBs and clients.' }),
    recordedAt: InstantText,
  })
  .meta({ id: 'PayoutSchedule', description: 'When a beneficiary gets statements, from an instant on.' });

const common = { on: 'tenant', tag: 'Statements' } as const;

export const listSchedules = operation({
  ...common,
  id: 'listPayoutSchedules',
  method: 'get',
  path: '/api/v1/payout-schedules',
  summary: 'Lists schedules of statements, those that begin last first',
  description: 'IBs and clients see their own and the default.',
  need: { action: 'list', resource: 'payout_schedules' },
  query: pageQuery(['-validFrom', 'validFrom'], { beneficiary: beneficiary.optional() }),
  answers: { 200: pageOf(Schedule) },
  problems: ['platform.cursor_invalid'],
});

export const setSchedule = operation({
  ...common,
  id: 'setPayoutSchedule',
  method: 'post',
  path: '/api/v1/payout-schedules',
  summary: 'Sets when a beneficiary gets statements, from an instant on',
  description:
    'For one IB or client, or for all that have none of their own (`beneficiary` null). What is in force when a period ends ' +
    'decides over it. `terms` null: the default holds from then on.',
  need: { action: 'create', resource: 'payout_schedules' },
  body: z
    .strictObject({
      beneficiary: beneficiary
        .nullable()
        .meta({ description: 'An IB or a client; null for all that have none of their own.' }),
      terms: AskedTerms.meta({ description: 'Null: the default holds from then on.' }),
      effectiveAt: z.iso
        .datetime()
        .optional()
        .meta({ description: 'From when on; now unless given, never in the past' }),
      reason: ReasonText,
    })
    .meta({
      id: 'NewPayoutSchedule',
      description: 'When a beneficiary is to get statements, and from when on.',
      examples: [
        {
          beneficiary: null,
          terms: {
            cycle: { kind: 'monthly', afterDays: 5 },
            holdDays: 0,
            minimums: [{ amount: '500.00', currency: 'USD' as z.infer<typeof MoneyJson>['currency'] }],
            onHold: false,
          },
          reason: 'As agreed with all partners',
        },
      ],
    }),
  answers: { 201: Schedule },
  problems: [
    'decimal.malformed',
    'money.too_fine',
    'money.too_large',
    'payouts.beneficiary_unknown',
    'payouts.schedule_backdated',
    'payouts.schedule_taken',
    'payouts.schedule_default_needed',
  ],
});
