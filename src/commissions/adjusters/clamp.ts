import { z } from 'zod';
import { RateText } from '../contract.ts';
import { rateUnits } from '../rules.ts';
import { isAbove, lotsOf, product, wholeNumber } from '../models/fractions.ts';
import type { Fraction } from '../types.ts';
import { type Adjust, type Adjuster, LOOKS_AT_NOTHING } from './types.ts';

const settings = z.strictObject({
  kind: z.literal('clamp'),
  /** In plan currency: a larger amount becomes this one. */
  most: RateText.optional(),
  /** A smaller one pays nothing: nothing is ever raised above what the budget gives. */
  least: RateText.optional(),
  /** Whether the limits are for a trade, or for each lot of it that counts. */
  per: z.enum(['trade', 'lot']).default('trade'),
});

const NOTHING = wholeNumber(0n);

/** Clamp: an amount above `most` becomes `most`; one below `least` is too little to be paid. */
const adjusting =
  (most: bigint | undefined, least: bigint | undefined, perLot: boolean, words: Record<string, string>): Adjust =>
  (amount, { trade, counted, note }) => {
    const limitOf = (units: bigint): Fraction =>
      perLot ? product(wholeNumber(units), lotsOf(trade), counted) : wholeNumber(units);
    note?.(words);
    if (least !== undefined && isAbove(limitOf(least), amount))
      return { amount: NOTHING, reason: 'below_least_amount' };
    if (most === undefined || !isAbove(amount, limitOf(most))) return { amount };
    return { amount: limitOf(most) };
  };

export const clamp = {
  kind: 'clamp',
  stage: 'clamp',
  settings,
  refusals: (given, { component, rateDigits }) => {
    const { most, least } = settings.parse(given);
    const [high, low] = [most, least].map((text) => (text === undefined ? undefined : rateUnits(text, rateDigits)));
    if ((most !== undefined && high === undefined) || (least !== undefined && low === undefined))
      return [
        { code: 'commissions.rate_too_fine', detail: `${component}: a limit has more than ${rateDigits} decimals` },
      ];
    if (high === undefined && low === undefined)
      return [{ code: 'commissions.limits_contradict', detail: `${component}: a clamp names no limit` }];
    if (high !== undefined && low !== undefined && low > high)
      return [{ code: 'commissions.limits_contradict', detail: `${component}: least ${least} is above most ${most}` }];
    return [];
  },
  compile: (given, { rateDigits }) => {
    const { most, least, per } = settings.parse(given);
    const [high, low] = [most, least].map((text) => (text === undefined ? undefined : rateUnits(text, rateDigits)));
    const words = { ...(most !== undefined && { most }), ...(least !== undefined && { least }), per };
    return { ...LOOKS_AT_NOTHING, adjust: adjusting(high, low, per === 'lot', words) };
  },
} satisfies Adjuster & { settings: z.ZodType };
