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
