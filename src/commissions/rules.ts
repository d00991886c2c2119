import { formatDecimal, parseDecimal, rescale } from '../kernel/decimal.ts';

/** A rate as people write it: at least 2 decimals. */
export const rateText = (units: bigint, digits: number): string =>
  formatDecimal({ coefficient: units, scale: digits }, 2);

/** A decimal text in units of so many decimals; undefined where it has more. */
export const rateUnits = (text: string, digits: number): bigint | undefined => rescale(parseDecimal(text), digits);

/** `rateUnits` of a text that was checked. */
export function fitting(text: string, digits: number): bigint {
  const units = rateUnits(text, digits);
  if (units === undefined) throw new RangeError(`${text} has more than ${digits} decimals: compiled without a check`);
  return units;
}

/** Rows by the deal that they belong to, in the order given. */
export function rowsByDeal<Row extends { readonly dealKey: bigint }>(
  rows: readonly Row[],
): Map<bigint, Omit<Row, 'dealKey'>[]> {
  const found = new Map<bigint, Omit<Row, 'dealKey'>[]>();
  for (const { dealKey, ...row } of rows) {
    const known = found.get(dealKey);
    if (known === undefined) found.set(dealKey, [row]);
    else known.push(row);
  }
  return found;
}
