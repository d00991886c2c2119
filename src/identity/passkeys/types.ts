import type { PasskeyId, UserId } from '../../kernel/ids.ts';

/** A key pair on somebody's device, of which we have the public half. */
export type Passkey = {
  readonly id: PasskeyId;
  readonly name: string;
  /** The host for which it was made; it works for no other. */
  readonly host: string;
  readonly createdAt: Date;
  readonly usedAt: Date | null;
};

/** The page that asks: a passkey is bound to its host, and its answers to its origin. */
export type Site = {
  /** As asked, with its port. */
  readonly host: string;
  readonly isSecure: boolean;
};

/** What a challenge was given out for. */
export type ChallengePurpose = 'register' | 'sign_in' | 'step_up';

/** Whose passkey has answered. */
export type PasskeyProof = { readonly userId: UserId; readonly passkeyId: PasskeyId };
