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
  /** What comes before agreements; 0 and '' stand for what is not named. */
  readonly overrides: readonly (Said & {
    readonly planKey: number;
    readonly ibKey: number;
    readonly clientKey: number;
    readonly accountGroup: string;
    readonly terms: NaiveTerm[];
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

/** Whose terms for which trade. */
type Asked = {
  readonly ibKey: number;
  readonly depth: number;
  readonly clientKey: number;
  readonly accountGroup: string;
  readonly planKey: number;
};

/**
 * What counts for an IB under a plan, in the order of the lookup, so that the first term for a rule wins: what was said of this IB
 * and this client, of the client's own IB, of the IB's accounts of the group, of the own IBs of such accounts; then its agreement.
 */
export function naiveTerms(book: NaiveBook, of: Asked, atMs: number, change: bigint): NaiveTerm[] | undefined {
  const overridden = (ibKey: number, clientKey: number, accountGroup: string): NaiveTerm[] =>
    lastOf(
      book.overrides.filter(
        (one) =>
          one.planKey === of.planKey &&
          one.ibKey === ibKey &&
          one.clientKey === clientKey &&
          one.accountGroup === accountGroup,
      ),
      atMs,
      change,
    )?.terms ?? [];
  const agreed = lastOf(
    (book.agreements.get(of.ibKey) ?? []).filter((one) => one.planKey === of.planKey),
    atMs,
    change,
  )?.terms;
  const before = [
    ...overridden(of.ibKey, of.clientKey, ''),
    ...(of.depth === 0 ? overridden(0, of.clientKey, '') : []),
    ...overridden(of.ibKey, 0, of.accountGroup),
    ...(of.depth === 0 ? overridden(0, 0, of.accountGroup) : []),
  ];
  return before.length === 0 ? agreed : [...before, ...(agreed ?? [])];
}
