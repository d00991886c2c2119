import { defineProblems } from '../kernel/problem.ts';

export const platformProblem = defineProblems({
  'platform.internal': { status: 500, title: 'Something went wrong on our side' },
  'platform.unavailable': { status: 503, title: 'A part of the system is not reachable at the moment' },
  'platform.config_invalid': { status: 500, title: 'The configuration is not usable' },
});
