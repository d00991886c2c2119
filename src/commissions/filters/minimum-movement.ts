import { z } from 'zod';
import { difference, fractionOf, isAbove, product, wholeNumber } from '../models/fractions.ts';
import type { Filter, Fraction, Judge, Verdict } from '../types.ts';

const settings = z.strictObject({
  kind: z.literal('minimum_movement'),
  /** How many times the spread the price must have moved. */
  spreads: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,6})?$/, 'expected a plain decimal below 10 000, as text'),
});

const pass: Verdict = { kind: 'pass' };
const tooLittle: Verdict = { kind: 'refuse', reason: 'movement_below_minimum' };
const openUnknown: Verdict = { kind: 'park', code: 'commissions.open_unknown' };
const priceUnknown: Verdict = { kind: 'park', code: 'commissions.price_unknown' };

const NOTHING = wholeNumber(0n);
const MINUS_ONE = wholeNumber(-1n);
const size = (figure: Fraction): Fraction => (isAbove(NOTHING, figure) ? product(figure, MINUS_ONE) : figure);

/**
 * Minimum movement: paid when |close - open| >= spreads x (ask - bid at the close); a negative spread counts as 0
 * (commission-models, Filters). Of 1.2 pips and 2.5 spreads, 3 pips are enough.
 */
const judging =
  (spreads: string): Judge =>
  ({ execution }, note) => {
    if (execution === undefined) return priceUnknown;
    const { openPrice, closePrice, closeBid, closeAsk } = execution;
    if (openPrice === undefined) return openUnknown;
    if (closePrice === undefined || closeBid === undefined || closeAsk === undefined) return priceUnknown;
    note?.({ openPrice, closePrice, closeBid, closeAsk, spreads });
    const moved = size(difference(fractionOf(closePrice), fractionOf(openPrice)));
    const spread = difference(fractionOf(closeAsk), fractionOf(closeBid));
    const least = isAbove(spread, NOTHING) ? product(spread, fractionOf(spreads)) : NOTHING;
    return isAbove(least, moved) ? tooLittle : pass;
  };

export const minimumMovement = {
  kind: 'minimum_movement',
  needsExecution: true,
  needsOpen: true,
  needsClose: true,
  settings,
  compile: (given) => judging(settings.parse(given).spreads),
} satisfies Filter & { settings: z.ZodType };
