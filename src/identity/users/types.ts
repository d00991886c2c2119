import type { ClientId, IbId, UserId } from '../../kernel/ids.ts';

export const userStatuses = ['active', 'suspended', 'closed'] as const;
/** `suspended` may come back, `closed` does not; neither signs in. */
export type UserStatus = (typeof userStatuses)[number];

/** Somebody who signs in. */
export type User = {
  readonly id: UserId;
  /** As it was given. */
  readonly email: string;
  readonly name: string;
  readonly phone: string | null;
  readonly status: UserStatus;
  readonly emailVerifiedAt: Date | null;
  readonly clientId: ClientId | null;
  readonly ibId: IbId | null;
  readonly roles: readonly string[];
  readonly createdAt: Date;
};

/** Somebody to be made. */
export type NewUser = {
  readonly id?: UserId;
  readonly email: string;
  readonly name: string;
  readonly phone?: string | null;
  readonly roles: readonly string[];
  readonly clientId?: ClientId | null;
  readonly ibId?: IbId | null;
  /** Whether the address is known to be its owner's, as after an invitation; else a mail has to prove it. */
  readonly isVerified: boolean;
};
