import { formatDecimal, parseDecimal, rescale, roundHalfEven } from '../../kernel/decimal.ts';
import type { Deal } from '../types.ts';
import type { CountedVolume } from './types.ts';

type Leg = Pick<Deal, 'openedVolume' | 'closedVolume' | 'commission' | 'fee'>;
type Fraction = { readonly numerator: bigint; readonly denominator: bigint };

const NOTHING: Fraction = { numerator: 0n, denominator: 1n };
/** Decimals of a sum before it is rounded: as many as a decimal text may have. */
const DIGITS = 20;
const ONE = 10n ** BigInt(DIGITS);

/** What a deal was charged with, commission and fee: the platform writes charges below 0. In 10^-20. */
function chargeOf({ commission = '0', fee = '0' }: Leg): bigint {
  const [first, second] = [commission, fee].map((text) => rescale(parseDecimal(text), DIGITS) ?? 0n);
  return -((first ?? 0n) + (second ?? 0n));
}

/** In lowest terms: denominators would else square with each close, and a position of thirty of them never end. */
function reduced(numerator: bigint, denominator: bigint): Fraction {
  let [larger, smaller] = [numerator < 0n ? -numerator : numerator, denominator];
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger > 1n
    ? { numerator: numerator / larger, denominator: denominator / larger }
    : { numerator, denominator };
}

const joined = (left: Fraction, right: Fraction, sign: bigint): Fraction =>
  reduced(
    left.numerator * right.denominator + sign * right.numerator * left.denominator,
    left.denominator * right.denominator,
  );
const plus = (left: Fraction, right: Fraction): Fraction => joined(left, right, 1n);
const minus = (left: Fraction, right: Fraction): Fraction => joined(left, right, -1n);
const part = ({ numerator, denominator }: Fraction, of: bigint, whole: bigint): Fraction =>
  reduced(numerator * of, denominator * whole);

/**
 * What the client was charged on a closing deal: its own commission and fee, and the part of the entries' that falls to the
 * volume it closes, rounded to `digits` decimals on the running total over the position's closes, so that part closes count an
 * entry once (commission-models, Units and rounding). Of a reversal the closing part is its own. Never below 0. Undefined where
 * the deals before, in their order, do not hold all entries of what it closes.
 */
export function chargedOf(closing: Leg, before: readonly Leg[], digits: number): string | undefined {
  let open = 0n; // Volume that is open.
  let left = NOTHING; // Charges of its entries that no close has taken.
  let taken = NOTHING; // What closes have taken of the entries in all.
  let charged = 0n;
  for (const leg of [...before, closing]) {
    const all = chargeOf(leg);
    const { openedVolume, closedVolume } = leg;
    const reversed = openedVolume > 0n && closedVolume > 0n;
    const own = reversed ? unitsOf(part(whole(all), closedVolume, openedVolume + closedVolume), digits) : all;
    if (closedVolume > 0n) {
      if (closedVolume > open) return undefined;
      const share = part(left, closedVolume, open);
      const total = plus(taken, share);
      charged = own + unitsOf(total, digits) - unitsOf(taken, digits);
      taken = total;
      left = closedVolume === open ? NOTHING : minus(left, share);
      open -= closedVolume;
    }
    if (openedVolume > 0n) {
      left = plus(left, whole(reversed ? all - own : all));
      open += openedVolume;
    }
  }
  return formatDecimal({ coefficient: charged > 0n ? charged : 0n, scale: DIGITS });
}

/**
 * What a deal itself was charged with, commission and fee, as far as it falls to the volume that counts: under a plan that counts
 * opens each leg stands for itself, so that no entry is charged for twice. Never below 0.
 */
export function chargedOnLeg(leg: Leg, counts: Exclude<CountedVolume, 'close'>, digits: number): string {
  const volume = leg.openedVolume + leg.closedVolume;
  const counted = counts === 'both' ? volume : leg.openedVolume;
  const charged = volume === 0n ? 0n : unitsOf(part(whole(chargeOf(leg)), counted, volume), digits);
  return formatDecimal({ coefficient: charged > 0n ? charged : 0n, scale: DIGITS });
}

const whole = (units: bigint): Fraction => ({ numerator: units, denominator: ONE });

/** A sum rounded to so many decimals, in 10^-20. */
const unitsOf = ({ numerator, denominator }: Fraction, digits: number): bigint =>
  roundHalfEven(numerator * 10n ** BigInt(digits), denominator) * 10n ** BigInt(DIGITS - digits);
