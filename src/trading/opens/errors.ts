import { defineProblems } from '../../kernel/problem.ts';

export const openProblem = defineProblems({
  'trading.deal_unknown': { status: 404, title: 'There is no such deal' },
  'trading.deal_not_parked': { status: 409, title: 'The deal does not wait for the open of its position' },
  'trading.open_after_close': { status: 422, title: 'A position is opened before it is closed' },
});
