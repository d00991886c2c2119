import { defineProblems } from '../../kernel/problem.ts';

export const runProblem = defineProblems({
  'payouts.run_unknown': { status: 404, title: 'There is no such payout run' },
  'payouts.run_item_unknown': { status: 404, title: 'There is no such item in this payout run' },
  'payouts.run_state': { status: 409, title: 'The payout run is in a state in which this cannot be done' },
  'payouts.run_item_state': { status: 409, title: 'The item is in a state in which this cannot be done' },
  'payouts.run_empty': { status: 409, title: 'There is nothing to pay' },
  'payouts.run_too_large': { status: 409, title: 'A payout run cannot have so many items' },
  'payouts.run_of_another': { status: 403, title: 'A payout run is submitted by whoever drafted it' },
  'payouts.run_own': { status: 403, title: 'Who drafted a payout run does not approve it' },
  'payouts.statement_not_payable': { status: 409, title: 'The statement cannot be added to this payout run' },
});
