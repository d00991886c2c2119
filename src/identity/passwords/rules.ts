/** NIST SP 800-63B, 5.1.1.2: at least 8; 12 here, since some sign in with nothing else. Long ones are welcome, up to a bound. */
const PASSWORD_CHARACTERS_MIN = 12;
const PASSWORD_CHARACTERS_MAX = 128;

/** What everybody thinks of first, without what is put around it to make it longer. */
const commonest = new Set([
  'password', 'passwort', 'letmein', 'welcome', 'iloveyou', 'sunshine', 'princess', 'football', 'baseball', 'superman',
  'trustno', 'monkey', 'dragon', 'master', 'shadow', 'michael', 'jennifer', 'qwerty', 'qwertyuiop', 'asdfghjkl', 'azerty',
  'qwertz', 'admin', 'administrator', 'administrador', 'changeme', 'default', 'secret', 'login', 'correcthorsebatterystaple',
  'abcdefghijklmnopqrstuvwxyz', 'abc', 'abcd', 'forex', 'cascade', 'metatrader', 'trading', 'bitcoin', 'starwars', 'pokemon',
]); // prettier-ignore

/** Why a password cannot be used. */
export type PasswordFault = 'too_short' | 'too_long' | 'like_the_address' | 'too_common';

/**
 * A password as it is hashed and compared: in one normal form (NFKC, by NIST SP 800-63B, 5.1.1.2), because the same
 * characters come as different code points from different keyboards. Nothing is cut off or left out.
 */
export const normalPassword = (password: string): string => password.normalize('NFKC');

/**
 * What is wrong with a new password; undefined where it can be used. Length in code points; not the address or its first
 * part; none of the commonest, with whatever digits and signs around it; no single character or run of neighbours alone.
 * No demand for kinds of characters (NIST SP 800-63B, 5.1.1.2).
 */
export function passwordFault(password: string, email: string): PasswordFault | undefined {
  const normal = normalPassword(password);
  const characters = [...normal];
  if (characters.length < PASSWORD_CHARACTERS_MIN) return 'too_short';
  if (characters.length > PASSWORD_CHARACTERS_MAX) return 'too_long';
  const small = normal.toLowerCase();
  const address = email.trim().toLowerCase();
  const name = withoutTrimmings(address.split('@')[0] ?? '');
  if (small.includes(address) || (name !== '' && withoutTrimmings(small) === name)) return 'like_the_address';
  return isCommon(small) ? 'too_common' : undefined;
}

/** Without the digits and signs around it. */
const withoutTrimmings = (text: string): string => text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');

function isCommon(small: string): boolean {
  const word = withoutTrimmings(small);
  if (commonest.has(word) || commonest.has(small.replace(/[^\p{L}]/gu, ''))) return true;
  return isRun(small) || isRepeated(small);
}

/** Neighbours only, up or down: `abcdefghijkl`, `987654321098`. */
function isRun(text: string): boolean {
  const steps = [...text]
    .slice(1)
    .map((character, place) => (character.codePointAt(0) ?? 0) - (text.codePointAt(place) ?? 0));
  const usual = steps.filter((step) => Math.abs(step) === 1).length;
  return usual >= steps.length - 1;
}

/** A short piece again and again: `aaaaaaaaaaaa`, `abcabcabcabc`. */
const isRepeated = (text: string): boolean => /^(.{1,4}?)\1+$/su.test(text);
