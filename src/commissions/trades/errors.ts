import { defineProblems } from '../../kernel/problem.ts';

export const tradeProblem = defineProblems({
  'commissions.trade_unknown': { status: 404, title: 'There is no such trade' },
});
