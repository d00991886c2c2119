import { defineProblems } from '../kernel/problem.ts';

export const payoutsProblem = defineProblems({
  'payouts.beneficiary_unknown': { status: 404, title: 'There is no such beneficiary' },
  'payouts.schedule_backdated': { status: 422, title: 'A schedule cannot begin in the past' },
  'payouts.schedule_taken': { status: 409, title: 'Another schedule of the beneficiary begins at this very instant' },
  'payouts.schedule_default_needed': { status: 422, title: 'The default says its own terms' },
  'payouts.statement_unknown': { status: 404, title: 'There is no such statement' },
});
