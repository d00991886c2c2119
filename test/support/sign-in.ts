import { signInDefaults } from '../../src/identity/index.ts';

/** Signing in as it is, but for what would only take time in a test: the least of Argon2id, and no time to be filled up. */
export const cheapSignIn: typeof signInDefaults = {
  ...signInDefaults,
  hashing: { ...signInDefaults.hashing, memoryKib: 8, passes: 1 },
  signIn: { ...signInDefaults.signIn, answerMsMin: 0 },
};
