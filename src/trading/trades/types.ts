/** Where a list goes on: the close of the last trade looked at, and its deal's key. */
export type TradePoint = { readonly closedAt: Date; readonly dealKey: bigint };

/**
 * Where a closed deal is: it waits to be booked, is parked, earns nothing whatever the plans say, or was handed on and has
 * a booking.
 */
type TradeState = 'due' | 'parked' | 'never' | 'handed_on';

/** A deal that closed volume, or only opened it where that may count. */
export type ClosedTrade = TradePoint & {
  readonly ticket: bigint;
  readonly server: string;
  readonly login: bigint | null;
  readonly positionId: bigint;
  readonly symbol: string;
  /** In 1e-8 lot; 0 of one that only opened. */
  readonly closedVolume: bigint;
  readonly openedVolume: bigint;
  readonly state: TradeState;
  /** The code of what it is parked for, or why it never earns. */
  readonly code: string | null;
};

/** Which trades are asked for. */
export type TradeRange = {
  /** Those of these accounts; else of all. Each is a range of its own, of which `limit` trades are read. */
  readonly logins?: readonly { readonly server: string; readonly login: bigint }[] | undefined;
  /** Those of this ticket, one of each server at most; then `logins` is not looked at. */
  readonly ticket?: bigint | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
};
