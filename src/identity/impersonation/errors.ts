import { defineProblems } from '../../kernel/problem.ts';

export const impersonationProblem = defineProblems({
  'identity.impersonation_refused': { status: 403, title: 'Nobody looks through the eyes of staff' },
  'identity.impersonation_none': { status: 409, title: 'This session looks through nobody else’s eyes' },
});
