import { defineProblems } from '../../kernel/problem.ts';

export const disputeProblem = defineProblems({
  'payouts.dispute_unknown': { status: 404, title: 'There is no such dispute' },
  'payouts.dispute_line_unknown': { status: 404, title: 'There is no such line of this introducing broker' },
  'payouts.dispute_own': { status: 403, title: 'Who disputes a line does not decide what it is granted' },
  'payouts.disputes_too_many': {
    status: 409,
    title: 'The introducing broker has as many undecided disputes as it may have',
  },
  'payouts.dispute_open': { status: 409, title: 'This line is disputed already' },
  'payouts.dispute_closed': { status: 409, title: 'This dispute has ended' },
  'payouts.dispute_too_long': { status: 409, title: 'The dispute has as many messages as it may have' },
  'payouts.dispute_amount_invalid': { status: 422, title: 'The outcome of a dispute is an amount above 0' },
  'payouts.dispute_currency': { status: 422, title: 'The outcome must be in the currency of the line' },
  'payouts.dispute_owner_unknown': { status: 404, title: 'Nobody of the active staff has this id' },
});
