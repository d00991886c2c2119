import { defineProblems } from '../../kernel/problem.ts';

export const bookingProblem = defineProblems({
  'commissions.deal_fails': { status: 409, title: 'The deal cannot be booked, whatever is booked beside it' },
});
