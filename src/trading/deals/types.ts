import type { Deal, ServerClockRule } from '../types.ts';

/** A trade server as the feed needs it. */
export type Server = ServerClockRule & { readonly key: number; readonly name: string; readonly countsOpens: boolean };

/** A row with a validity, in ms since 1970, half-open. */
type Dated = { readonly key: number; readonly fromMs: number; readonly toMs: number };

/** What is known of the accounts, groups and symbols that a set of deals names. */
export type Facts = {
  readonly accounts: ReadonlyMap<bigint, { readonly key: number; readonly clientKey: number; readonly group: string }>;
  readonly groups: ReadonlyMap<string, readonly (Dated & { readonly pays: boolean })[]>;
  readonly symbols: ReadonlyMap<string, readonly Dated[]>;
  /** Whether deals that only open volume wait to be booked too. */
  readonly countsOpens: boolean;
};

/** What a deal waits for; the codes are declared in errors.ts. */
export type ResolveCode =
  | 'trading.account_unknown'
  | 'trading.group_unknown'
  | 'trading.symbol_unknown'
  | 'trading.time_nonexistent';

/** The rows that a due deal was resolved to. */
export type Resolved = {
  readonly accountKey: number;
  readonly clientKey: number;
  readonly groupKey: number;
  readonly symbolKey: number;
};

/** Why a deal that closes volume earns nothing, whatever the plans say. It is stored with the deal, for ever. */
export type NothingEarned = 'technical' | 'group_unpaid';

/**
 * What becomes of a deal: `due` to be booked; `kept` because it closes nothing, and opens do not count; `technical` or `group_unpaid` because such
 * a one never earns; `parked` until the cause is mended.
 */
export type Handling =
  | { readonly handling: 'due'; readonly to: Resolved }
  | { readonly handling: 'kept' | NothingEarned }
  | { readonly handling: 'parked'; readonly code: string; readonly detail: string };

/** When a deal happened: UTC ms, undefined where the server's clock skips the label. */
export type Instant = { readonly utcMs: number | undefined; readonly ambiguous: boolean };

/** What of a deal has a column of its own. A deletion tells less than a deal. */
export type DealColumns = Pick<
  Deal,
  'ticket' | 'positionId' | 'openedVolume' | 'closedVolume' | 'reason' | 'entry' | 'symbol' | 'hasMs' | 'raw'
> & {
  readonly login: bigint | undefined;
  readonly action: number | undefined;
  readonly serverTimeMs: number | undefined;
};

/** A deal that is due, with the instant of its close and what it was resolved to. */
export type DueDeal = {
  readonly key: bigint;
  readonly serverKey: number;
  readonly deal: Pick<Deal, 'ticket' | 'positionId' | 'closedVolume' | 'reason' | 'hasMs'>;
  readonly utcMs: number;
  readonly to: Resolved;
  /** The version that says so, where it is not the addition. */
  readonly factsKey?: bigint;
};

/** A deal as it is stored: a version of its ticket, and what becomes of it. */
export type StoredDeal = {
  readonly key: bigint;
  readonly deal: DealColumns;
  readonly kind: 'add' | 'update' | 'delete';
  readonly version: number;
  /** SHA-256 of the content, in hex. */
  readonly content: string;
  readonly instant: Instant;
  readonly handling: Handling;
};
