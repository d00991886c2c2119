const PLAIN = 'cascade_refresh';
/**
 * Browsers take a cookie of this name over TLS only, for the very host and with the path `/` (RFC 6265bis, 4.1.3.2): the host
 * of another tenant, a sibling below the same name, could else plant its own session there, or spoil the true one.
 */
const SECURE = `__Host-${PLAIN}`;

const nameOf = (isSecure: boolean): string => (isSecure ? SECURE : PLAIN);
const attributesOf = (isSecure: boolean): string =>
  isSecure ? 'Path=/; HttpOnly; SameSite=Strict; Secure' : 'Path=/api/v1/auth; HttpOnly; SameSite=Strict';

/** The `Set-Cookie` line that hands a refresh token to the browser, out of reach of its scripts. */
export const refreshCookie = (token: string, lifeSeconds: number, isSecure: boolean): string =>
  `${nameOf(isSecure)}=${token}; Max-Age=${lifeSeconds}; ${attributesOf(isSecure)}`;

/** The line that takes it away. */
export const noRefreshCookie = (isSecure: boolean): string =>
  `${nameOf(isSecure)}=; Max-Age=0; ${attributesOf(isSecure)}`;

/** The refresh token in a `Cookie` header; undefined where there is none of our form. */
export function refreshTokenIn(cookies: string | undefined, isSecure: boolean): string | undefined {
  const name = nameOf(isSecure);
  for (const pair of (cookies ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}
