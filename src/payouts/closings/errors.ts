import { defineProblems } from '../../kernel/problem.ts';

export const closingProblem = defineProblems({
  'payouts.closing_unknown': { status: 404, title: 'There is no such closing' },
  'payouts.closing_not_ahead': { status: 409, title: 'The books are closed up to this instant already' },
  'payouts.closing_too_early': { status: 422, title: 'A period is closed after it has ended' },
  'payouts.closing_blocked': { status: 409, title: 'Something must be done before the period can be closed' },
  'payouts.closing_unacknowledged': { status: 409, title: 'Warnings have to be acknowledged by name' },
  'payouts.period_closed': { status: 409, title: 'It would take effect in a closed period' },
});
