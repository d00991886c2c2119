import { defineProblems } from '../../kernel/problem.ts';

export const approvalsProblem = defineProblems({
  'identity.approval_unknown': { status: 404, title: 'There is no such approval' },
  'identity.approval_closed': { status: 409, title: 'This approval waits for nobody any more' },
  'identity.approval_own': { status: 403, title: 'Nobody approves what he asked for himself' },
  'identity.approval_repeated': { status: 409, title: 'You have given your voice to this approval' },
  'identity.approval_mismatch': { status: 409, title: 'The hash is not that of what is to be approved' },
  'identity.approval_outdated': { status: 409, title: 'What is to be approved has changed since it was asked' },
  'identity.approval_failed': { status: 409, title: 'It was approved, and could not be done' },
  'identity.approval_others': { status: 403, title: 'Only who asked for it takes it back' },
  'identity.approval_pending': { status: 409, title: 'The same waits for approval already' },
});
