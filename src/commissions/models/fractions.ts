import { formatDecimal, parseDecimal } from '../../kernel/decimal.ts';
import { LOT_DIGITS, type Fraction, type TradeFacts } from '../types.ts';

const POWERS = Array.from({ length: 64 }, (_none, digits) => 10n ** BigInt(digits));
const powerOf = (digits: number): bigint => POWERS[digits] ?? 10n ** BigInt(digits);

/** A decimal text as an exact fraction. */
export function fractionOf(text: string): Fraction {
  const { coefficient, scale } = parseDecimal(text);
  return { numerator: coefficient, denominator: powerOf(scale) };
}

/** 10^-digits. */
export const pointOf = (digits: number): Fraction => ({ numerator: 1n, denominator: powerOf(digits) });

export const product = (...factors: readonly Fraction[]): Fraction => ({
  numerator: factors.reduce((whole, { numerator }) => whole * numerator, 1n),
  denominator: factors.reduce((whole, { denominator }) => whole * denominator, 1n),
});

export const sum = (left: Fraction, right: Fraction): Fraction => ({
  numerator: left.numerator * right.denominator + right.numerator * left.denominator,
  denominator: left.denominator * right.denominator,
});

export const difference = (left: Fraction, right: Fraction): Fraction =>
  sum(left, { numerator: -right.numerator, denominator: right.denominator });

export const isAbove = (left: Fraction, right: Fraction): boolean =>
  left.numerator * right.denominator > right.numerator * left.denominator;

export const wholeNumber = (units: bigint): Fraction => ({ numerator: units, denominator: 1n });

/** A rate that is a percentage, in the units of rates, as a share. */
export const percentOf = (rateUnits: bigint): Fraction => ({ numerator: rateUnits, denominator: 100n });

export const lotsOf = ({ lots }: TradeFacts): Fraction => ({ numerator: lots, denominator: powerOf(LOT_DIGITS) });

export const lotsText = ({ lots }: TradeFacts): string => formatDecimal({ coefficient: lots, scale: LOT_DIGITS });
