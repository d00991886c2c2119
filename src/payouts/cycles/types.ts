/** A period that has ended for all schedules of a signature, and how far its statements are made. */
export type Cycle = {
  readonly key: number;
  readonly signature: string;
  readonly endsAt: Date;
  /** The line that closes it: batches behind it belong to later cycles. */
  readonly cutBatch: bigint;
  readonly cutAt: Date;
  readonly readFrom: bigint;
  readonly openFrom: bigint;
  /** Up to this batch it is known who has entries. */
  readonly readTo: bigint;
  readonly afterKind: number;
  readonly afterParty: number;
};

/** Somebody who may get a statement in a cycle, and between which keys its entries lie; null where there are none. */
export type Candidate = {
  readonly kind: number;
  readonly party: number;
  readonly entries: bigint;
  readonly firstDeal: bigint | null;
  readonly lastDeal: bigint | null;
  readonly firstAward: bigint | null;
  readonly lastAward: bigint | null;
};
