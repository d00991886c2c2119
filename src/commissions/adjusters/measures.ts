import { roundHalfEven } from '../../kernel/decimal.ts';
import { dayOf, monthOf } from '../counters/rules.ts';
import { type CounterChange, type CounterName, type Look, MEASURE_DIGITS, type Measure } from '../counters/types.ts';
import { product } from '../models/fractions.ts';
import type { Fraction } from '../types.ts';
import type { Owned } from './types.ts';

const MEASURE_WHOLE = 10n ** BigInt(MEASURE_DIGITS);

/** A figure in the units of counters, rounded to them once, half to even. */
export const measured = (figure: Fraction): bigint =>
  roundHalfEven(figure.numerator * MEASURE_WHOLE, figure.denominator);

/** The key of whose counters a trade is counted by: of its client's direct IB, of its client, or of the whole plan. */
export function ownerOf(of: 'plan' | 'ib' | 'client', { chain, clientKey }: Owned): number {
  if (of === 'client') return clientKey;
  return of === 'ib' ? (chain[0]?.ibKey ?? 0) : 0;
}

/** The days of a trade's UTC month, its UTC day, or so many days up to its own, itself included. */
export function windowOf(
  over: 'day' | 'month' | { readonly days: number },
  { closedAtMs }: Owned,
): { readonly fromDay: number; readonly toDay: number } {
  const day = dayOf(closedAtMs);
  if (over === 'day') return { fromDay: day, toDay: day };
  if (over !== 'month') return { fromDay: day - over.days + 1, toDay: day };
  const { firstDay, lastDay } = monthOf(day);
  return { fromDay: firstDay, toDay: lastDay };
}

/** A counter by its name. */
export const counterOf = (component: string, measure: Measure, owner: number, subject = ''): CounterName => ({
  component,
  measure,
  owner,
  subject,
});

/** A question for the sum of a counter over a window. */
export const sumOver = (name: CounterName, window: { readonly fromDay: number; readonly toDay: number }): Look => ({
  ...name,
  ...window,
  distinct: false,
});

/** What a trade adds to a counter. */
export const countOf = (name: CounterName, trade: Owned, units: bigint): CounterChange => ({
  ...name,
  day: dayOf(trade.closedAtMs),
  units,
});

/** An amount times a share of it. */
export const times = (amount: Fraction, numerator: bigint, denominator: bigint): Fraction =>
  product(amount, { numerator, denominator });
