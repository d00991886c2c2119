import { defineProblems } from '../kernel/problem.ts';

export const opsProblem = defineProblems({
  'ops.board_action_refused': {
    status: 403,
    title: 'The queue board may look, retry, promote, pause and resume, and nothing else',
  },
});
