import { defineProblems } from '../kernel/problem.ts';

export const mainProblem = defineProblems({
  'main.port_in_use': { status: 503, title: 'Another program listens on the port' },
  'main.database_lost': { status: 503, title: 'The embedded database cannot be kept running' },
});
