import type { IbId } from '../kernel/ids.ts';

/** What an IB may be at an instant. A terminated IB keeps its place in the tree, so that history can be told. */
export type IbStatus = 'active' | 'suspended' | 'terminated';

/** An IB to be created. */
export type NewIb = {
  readonly name: string;
  /** Who is directly above: an IB that exists, the place (from 0) of an earlier one in the same call, or null for a master. */
  readonly parent: IbId | number | null;
  /** Since when it is part of the tree; an import may say a past instant. Now, unless given. */
  readonly validFrom?: Date;
  readonly id?: IbId;
};

/** A created IB: `key` is what tables of the hot path refer to, `id` what people see. */
export type CreatedIb = { readonly key: number; readonly id: IbId; readonly validFrom: Date };

/** What a move did. `until` is the instant of the IB's next move that was scheduled before, null if there is none. */
export type Moved = { readonly effectiveAt: Date; readonly until: Date | null; readonly recordedAt: Date };

/** An IB seen from another one: `depth` 0 is the IB itself, 1 the next above or below. */
export type Relative = { readonly key: number; readonly id: IbId; readonly name: string; readonly depth: number };

/** An IB as of an instant. */
export type IbAsOf = {
  readonly key: number;
  readonly id: IbId;
  readonly name: string;
  readonly parentKey: number | null;
  readonly status: IbStatus;
};

/** A client to be linked to an IB. */
export type NewClientLink = {
  readonly clientKey: number;
  readonly ibKey: number;
  /** Since when; an import may say a past instant. Now, unless given. */
  readonly validFrom?: Date;
  /** Until when, for the import of a history; open unless given. */
  readonly validTo?: Date;
};

/** A client at an instant (UTC, milliseconds since 1970). */
export type ClientAt = { readonly clientKey: number; readonly atMs: number };

/** One step of a chain. */
export type ChainLevel = { readonly ibKey: number; readonly depth: number; readonly status: IbStatus };

/** A client's IB (depth 0) and all above it up to the master, and the link by which the client belongs to it. */
export type Chain = { readonly linkKey: number; readonly levels: readonly ChainLevel[] };

/**
 * The chains asked for, in the order asked; null where the client belonged to no IB at the instant. `knownAt` names the
 * knowledge that gave them: asking again with it gives the same answer, whatever was recorded since.
 */
export type Chains = { readonly knownAt: Date; readonly chains: readonly (Chain | null)[] };
