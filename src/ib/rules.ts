import type { IbStatus } from './types.ts';

const reachable: Readonly<Record<IbStatus, readonly IbStatus[]>> = {
  active: ['suspended', 'terminated'],
  suspended: ['active', 'terminated'],
  terminated: [],
};

/** Whether an IB may change from one status to the other: suspended and back, or to its end, from which nothing leads. */
export const mayBecome = (from: IbStatus, to: IbStatus): boolean => reachable[from].includes(to);

/** Splits a long list into parts that one statement takes well. */
export function* slicesOf<Item>(items: readonly Item[], sizeMax: number): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += sizeMax) yield items.slice(from, from + sizeMax);
}
