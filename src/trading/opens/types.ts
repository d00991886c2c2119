import type { DealId } from '../../kernel/ids.ts';

/** What somebody says of the open of a position that the feed did not bring. */
export type OpenSaid = {
  readonly dealId: DealId;
  readonly openedAt: Date;
  /** As a decimal text, and the platform's number; what is not said stays unknown. */
  readonly price?: string | undefined;
  readonly openReason?: number | undefined;
  readonly reason: string;
};

/** An open that was set by hand, with who did and why. */
export type OpenByHand = {
  readonly openedAt: Date;
  readonly price: string | null;
  readonly openReason: number | null;
  readonly reason: string;
  readonly actor: string;
  readonly setAt: Date;
};
