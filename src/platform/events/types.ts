/** What JSON can say. Amounts and keys beyond 2^53 travel as text. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };

/** A fact to be recorded: which stream it belongs to (`ib/ibr_…`), what happened, and the form its payload has. */
export type NewEvent = {
  readonly stream: string;
  /** `<feature>.<what_happened>`, for example `ib.moved`. */
  readonly type: string;
  readonly schemaVersion: number;
  readonly payload: { readonly [member: string]: Json };
};

/** A recorded fact. `seq` counts all events of a tenant in the order of commits, `version` those of its stream. */
export type StoredEvent = NewEvent & {
  readonly seq: bigint;
  readonly version: number;
  readonly actor: string;
  readonly causation: string;
  readonly recordedAt: Date;
};

/** A recorded fact with its place in the chain. */
export type ChainedEvent = StoredEvent & { readonly previousHash: Buffer; readonly hash: Buffer };

/** How far a chain of events reaches: the last number and the hash over everything up to it. */
export type ChainHead = { readonly seq: bigint; readonly hash: Buffer };

/** Whom a hint about waiting work is for. */
export type HintAudience = 'relay' | 'sweeper';

/** A breach of a rule: which, where, and what was found. */
export type Finding = { readonly rule: string; readonly subject: string; readonly detail: string };
