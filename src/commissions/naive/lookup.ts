import type { NaivePlan, NaiveTerm } from './types.ts';

/** What is said from an instant on (UTC, ms), by the change of that count. */
type Said = { readonly fromMs: number; readonly change: bigint };

/** Everything that was ever said of plans and agreements, as far as it concerns some trades. */
export type NaiveBook = {
  /** For whom a plan holds; the IB 0 is the whole tenant. */
  readonly assignments: readonly (Said & { readonly ibKey: number; readonly planKey: number })[];
  readonly versions: readonly (Said & {
    readonly key: number;
    readonly planKey: number;
    readonly definition: NaivePlan;
  })[];
  /** By IB. */
  readonly agreements: ReadonlyMap<
    number,
    readonly (Said & { readonly planKey: number; readonly terms: NaiveTerm[] })[]
  >;
};

/** What was said last for an instant, by those who knew so many changes. */
const lastOf = <One extends Said>(all: readonly One[], atMs: number, change: bigint): One | undefined =>
  all
    .filter((one) => one.change <= change && one.fromMs <= atMs)
    .toSorted((left, right) => left.fromMs - right.fromMs)
    .at(-1);

/** "The nearest assignment up the chain names the plan", the whole tenant's last; of the plan the version in force. */
export function naiveVersion(book: NaiveBook, chain: readonly number[], atMs: number, change: bigint) {
  for (const ibKey of [...chain, 0]) {
    const named = lastOf(
      book.assignments.filter((one) => one.ibKey === ibKey),
      atMs,
      change,
    );
    if (named !== undefined)
      return lastOf(
        book.versions.filter((one) => one.planKey === named.planKey),
        atMs,
        change,
      );
  }
  return undefined;
}

/** What an IB agreed upon under a plan. */
export const naiveTerms = (
  book: NaiveBook,
  of: { readonly ibKey: number; readonly planKey: number },
  atMs: number,
  change: bigint,
): NaiveTerm[] | undefined =>
  lastOf(
    (book.agreements.get(of.ibKey) ?? []).filter((one) => one.planKey === of.planKey),
    atMs,
    change,
  )?.terms;
