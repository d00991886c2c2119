import { defineProblems } from '../../kernel/problem.ts';

export const policyProblem = defineProblems({
  'identity.forbidden': { status: 403, title: 'You have no right to do this' },
  'identity.kyc_required': { status: 403, title: 'This needs an admission that you do not have yet' },
  'identity.second_factor_missing': { status: 403, title: 'Staff may do this with a second factor only' },
  'identity.step_up_needed': { status: 403, title: 'This needs a second factor given within the last 5 minutes' },
  'identity.impersonation_reads_only': {
    status: 403,
    title: 'Whoever looks through the eyes of another may only read',
  },
  'identity.entry_reads_only': { status: 403, title: 'Whoever entered from the platform may only read' },
});
