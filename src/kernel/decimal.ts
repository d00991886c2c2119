import { defineProblems } from './problem.ts';

/** An exact decimal: coefficient x 10^-scale. */
export type Decimal = { readonly coefficient: bigint; readonly scale: number };

/** What `parseDecimal` reads, for schemas. */
export const PLAIN_DECIMAL = /^-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,20})?$/;

const decimalProblem = defineProblems({
  'decimal.malformed': { status: 422, title: 'The text is not a plain decimal number' },
});

/**
 * Reads a plain decimal: an optional minus, at most 30 digits without a leading zero, at most 20 decimals.
 * Exponents, spaces, thousands separators, other digits, hexadecimal and NaN are refused with `decimal.malformed`.
 */
export function parseDecimal(text: string): Decimal {
  if (!PLAIN_DECIMAL.test(text))
    throw decimalProblem('decimal.malformed', { detail: `Read ${JSON.stringify(text.slice(0, 40))}` });
  const point = text.indexOf('.');
  if (point < 0) return { coefficient: BigInt(text), scale: 0 };
  return { coefficient: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

/** Whether a text is a decimal that `parseDecimal` reads. */
export const isDecimal = (text: string): boolean => PLAIN_DECIMAL.test(text);

/** Writes coefficient x 10^-scale with at least `digitsMin` decimals and no trailing zeros beyond them. */
export function formatDecimal({ coefficient, scale }: Decimal, digitsMin = 0): string {
  const sign = coefficient < 0n ? '-' : '';
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const part = digits
    .slice(digits.length - scale)
    .replace(/0+$/, '')
    .padEnd(digitsMin, '0');
  return part === '' ? `${sign}${whole}` : `${sign}${whole}.${part}`;
}

/**
 * The same number in units of 10^-scale. Digits that do not fit are an error of the caller, never rounded:
 * gives undefined then.
 */
export function rescale(decimal: Decimal, scale: number): bigint | undefined {
  if (scale >= decimal.scale) return decimal.coefficient * 10n ** BigInt(scale - decimal.scale);
  const divisor = 10n ** BigInt(decimal.scale - scale);
  return decimal.coefficient % divisor === 0n ? decimal.coefficient / divisor : undefined;
}

/**
 * The one place where Cascade rounds: numerator / denominator to a whole number, half to even.
 * The denominator must be above 0.
 */
export function roundHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('roundHalfEven() takes a denominator above 0');
  const quotient = numerator / denominator; // BigInt division cuts toward zero.
  const remainder = numerator - quotient * denominator;
  const twice = 2n * (remainder < 0n ? -remainder : remainder);
  if (twice < denominator) return quotient;
  const away = numerator < 0n ? quotient - 1n : quotient + 1n;
  if (twice > denominator) return away;
  return quotient % 2n === 0n ? quotient : away;
}
