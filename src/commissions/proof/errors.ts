import { defineProblems } from '../../kernel/problem.ts';

export const proofProblem = defineProblems({
  'commissions.discrepancy_unknown': { status: 404, title: 'There is no such difference' },
  'commissions.discrepancy_acknowledged': { status: 409, title: 'Somebody has acknowledged the difference already' },
});
