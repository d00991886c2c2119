import type { Payable } from '../booking/types.ts';

/** Of an amount that is taken back: what the payable account still had free, and what the beneficiary now owes the house. */
export type Taken = { readonly payable: Payable; readonly fromPayable: bigint; readonly receivable: bigint };

/**
 * Cuts each amount below 0 in the part that the account still has free and the part that is owed. `freeOf` gives what is
 * free before the first; amounts above 0 have been added to it, for they are posted first. In the order given.
 */
export function takeBack(takers: readonly Payable[], freeOf: (payable: Payable) => bigint): Taken[] {
  const left = new Map<string, bigint>();
  return takers.map((payable) => {
    const name = `${payable.kind} ${payable.beneficiary} ${payable.currency}`;
    const free = left.get(name) ?? freeOf(payable);
    const wanted = -payable.units;
    const fromPayable = free <= 0n ? 0n : free < wanted ? free : wanted;
    left.set(name, free - fromPayable);
    return { payable, fromPayable, receivable: wanted - fromPayable };
  });
}
