import { parseDecimal, rescale } from '../../kernel/decimal.ts';
import { PERCENT_DIGITS, PERCENT_WHOLE } from '../contract.ts';
import type { Fraction } from '../types.ts';

/** Shares of shares are exact, so their figures grow with each level: above this one the compounding ends. */
export const COMPOUNDING_LEVELS_MAX = 100;

const divisorOf = (left: bigint, right: bigint): bigint => (right === 0n ? left : divisorOf(right, left % right));

/** Percentages as fractions in lowest terms, so that compounding them keeps its figures as short as can be. */
export const fractionsOf = (percentages: readonly string[]): Fraction[] =>
  percentages.map((text) => {
    const units = rescale(parseDecimal(text), PERCENT_DIGITS);
    if (units === undefined) throw new RangeError(`${text} is no percentage`);
    const divisor = divisorOf(units, PERCENT_WHOLE);
    return { numerator: units / divisor, denominator: PERCENT_WHOLE / divisor };
  });

/** The entry of a level; the last one repeats. */
export const repeating = <Entry>(entries: readonly [Entry, ...Entry[]], place: number): Entry =>
  entries[Math.min(place, entries.length - 1)] ?? entries[0];
