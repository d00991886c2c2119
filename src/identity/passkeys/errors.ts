import { defineProblems } from '../../kernel/problem.ts';

export const passkeysProblem = defineProblems({
  'identity.passkey_refused': { status: 422, title: 'The answer of the passkey is not one that can be accepted' },
  'identity.passkey_exists': { status: 409, title: 'This passkey is known already' },
  'identity.passkeys_too_many': { status: 409, title: 'There are as many passkeys as one person may have' },
});
