import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { identityProblem } from '../errors.ts';
import { ACCESS_TOKEN_SECONDS, DELEGATED_TOKEN_SECONDS, TokenClaims, TokenHeader } from './contract.ts';
import type { KeyRing } from './key-ring.ts';
import type { AccessClaims, AccessToken, SignInSurface, TokenSubject } from './types.ts';

const TOKEN_CHARACTERS_MAX = 2_048;
/** A token from the future is no good; processes may know the database's time to a second or two. */
const AHEAD_SECONDS_MAX = 5;

export type TokenDeps = {
  readonly keys: KeyRing;
  /** Who issues: the installation, by its base host. */
  readonly issuer: string;
};

/** Issues and verifies access tokens. */
export type Tokens = {
  readonly issue: (subject: TokenSubject) => Promise<AccessToken>;
  /** What a token says; `identity.token_invalid`, always the same, where it is not ours or not of this time. */
  readonly verify: (token: string) => Promise<AccessClaims>;
};

/**
 * Access tokens: JWT (RFC 9068) of ten minutes, fifteen where somebody stands in for another, ES256 and nothing else
 * (RFC 8725, 3.1), bound to a tenant, a surface and a session. Times are the database's.
 */
export const makeTokens = ({ keys, issuer }: TokenDeps): Tokens => ({
  issue: async ({ tenantId, userId, sessionId, surface, delegation }) => {
    const { kid, privateKey } = await keys.signer();
    const iat = await keys.nowSeconds();
    const expiresIn = delegation === null ? ACCESS_TOKEN_SECONDS : DELEGATED_TOKEN_SECONDS;
    const claims = {
      iss: issuer,
      aud: `cascade:${surface}`,
      sub: userId,
      sid: sessionId,
      jti: randomBytes(12).toString('base64url'),
      iat,
      exp: iat + expiresIn,
      ...(tenantId === null ? {} : { tid: tenantId }),
      ...(delegation === null ? {} : { act: { sub: delegation.actor }, grant: delegation.grant }),
    };
    const header = { alg: 'ES256', typ: 'at+jwt', kid } as const;
    const accessToken = jwt.sign(TokenClaims.parse(claims), privateKey, { algorithm: 'ES256', header });
    return { accessToken, expiresIn };
  },
  verify: async (token) => {
    const kid = kidOf(token);
    const key = kid === undefined ? undefined : await keys.verifier(kid);
    if (key === undefined) throw identityProblem('identity.token_invalid');
    const nowSeconds = await keys.nowSeconds();
    const claims = claimsOf(() =>
      jwt.verify(token, key, { algorithms: ['ES256'], issuer, clockTimestamp: nowSeconds }),
    );
    if (claims === undefined || claims.iat > nowSeconds + AHEAD_SECONDS_MAX)
      throw identityProblem('identity.token_invalid');
    const { aud, sub, sid, tid, jti, act, grant } = claims;
    return {
      tenantId: tid ?? null,
      userId: sub,
      sessionId: sid,
      surface: aud.slice('cascade:'.length) as SignInSurface,
      tokenId: jti,
      delegation: act === undefined || grant === undefined ? null : { actor: act.sub, grant },
    };
  },
});

/** The name of the key in a header of exactly our form. */
function kidOf(token: string): string | undefined {
  if (token.length > TOKEN_CHARACTERS_MAX) return undefined;
  const [, header, signature] = /^([\w-]+)\.[\w-]+\.([\w-]+)$/.exec(token) ?? [];
  if (header === undefined || signature === undefined || !isCanonical(signature)) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  } catch {
    return undefined; // Not JSON is one of many ways to be none of ours.
  }
  return TokenHeader.safeParse(read).data?.kid;
}

/** Whether it is the only spelling of its bytes (RFC 4648, 3.5): so that one token is one text. Header and payload are signed as text. */
const isCanonical = (text: string): boolean => Buffer.from(text, 'base64url').toString('base64url') === text;

/** Why a token is no good is nobody's business, nor the log's: the package throws errors of several kinds for it. */
function claimsOf(verify: () => unknown) {
  let claims: unknown;
  try {
    claims = verify();
  } catch {
    return undefined;
  }
  return TokenClaims.safeParse(claims).data;
}
