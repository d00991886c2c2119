import type { SessionId, TenantId, UserId } from '../../kernel/ids.ts';

/** The surfaces on which people sign in; programs have keys instead. */
export const signInSurfaces = ['admin', 'portal', 'partner', 'ops'] as const;
export type SignInSurface = (typeof signInSurfaces)[number];

/**
 * What a token says beyond a plain sign-in (RFC 8693, 4.1 `act`): who really acts, and the grant that lets him, such as an
 * impersonation or an entry of the platform's staff. Whether the grant still holds is asked at each use.
 */
export type Delegation = { readonly actor: string; readonly grant: string };

/** Whom a token speaks for, and where. */
export type TokenSubject = {
  /** Null for the installation's own people. */
  readonly tenantId: TenantId | null;
  readonly userId: UserId;
  /** The session that it dies with: the subject's, or the actor's where there is a delegation. */
  readonly sessionId: SessionId;
  readonly surface: SignInSurface;
  readonly delegation: Delegation | null;
};

/** What a good token says. */
export type AccessClaims = TokenSubject & { readonly tokenId: string };

export type AccessToken = {
  readonly accessToken: string;
  /** Seconds from now. */
  readonly expiresIn: number;
};
