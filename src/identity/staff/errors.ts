import { defineProblems } from '../../kernel/problem.ts';

export const staffProblem = defineProblems({
  'identity.invitation_unknown': { status: 404, title: 'There is no such invitation that waits' },
  'identity.invitation_waits': { status: 409, title: 'This address is invited already; send the invitation again' },
  'identity.role_not_given': { status: 422, title: 'This role cannot be given to this person' },
  'identity.ib_unknown': { status: 422, title: 'There is no such introducing broker' },
  'identity.user_closed': { status: 409, title: 'This person is closed for good' },
  'identity.owner_exists': { status: 409, title: 'The tenant has an owner already' },
  'identity.owner_only': { status: 403, title: 'Only an owner decides over an owner' },
  'identity.owner_last': { status: 409, title: 'Somebody must be left who can decide over everything' },
});
