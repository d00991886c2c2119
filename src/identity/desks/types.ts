import type { DeskId, UserId } from '../../kernel/ids.ts';

/** A group of staff, for rights that reach what is assigned to it. */
export type Desk = {
  readonly id: DeskId;
  readonly name: string;
  readonly memberIds: readonly UserId[];
  readonly createdAt: Date;
};
