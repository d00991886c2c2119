import { z } from 'zod';
import { difference, fractionOf, isAbove, product, wholeNumber } from '../models/fractions.ts';
import type { Fraction } from '../types.ts';
import { type Adjust, type Adjuster, LOOKS_AT_NOTHING } from './types.ts';

const HOUR_MS = 3_600_000;

const settings = z.strictObject({
  kind: z.literal('credit_coefficient'),
  /** A coefficient below this one multiplies; one that is not leaves the amount as it is. */
  below: z
    .string()
    .regex(/^(?:0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?)$/, 'expected a plain decimal from 0 to 1 with at most 6 decimals')
    .default('0.85'),
  /** How old equity and credit of the account may be at the close; older ones are as good as none. */
  stateAgeHoursMax: z.int().min(1).max(8_784).optional(),
});

const NOTHING = wholeNumber(0n);

/** (equity - credit) / equity, never below 0; 0 where equity is not above 0. */
function coefficientOf(equity: Fraction, credit: Fraction): Fraction {
  const own = difference(equity, credit);
  if (equity.numerator <= 0n || own.numerator <= 0n) return NOTHING;
  return product(own, { numerator: equity.denominator, denominator: equity.numerator });
}

/**
 * Credit coefficient (commission-models, Filters): (equity - credit) / equity of the account, where it is below a limit, multiplies
 * the amount. 1000 and 300 give 0.70, so 12.00 becomes 8.40. A trade of an account of which they are not known waits.
 */
const adjusting =
  (below: Fraction, ageMsMax: number): Adjust =>
  (amount, { trade, note }) => {
    const state = trade.execution?.accountState;
    if (state === undefined || state.ageMs > ageMsMax) return 'commissions.account_state_unknown';
    const { equity, credit, at } = state;
    const coefficient = coefficientOf(fractionOf(equity), fractionOf(credit));
    const { numerator, denominator } = coefficient;
    note?.({ equity, credit, at, coefficient: `${numerator}/${denominator}` });
    if (!isAbove(below, coefficient)) return { amount };
    if (numerator === 0n) return { amount: NOTHING, reason: 'all_credit' };
    return { amount: product(amount, coefficient) };
  };

export const creditCoefficient = {
  kind: 'credit_coefficient',
  stage: 'coefficient',
  needsExecution: () => true,
  needsAccountState: true,
  settings,
  refusals: () => [],
  compile: (given) => {
    const { below, stateAgeHoursMax } = settings.parse(given);
    const ageMsMax = stateAgeHoursMax === undefined ? Infinity : stateAgeHoursMax * HOUR_MS;
    return { ...LOOKS_AT_NOTHING, adjust: adjusting(fractionOf(below), ageMsMax) };
  },
} satisfies Adjuster & { settings: z.ZodType };
