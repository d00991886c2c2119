/** RFC 6238 with what every authenticator app knows: SHA-1, 6 digits, steps of 30 seconds. */
export const TOTP_DIGITS = 6;
export const TOTP_STEP_SECONDS = 30;
/** The step before and the one after count too (RFC 6238, 5.2): clocks differ, and typing takes time. */
export const TOTP_TOLERANCE_SECONDS = 30;
/** 160 bits, the length of the hash (RFC 4226, section 4, R6). */
export const TOTP_SECRET_BYTES = 20;

export const RECOVERY_CODES = 10;
/** 80 random bits each: too many to guess, here or from stolen hashes, so that a plain SHA-256 over them is enough. */
export const RECOVERY_CODE_BYTES = 10;

const TOTP_CODE = /^\d{6}$/;
const RECOVERY_CODE = /^[0-9A-HJKMNP-TV-Z]{16}$/;

/** What a text that somebody typed can be; undefined where it is no code at all. */
export type TypedCode = { readonly kind: 'totp' | 'recovery_code'; readonly code: string };

/** Reads a typed code, generous about spaces, hyphens, small letters, and the letters that Crockford's base32 reads as digits. */
export function readCode(text: string): TypedCode | undefined {
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase();
  if (TOTP_CODE.test(code)) return { kind: 'totp', code };
  const recovery = code.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return RECOVERY_CODE.test(recovery) ? { kind: 'recovery_code', code: recovery } : undefined;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Ten random bytes as a recovery code to be read: `XXXX-XXXX-XXXX-XXXX` in Crockford's base32. */
export function recoveryCodeOf(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let code = '';
  for (let place = 75n; place >= 0n; place -= 5n) code += ALPHABET.charAt(Number((bits >> place) & 31n));
  return code.replaceAll(/(.{4})(?=.)/g, '$1-');
}
