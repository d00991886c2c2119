import { defineProblems } from '../../kernel/problem.ts';

export const chargebackProblem = defineProblems({
  'commissions.chargeback_ahead': { status: 422, title: 'A deposit that is charged back was made in the past' },
});
