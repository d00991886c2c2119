import { defineProblems } from '../../kernel/problem.ts';

export const factorsProblem = defineProblems({
  'identity.code_wrong': { status: 422, title: 'The code is not the one that counts at this moment' },
  'identity.enrolment_missing': { status: 409, title: 'There is no authenticator app that waits for its first code' },
  'identity.factor_last': { status: 409, title: 'Staff cannot do without a second factor: add another one first' },
  'identity.factor_unknown': { status: 404, title: 'There is no such factor' },
});
