import { defineProblems, type Problem } from '../kernel/problem.ts';
import type { ParkCode, Refusal, RefusalCode } from './types.ts';

const refusals = {
  'commissions.names_not_unique': { status: 422, title: 'Two components, or two rules of a component, have one name' },
  'commissions.rate_too_fine': { status: 422, title: 'A rate has more decimals than the ledger keeps of the currency' },
  'commissions.rate_above_budget': { status: 422, title: 'A rate is above the budget rate of the plan' },
  'commissions.levels_above_budget': {
    status: 422,
    title: 'The amounts of the levels add to more than a budget rate, and scaling is off',
  },
  'commissions.percentages_above_100': { status: 422, title: 'The percentages of the levels add to more than 100' },
  'commissions.amounts_need_per_lot': { status: 422, title: 'Amounts by level are allowed on the per-lot model only' },
  'commissions.weights_all_zero': { status: 422, title: 'The weights of a pool are all 0' },
  'commissions.rank_unknown': { status: 422, title: 'An agreement gives a rank that the plan does not have' },
  'commissions.filter_needs_close': {
    status: 422,
    title: 'The plan counts deals that open volume, and a filter of it can judge closing deals only',
  },
  'commissions.adjuster_twice': {
    status: 422,
    title: 'A component has two adjusters of one stage, of which only caps may be several',
  },
  'commissions.limits_contradict': { status: 422, title: 'A clamp names no limit, or a least above its most' },
  'commissions.tiers_not_rising': {
    status: 422,
    title: 'The limits of the tiers do not rise, or the last one has one',
  },
  'commissions.tier_mode_unfit': {
    status: 422,
    title: 'The mode of a tier does not go with what it counts, or with its period',
  },
  'commissions.plan_empty': { status: 422, title: 'The plan pays nothing' },
  'commissions.ladder_not_rising': { status: 422, title: 'The steps of a ladder do not rise' },
  'commissions.agreement_names_no_rule': {
    status: 422,
    title: 'An agreement names a component or a rule that the plan does not have',
  },
} satisfies Record<RefusalCode, { status: number; title: string }>;

const parked = {
  'commissions.open_unknown': {
    status: 409,
    title: 'The open of the position is not known, and the plan looks at it',
  },
  'commissions.open_reason_unknown': {
    status: 409,
    title: 'The platform did not tell why the position was opened, and the plan looks at it',
  },
  'commissions.price_unknown': {
    status: 409,
    title: 'The platform did not tell a price or a sum of the trade that the model of the plan needs',
  },
  'commissions.base_currency_missing': {
    status: 409,
    title: 'The symbol does not say its base currency, by which the plan measures the trade',
  },
  'commissions.account_state_unknown': {
    status: 409,
    title: 'Equity and credit of the account at the close are not known, and the plan looks at them',
  },
  'commissions.rate_missing': {
    status: 409,
    title: 'No rate is known between two currencies that the plan needs for the trade',
  },
  'commissions.rate_stale': {
    status: 409,
    title: 'A rate that the plan needs for the trade is older than the plan allows',
  },
  'commissions.period_too_large': {
    status: 409,
    title: 'The client has more in the period, or in all, than is looked at',
  },
  'commissions.trade_impossible': { status: 409, title: 'The trade would earn less than nothing' },
  'commissions.earning_too_large': { status: 409, title: 'The trade would earn more than a ledger can hold' },
} satisfies Record<Exclude<ParkCode, RefusalCode>, { status: number; title: string }>;

const bookings = {
  'commissions.deal_fails': { status: 409, title: 'The deal cannot be booked, whatever is booked beside it' },
} as const;

const awards = {
  'commissions.award_invalid': { status: 422, title: 'The award says something that none can say' },
  'commissions.award_exceeded': { status: 422, title: 'The parts of an award are more than the award' },
  'commissions.award_party_unknown': { status: 422, title: 'An award names somebody who is not there' },
  'commissions.cost_invalid': { status: 422, title: 'A cost of a client is none' },
  'commissions.cost_different': {
    status: 409,
    title: 'The source and reference of a cost are known with another content',
  },
  'commissions.period_not_over': { status: 409, title: 'The range ends with a period that is not over' },
  'commissions.range_empty': { status: 422, title: 'The range ends before it begins' },
  'commissions.award_unknown': { status: 404, title: 'There is no such award' },
  'commissions.award_currency': { status: 422, title: 'An award is not in the currency of its plan' },
} as const;

/** The errors of the commission feature. */
export const commissionProblem = defineProblems({ ...refusals, ...parked, ...bookings, ...awards });

/** One Problem for what a check refused: the first one's code and detail, and all of them as the member `refusals`. */
export function refusalProblem(found: readonly [Refusal, ...Refusal[]]): Problem {
  return commissionProblem(found[0].code, { detail: found[0].detail, refusals: found });
}
