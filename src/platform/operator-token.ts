import { createHash, timingSafeEqual } from 'node:crypto';

/** Tells whether a request's `Authorization` header carries the operator's token. */
export type OperatorGuard = (authorization: string | undefined) => boolean;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The token out of `Bearer <token>`, or out of HTTP Basic as its password under any name, so that a browser can ask for it. */
function tokenIn(authorization: string): string | undefined {
  const [, scheme, rest] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  if (scheme.toLowerCase() === 'bearer') return rest;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(rest, 'base64').toString('utf8')) ?? [];
  return password;
}

/**
 * Checks the operator's token. Digests of equal length are compared in constant time, so that the answer's duration
 * tells nothing of the token, not even its length.
 */
export function operatorGuard(token: string): OperatorGuard {
  if (token.length < 16) throw new TypeError('the operator token has at least 16 characters');
  const expected = digest(token);
  return (authorization) => {
    const given = authorization === undefined ? undefined : tokenIn(authorization);
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}
