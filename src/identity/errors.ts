import { defineProblems } from '../kernel/problem.ts';

export const identityProblem = defineProblems({
  'identity.sign_in_required': { status: 401, title: 'This needs a sign-in' },
  'identity.token_invalid': { status: 401, title: 'The access token is no good here' },
  'identity.refresh_invalid': { status: 401, title: 'The session has ended: sign in again' },
  'identity.credentials_wrong': { status: 401, title: 'The address, the password or the code is wrong' },
  'identity.second_factor_needed': { status: 401, title: 'The password is right; a second factor is needed too' },
  'identity.email_unverified': { status: 403, title: 'The address has to be verified first' },
  'identity.not_active': { status: 403, title: 'This sign-in is suspended or closed' },
  'identity.surface_refused': { status: 403, title: 'You have no role on this surface' },
  'identity.sign_up_closed': { status: 403, title: 'No more clients are taken at present' },
  'identity.sign_in_delayed': { status: 429, title: 'Too many failed attempts: wait before the next' },
  'identity.one_time_token_invalid': { status: 422, title: 'The token is unknown, used or too old' },
  'identity.password_weak': { status: 422, title: 'The password is not one that can be used' },
  'identity.password_wrong': { status: 422, title: 'The present password is another one' },
  'identity.session_unknown': { status: 404, title: 'There is no such session' },
  'identity.user_unknown': { status: 404, title: 'There is no such user' },
  'identity.user_exists': { status: 409, title: 'Somebody with this address exists already' },
  'identity.hashing_busy': { status: 503, title: 'Too many sign-ins at this moment' },
});
