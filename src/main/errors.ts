import { defineProblems } from '../kernel/problem.ts';

export const mainProblem = defineProblems({
  'main.port_in_use': { status: 503, title: 'Another program listens on the port' },
  'main.tenant_not_migrated': { status: 500, title: 'The database of a tenant cannot be brought up to date' },
  'main.database_lost': { status: 503, title: 'The embedded database cannot be kept running' },
});
