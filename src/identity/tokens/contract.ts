import { z } from 'zod';
import { SessionId, TenantId, UserId } from '../../kernel/ids.ts';
import { signInSurfaces } from './types.ts';

/** How long an access token lives. */
export const ACCESS_TOKEN_SECONDS = 600;

/** How long one lives by which somebody stands in for another: it is not refreshed, and what it stands on is asked at each use. */
export const DELEGATED_TOKEN_SECONDS = 900;

/** The header of our tokens and no other: what names a key (`jwk`, `jku`, `x5c`) or an extension (`crit`) is refused. */
export const TokenHeader = z.strictObject({
  alg: z.literal('ES256'),
  typ: z.literal('at+jwt'),
  kid: z.string().regex(/^[\w-]{16}$/),
});

const seconds = z.int().min(0);

/** The claims of our tokens (RFC 9068, RFC 8693 for `act`). */
export const TokenClaims = z
  .strictObject({
    iss: z.string(),
    aud: z.enum(signInSurfaces.map((surface) => `cascade:${surface}` as const)),
    sub: UserId,
    sid: SessionId,
    jti: z.string().min(1).max(64),
    iat: seconds,
    exp: seconds,
    tid: TenantId.optional(),
    act: z.strictObject({ sub: z.string().min(1).max(64) }).optional(),
    grant: z.string().min(1).max(64).optional(),
  })
  .refine(({ iat, exp, act }) => exp - iat <= (act === undefined ? ACCESS_TOKEN_SECONDS : DELEGATED_TOKEN_SECONDS))
  .refine(({ act, grant }) => (act === undefined) === (grant === undefined))
  .refine(({ aud, tid }) => (aud === 'cascade:ops') === (tid === undefined));
