import { defineProblems } from '../../kernel/problem.ts';

export const replayProblem = defineProblems({
  'commissions.booking_unknown': { status: 404, title: 'The trade has no booking' },
  'commissions.inputs_gone': { status: 500, title: 'An input that a booking names is not there any more' },
});
