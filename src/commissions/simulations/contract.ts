import { z } from 'zod';
import { ClientId, IbId, PlanId, TaskId } from '../../kernel/ids.ts';
import { operation } from '../../kernel/operation.ts';
import { AgreementTerms } from '../definitions/contract.ts';

const ASSUMED_MAX = 200;
/** No plan has as many versions: a number beyond what the database keeps is a mistake. */
const VERSION_MAX = 999_999_999;
const Instant = z.iso.datetime();
const from = Instant.optional().meta({ description: 'Since when it is assumed: over the whole range unless given.' });

/** What is assumed in place of what was: plans, who they hold for, rates, the tree. */
export const Assumptions = z
  .strictObject({
    versions: z
      .array(z.strictObject({ planId: PlanId, number: z.int().positive().max(VERSION_MAX) }))
      .max(20)
      .default([])
      .meta({ description: 'Versions, drafts too, that hold over the whole range wherever their plans do.' }),
    assignments: z
      .array(z.strictObject({ planId: PlanId, ibId: IbId.nullable() }))
      .max(ASSUMED_MAX)
      .default([])
      .meta({
        description: 'For whom plans hold over the whole range; null: for everybody that nothing nearer holds for.',
      }),
    rates: z
      .array(z.strictObject({ ibId: IbId, terms: AgreementTerms }))
      .max(ASSUMED_MAX)
      .default([])
      .meta({ description: 'Own rates of IBs in place of what was agreed.' }),
    moves: z
      .array(z.strictObject({ ibId: IbId, parentId: IbId.nullable(), from }))
      .max(ASSUMED_MAX)
      .default([])
      .meta({ description: 'IBs with all below them; null: they become masters.' }),
    clients: z
      .array(z.strictObject({ clientId: ClientId, ibId: IbId.nullable(), from }))
      .max(ASSUMED_MAX)
      .default([])
      .meta({ description: 'Clients that belong to another IB, or to none.' }),
    statuses: z
      .array(z.strictObject({ ibId: IbId, status: z.enum(['active', 'suspended', 'terminated']), from }))
      .max(ASSUMED_MAX)
      .default([])
      .meta({ description: 'IBs whose status was another.' }),
  })
  .meta({ id: 'Assumptions', description: 'What a simulation assumes in place of what was.' });
export type Assumptions = z.infer<typeof Assumptions>;

/** A simulation as somebody asks for it. */
export const SimulationAsked = z
  .strictObject({
    name: z.string().trim().max(100).default(''),
    from: Instant.meta({ description: 'The first close that is looked at.' }),
    to: Instant.meta({ description: 'The first close that is not; at most 366 days later.' }),
    assumed: Assumptions.default(Assumptions.parse({})),
    margin: z.boolean().default(true).meta({
      description: 'Whether to add up what spread and commission of the trades came to; it takes longer.',
    }),
  })
  .meta({ id: 'SimulationAsked', description: 'Which trades are computed once more, and what is assumed.' });
export type SimulationAsked = z.infer<typeof SimulationAsked>;

export const simulate = operation({
  id: 'simulate',
  method: 'post',
  path: '/api/v1/simulations',
  on: 'tenant',
  tag: 'Plans',
  summary: 'Computes real trades as if a draft, other rates or another tree had held',
  description:
    'A task: its result has the totals beside what is booked, months, winners and losers, trades that would be unpaid or parked by ' +
    'reason, and budget breaches; its files everything by IB, level, symbol and month. Nothing is booked. Plans that look at more ' +
    'than one trade are computed from the beginning of the first month. What is paid by the period is left out.',
  need: { action: 'simulate', resource: 'plans' },
  body: SimulationAsked,
  answers: {
    202: z.strictObject({ taskId: TaskId }).meta({ id: 'SimulationBegun', description: 'The simulation is a task.' }),
  },
  problems: [
    'commissions.simulation_range_empty',
    'commissions.simulation_range_long',
    'commissions.simulation_cycle',
    'commissions.simulation_contradicts',
    'commissions.plan_unknown',
    'commissions.version_unknown',
    'commissions.names_not_unique',
    'commissions.rate_too_fine',
    'commissions.rate_above_budget',
    'commissions.levels_above_budget',
    'commissions.percentages_above_100',
    'commissions.amounts_need_per_lot',
    'commissions.weights_all_zero',
    'commissions.rank_unknown',
    'commissions.agreement_names_no_rule',
    'commissions.filter_needs_close',
    'commissions.adjuster_twice',
    'commissions.limits_contradict',
    'commissions.tiers_not_rising',
    'commissions.tier_mode_unfit',
    'commissions.plan_empty',
    'commissions.ladder_not_rising',
    'ib.unknown',
    'clients.client_unknown',
    'platform.tasks_too_many',
  ],
});
