import { defineProblems } from '../../kernel/problem.ts';

export const overrideProblem = defineProblems({
  'commissions.override_backdated': {
    status: 409,
    title: 'An override holds from now on or later, and after the ones before it',
  },
  'commissions.account_group_unknown': { status: 422, title: 'No server describes an account group of this name' },
});
