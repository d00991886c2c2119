import type { ClientId, DeskId, IbId, InvitationId, UserId } from '../../kernel/ids.ts';
import type { UserStatus } from '../users/types.ts';

/** Somebody who was asked to work here, or to sign in as an IB, and has not answered yet. */
export type Invitation = {
  readonly id: InvitationId;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly deskIds: readonly DeskId[];
  readonly ibId: IbId | null;
  /** `usr_…`, or what the installation calls itself. */
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly isExpired: boolean;
};

/** Whom to invite, to what. With an IB the role `ib` comes by itself. */
export type NewInvitation = {
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly deskIds?: readonly DeskId[] | undefined;
  readonly ibId?: IbId | undefined;
};

/** A person as staff see it. */
export type Person = {
  readonly id: UserId;
  readonly email: string;
  readonly name: string;
  readonly phone: string | null;
  readonly status: UserStatus;
  readonly roles: readonly string[];
  readonly clientId: ClientId | null;
  readonly ibId: IbId | null;
  readonly hasSecondFactor: boolean;
  readonly createdAt: Date;
};

/** What may be changed of a person. */
export type PersonChange = {
  readonly name?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly deskIds?: readonly DeskId[] | undefined;
  readonly ibId?: IbId | undefined;
};
