import type { SessionId, UserId } from '../../kernel/ids.ts';
import type { Site } from '../passkeys/types.ts';

/** What somebody can prove himself with besides a password. */
export type Factors = {
  readonly totp: boolean;
  readonly passkeys: number;
  /** Recovery codes are a way back in, no factor that one could live on. */
  readonly recoveryCodesLeft: number;
};

/** Which of them a code was. */
export type ProvenBy = 'totp' | 'recovery_code';

/** Whether there is a second factor to sign in with. */
export const hasFactor = ({ totp, passkeys }: Factors): boolean => totp || passkeys > 0;

/** Somebody who is signed in, and works on what is his own from a page. */
export type Oneself = { readonly userId: UserId; readonly sessionId: SessionId; readonly site: Site };
