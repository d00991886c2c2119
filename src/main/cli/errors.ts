import { defineProblems } from '../../kernel/problem.ts';

export const cliProblem = defineProblems({
  'cli.usage': { status: 422, title: 'The command is not complete or not known' },
});
