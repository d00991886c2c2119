import { defineProblems } from '../../kernel/problem.ts';

export const entriesProblem = defineProblems({
  'identity.grant_unknown': { status: 404, title: 'There is no such entry' },
  'identity.grant_ended': { status: 409, title: 'This entry has ended' },
});
