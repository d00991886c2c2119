import { defineProblems } from '../../kernel/problem.ts';

export const auditProblem = defineProblems({
  'identity.exports_running': { status: 429, title: 'As many exports as may run at once are running' },
});
