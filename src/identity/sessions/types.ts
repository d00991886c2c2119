import type { SessionId, UserId } from '../../kernel/ids.ts';
import type { SignInSurface } from '../tokens/types.ts';

/** From where somebody signs in: the address that asked and what the device says it is, cut where the request came in. */
export type Device = { readonly address: string; readonly userAgent: string };

/** How long sessions last, in milliseconds. */
export type SessionTimes = {
  /** From the sign-in; no use moves it. */
  readonly lifeMs: number;
  /** A session that was not used for this long has ended. */
  readonly idleMs: number;
};

export type SessionSettings = {
  /** Of the back office and the operator console. */
  readonly staff: SessionTimes;
  readonly others: SessionTimes;
  /** The immediate predecessor of a refresh token is forgiven this long after it was used, once: two tabs. */
  readonly forgivenMs: number;
};

/** Why a session has ended; its owner's mail and the log of events say it. */
export type SessionEnd = 'signed_out' | 'asked' | 'reuse' | 'password' | 'suspended' | 'factor_reset' | 'too_many';

/** A session that was opened, and the only copy of its first refresh token. */
export type OpenedSession = {
  readonly sessionId: SessionId;
  readonly refreshToken: string;
  /** Seconds until it ends at the latest. */
  readonly lifeSeconds: number;
};

/** What a refresh token was good for. */
export type RefreshOutcome =
  | {
      readonly kind: 'refreshed';
      readonly userId: UserId;
      readonly sessionId: SessionId;
      readonly surface: SignInSurface;
      readonly refreshToken: string;
      readonly lifeSeconds: number;
    }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'reused'; readonly userId: UserId; readonly sessionId: SessionId };

/** A session as its owner sees it. */
export type SessionView = {
  readonly id: SessionId;
  readonly surface: SignInSurface;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly provenAt: Date | null;
  readonly address: string;
  readonly userAgent: string;
};
