/** A stored version of a ticket. */
export type KnownVersion = {
  readonly version: number;
  readonly kind: 'add' | 'update' | 'delete';
  readonly content: string;
};

/** What a delivery of a deal is: nothing new, a deal, or a further version that waits. */
export type Delivery =
  | { readonly is: 'duplicate' }
  | { readonly is: 'deal' }
  | { readonly is: 'conflict' | 'correction'; readonly version: number };

/**
 * What a delivery is to the versions that are known of its ticket. Version 0 belongs to the addition, even if an update
 * came before it: so batches may come in any order. The same content is a duplicate: of a version of the same kind, of
 * any for a repeated addition, and of the last for an update (nothing would change).
 */
export function deliveryOf(known: readonly KnownVersion[], kind: KnownVersion['kind'], content: string): Delivery {
  if (kind === 'add' && !known.some(({ version }) => version === 0)) return { is: 'deal' };
  const isRepeated = known.some(
    (version) =>
      version.content === content && (version.kind === kind || (kind === 'add' && version.kind === 'update')),
  );
  const last = known.reduce<KnownVersion | undefined>(
    (found, each) => (found && found.version > each.version ? found : each),
    undefined,
  );
  const changesNothing = kind === 'update' && last !== undefined && last.kind !== 'delete' && last.content === content;
  if (isRepeated || changesNothing) return { is: 'duplicate' };
  return { is: kind === 'add' ? 'conflict' : 'correction', version: (last?.version ?? 0) + 1 };
}

/** Both ends included. */
export type SeqRange = { readonly first: number; readonly last: number };

/** Seqs in any order and number as ranges that neither overlap nor touch. */
export function rangesOf(seqs: readonly number[]): SeqRange[] {
  const ranges: { first: number; last: number }[] = [];
  let open: { first: number; last: number } | undefined;
  for (const seq of [...seqs].sort((left, right) => left - right)) {
    if (open !== undefined && seq <= open.last + 1) open.last = seq;
    else ranges.push((open = { first: seq, last: seq }));
  }
  return ranges;
}
