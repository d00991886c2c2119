import { defineProblems } from '../../kernel/problem.ts';

export const desksProblem = defineProblems({
  'identity.desk_unknown': { status: 404, title: 'There is no such desk' },
  'identity.desk_exists': { status: 409, title: 'There is a desk of this name' },
  'identity.desks_too_many': { status: 409, title: 'The tenant has as many desks as it may have' },
  'identity.member_unknown': { status: 422, title: 'Somebody who is to be on the desk is no member of the staff' },
});
