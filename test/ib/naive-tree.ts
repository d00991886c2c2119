/** What holds from one instant to another (milliseconds; Infinity is for ever). */
type Span<Value> = { readonly subject: number; readonly value: Value; readonly from: number; readonly to: number };

/** All facts as they were known from an instant on. */
type Knowledge = {
  readonly recordedAt: number;
  readonly parents: readonly Span<number | null>[];
  readonly links: readonly Span<number>[];
  readonly statuses: readonly Span<string>[];
};

const at = <Value>(spans: readonly Span<Value>[], subject: number, instant: number): Span<Value> | undefined =>
  spans.find((span) => span.subject === subject && span.from <= instant && instant < span.to);

/** The spans with the one that holds at the instant cut short, and a new one until that would have ended. */
function spliced<Value>(
  spans: readonly Span<Value>[],
  subject: number,
  value: Value | undefined,
  instant: number,
): Span<Value>[] {
  const held = at(spans, subject, instant);
  const later = spans.filter((span) => span.subject === subject && span.from > instant).map((span) => span.from);
  const to = held?.to ?? Math.min(Infinity, ...later);
  return [
    ...spans.filter((span) => span !== held),
    ...(held !== undefined && held.from < instant ? [{ ...held, to: instant }] : []),
    ...(value === undefined ? [] : [{ subject, value, from: instant, to }]),
  ];
}

/**
 * The tree as a plain list of edges with validities, one copy per change: obviously right, and much too slow. It says
 * what the database must answer, refusals included.
 */
export class NaiveTree {
  readonly #history: Knowledge[] = [{ recordedAt: 0, parents: [], links: [], statuses: [] }];

  get #present(): Knowledge {
    return this.#history.at(-1) ?? { recordedAt: 0, parents: [], links: [], statuses: [] };
  }

  #record(change: Partial<Knowledge> & { recordedAt: number }): void {
    this.#history.push({ ...this.#present, ...change });
  }

  /** Instants at which anything begins, ends or was recorded. */
  instants(): { valid: number[]; recorded: number[] } {
    const spans = [...this.#present.parents, ...this.#present.links, ...this.#present.statuses];
    const valid = [...new Set(spans.flatMap((span) => [span.from, span.to]))].filter((instant) =>
      Number.isFinite(instant),
    );
    return { valid, recorded: this.#history.map((knowledge) => knowledge.recordedAt).filter((instant) => instant > 0) };
  }

  create(child: number, parent: number | null, from: number, recordedAt: number): void {
    this.#record({
      recordedAt,
      parents: [...this.#present.parents, { subject: child, value: parent, from, to: Infinity }],
    });
  }

  /** Why a move is refused, or undefined if it is not. */
  refusal(child: number, parent: number | null, instant: number): string | undefined {
    const { parents } = this.#present;
    const held = at(parents, child, instant);
    if (held === undefined || (parent !== null && at(parents, parent, instant) === undefined))
      return 'ib.not_yet_valid';
    if (held.value === parent) return 'ib.move_unchanged';
    const boundaries = [
      instant,
      ...parents.map((span) => span.from).filter((from) => instant < from && from < held.to),
    ];
    const cycle = parent !== null && boundaries.some((boundary) => this.upline(parent, boundary).includes(child));
    return cycle ? 'ib.cycle' : undefined;
  }

  move(child: number, parent: number | null, instant: number, recordedAt: number): void {
    this.#record({ recordedAt, parents: spliced(this.#present.parents, child, parent, instant) });
  }

  link(client: number, ib: number | undefined, instant: number, recordedAt: number): void {
    this.#record({ recordedAt, links: spliced(this.#present.links, client, ib, instant) });
  }

  setStatus(ib: number, status: string | undefined, recordedAt: number): void {
    this.#record({ recordedAt, statuses: spliced(this.#present.statuses, ib, status, recordedAt) });
  }

  linkOf(client: number, instant: number): number | undefined {
    return at(this.#present.links, client, instant)?.value;
  }

  statusOf(ib: number, instant: number, knownAt = Infinity): string {
    return at(this.#knownAt(knownAt).statuses, ib, instant)?.value ?? 'active';
  }

  /** The node and all above it, nearest first. */
  upline(node: number, instant: number, knownAt = Infinity): number[] {
    const { parents } = this.#knownAt(knownAt);
    const chain: number[] = [];
    for (let span = at(parents, node, instant); span !== undefined && !chain.includes(span.subject);) {
      chain.push(span.subject);
      span = span.value === null ? undefined : at(parents, span.value, instant);
    }
    return chain;
  }

  /** The node and all below it with their depths. */
  downline(node: number, instant: number, knownAt = Infinity): { key: number; depth: number }[] {
    const nodes = [...new Set(this.#knownAt(knownAt).parents.map((span) => span.subject))];
    return nodes
      .map((key) => ({ key, depth: this.upline(key, instant, knownAt).indexOf(node) }))
      .filter(({ depth }) => depth >= 0);
  }

  /** A client's chain as the engine would read it, null without a link. */
  chain(
    client: number,
    instant: number,
    knownAt = Infinity,
  ): { ibKey: number; depth: number; status: string }[] | null {
    const link = at(this.#knownAt(knownAt).links, client, instant);
    if (link === undefined) return null;
    return this.upline(link.value, instant, knownAt).map((ibKey, depth) => ({
      ibKey,
      depth,
      status: this.statusOf(ibKey, instant, knownAt),
    }));
  }

  #knownAt(instant: number): Knowledge {
    return this.#history.findLast((knowledge) => knowledge.recordedAt <= instant) ?? this.#present;
  }
}
