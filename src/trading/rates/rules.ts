import type { StoredRate } from './types.ts';

/** Crosses are tried by these first, then by the others in the order of the alphabet. */
const FIRST_CROSSES = ['USD', 'EUR'];

/**
 * The quotations that lead from one currency to another: a direct one wins over an inverse one, that over a cross by USD, then
 * EUR, then the others by alphabet (commission-models, Readings that are fixed). `rates` has one row of each pair at most.
 */
export function pathOf(from: string, to: string, rates: readonly StoredRate[]): readonly StoredRate[] | undefined {
  const between = (one: string, other: string): StoredRate | undefined =>
    rates.find(({ base, quote }) => base === one && quote === other) ??
    rates.find(({ base, quote }) => base === other && quote === one);
  const straight = between(from, to);
  if (straight !== undefined) return [straight];
  const others = new Set(rates.flatMap(({ base, quote }) => [base, quote]).toSorted());
  for (const cross of new Set([...FIRST_CROSSES, ...others])) {
    const [first, second] = [between(from, cross), between(cross, to)];
    if (first !== undefined && second !== undefined) return [first, second];
  }
  return undefined;
}
