import { defineProblems } from '../../kernel/problem.ts';

export const rolesProblem = defineProblems({
  'identity.role_unknown': { status: 404, title: 'There is no such role' },
  'identity.role_exists': { status: 409, title: 'There is a role of this name' },
  'identity.role_in_use': { status: 409, title: 'Somebody has this role' },
  'identity.roles_too_many': { status: 409, title: 'The tenant has as many roles of its own as it may have' },
  'identity.right_unknown': { status: 422, title: 'No such right can be given to staff' },
  'identity.right_reserved': { status: 422, title: 'This right is for owners and admins only' },
  'identity.rights_exceeded': { status: 403, title: 'Nobody can give rights that he does not have himself' },
});
