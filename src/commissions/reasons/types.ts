/**
 * Why a trade pays nothing: the code that is stored, and the sentence that the partner reads.
 * An `exception` is a hole in the set-up that somebody must see, not a rule at work.
 */
export const NO_PAY_REASONS = {
  client_without_ib: { exception: false, sentence: 'The client had no introducing broker when the trade closed.' },
  no_plan: { exception: true, sentence: 'No commission plan was in force when the trade closed.' },
  paid_by_period: { exception: false, sentence: 'The plan pays by the period, and nothing by the trade.' },
  symbol_unmatched: { exception: true, sentence: 'No rule of the plan names this symbol for this account group.' },
  volume_zero: { exception: false, sentence: 'The trade closed no volume.' },
  group_counts_nothing: { exception: false, sentence: 'The lots of this account group count nothing.' },
  rate_zero: { exception: false, sentence: 'The rule for this symbol pays a rate of 0.' },
  below_minimum_time: {
    exception: false,
    sentence: 'The position was open for less than the minimum time of the plan.',
  },
  movement_below_minimum: {
    exception: false,
    sentence: 'The price moved by less than the plan asks for, measured by the spread at the close.',
  },
  symbol_excluded: { exception: false, sentence: 'The plan does not pay for this symbol.' },
  symbol_group_excluded: { exception: false, sentence: 'The plan does not pay for symbols of this group.' },
  account_group_excluded: { exception: false, sentence: 'The plan does not pay for accounts of this group.' },
  side_excluded: { exception: false, sentence: 'The plan does not pay for positions of this side.' },
  channel_excluded: { exception: false, sentence: 'The plan does not pay for clients who came this way.' },
  open_reason_excluded: {
    exception: false,
    sentence: 'The plan does not pay for positions that were opened this way.',
  },
  close_not_counted: {
    exception: false,
    sentence: 'The plan counts what opens volume, and the trade only closes it.',
  },
  spread_zero: { exception: false, sentence: 'There was no spread between ask and bid.' },
  commission_zero: { exception: false, sentence: 'The client was charged no commission.' },
  nothing_charged: { exception: false, sentence: 'The client paid neither spread nor commission.' },
  no_profit: { exception: false, sentence: 'The client made no profit with this trade.' },
  volume_hedged: {
    exception: false,
    sentence: 'The volume was hedged: it does not raise the larger of what the client bought and sold this month.',
  },
  below_least_amount: { exception: false, sentence: 'The amount is below the least amount of the plan.' },
  all_credit: { exception: false, sentence: 'The account held nothing but credit.' },
  cap_reached: { exception: false, sentence: 'The cap of the plan was reached before this trade.' },
  below_ledger_unit: { exception: false, sentence: 'The amount is smaller than the smallest amount that is booked.' },
  deal_deleted: { exception: false, sentence: 'The platform took the deal back.' },
  deal_earns_no_more: {
    exception: false,
    sentence: 'The platform corrected the deal, and as it is now it never earns.',
  },
  charged_back: { exception: false, sentence: 'A deposit of the client was charged back.' },
  booked_anew: { exception: false, sentence: 'Taken back, to be booked anew by the correction that follows.' },
} as const satisfies Record<string, { exception: boolean; sentence: string }>;
export type NoPayReason = keyof typeof NO_PAY_REASONS;

/** Why an introducing broker got the part it got; shown with the explanation of a trade. */
export const LEVEL_REASONS = {
  own_part: 'The part of this level.',
  own_and_moved_part: 'The part of this level, and the parts of the suspended ones below.',
  no_rate: 'No agreement gives a rate for this symbol, so the rate is 0.',
  not_above_below: 'The rate is not above the highest rate below.',
  no_level: 'The plan gives no part to this level.',
  no_override: 'No part of the levels below is left to add an override to.',
  override_not_covered: 'The rest of the earning does not cover this override, or one below it.',
  no_rank: 'No agreement gives a rank of the plan, so it takes no slot.',
  slots_taken: 'A level below has this rank or a higher one, and with it all slots up to here.',
  suspended_passed_over: 'Not active: passed over, so that its slots stay free for the levels above.',
  suspended_rolled_up: 'Not active: the rate does not count, and the next level takes the part.',
  suspended_to_house: 'Not active: the house keeps the part.',
  trued_up: 'What the tier of the period makes of this part, less what it was before.',
  suspended_moved_up: 'Not active: the part goes to the next active level above, else to the house.',
} as const satisfies Record<string, string>;
export type LevelReason = keyof typeof LEVEL_REASONS;
