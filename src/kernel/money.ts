import assert from 'node:assert/strict';
import { z } from 'zod';
import { Currency, ledgerExponent, minorExponent } from './currency.ts';
import { formatDecimal, parseDecimal, PLAIN_DECIMAL, rescale, roundHalfEven } from './decimal.ts';
import { defineProblems } from './problem.ts';

/** A sum in whole ledger units of its currency (10^-ledgerExponent). */
export type Money<C extends Currency = Currency> = { readonly units: bigint; readonly currency: C };

/** Money as JSON carries it: `{"amount":"12.34","currency":"USD"}`. */
export const MoneyJson = z
  .strictObject({
    amount: z.string().regex(PLAIN_DECIMAL, 'expected a plain decimal as text'),
    currency: Currency,
  })
  .meta({
    id: 'Money',
    description: 'A sum as an exact decimal text, and its currency.',
    examples: [{ amount: '12.34', currency: 'USD' as Currency }],
  });
export type MoneyJson = z.infer<typeof MoneyJson>;

const moneyProblem = defineProblems({
  'money.too_fine': { status: 422, title: 'The amount has more decimals than its currency allows here' },
  'money.too_large': { status: 422, title: 'The amount is larger than a ledger can hold' },
});

/** Amounts fit a Postgres bigint. */
const UNITS_MAX = 2n ** 63n - 1n;

/** The sum of two amounts of one currency. */
export function add<C extends Currency>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  assert(left.currency === right.currency, 'add() takes one currency'); // Rows from the database escape the compiler's check.
  return { units: left.units + right.units, currency: left.currency };
}

/**
 * Reads an amount. `digits` says how fine it may be: whole minor units (payments) or ledger units (rates, adjustments).
 * Throws `decimal.malformed`, `money.too_fine` or `money.too_large`; nothing is rounded.
 */
export function parseMoney({ amount, currency }: MoneyJson, digits: 'minor' | 'ledger'): Money {
  const decimal = parseDecimal(amount);
  const exponent = digits === 'minor' ? minorExponent(currency) : ledgerExponent(currency);
  const fitting = rescale(decimal, exponent);
  if (fitting === undefined)
    throw moneyProblem('money.too_fine', { detail: `${amount} ${currency} has more than ${exponent} decimals` });
  const units = fitting * 10n ** BigInt(ledgerExponent(currency) - exponent);
  if (units > UNITS_MAX || units < -UNITS_MAX)
    throw moneyProblem('money.too_large', { detail: `${amount} ${currency} does not fit 64 bits of ledger units` });
  return { units, currency };
}

/** The decimal text of an amount: at least the currency's minor digits, no trailing zeros beyond them ("5.48", "2.055"). */
export const formatAmount = ({ units, currency }: Money): string =>
  formatDecimal({ coefficient: units, scale: ledgerExponent(currency) }, minorExponent(currency));

/** An amount for JSON. */
export const moneyJson = (money: Money): MoneyJson => ({ amount: formatAmount(money), currency: money.currency });

/**
 * Splits on exact fractions so that the parts sum to the whole: part i = round(sum to i) - round(sum to i-1),
 * half to even, in the order given. Weights are not negative and not all 0.
 */
export function allocate<C extends Currency>(whole: Money<C>, weights: readonly bigint[]): Money<C>[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  assert(total > 0n && weights.every((weight) => weight >= 0n), 'allocate() takes weights of at least 0, not all 0');
  let reached = 0n;
  let given = 0n;
  return weights.map((weight) => {
    reached += weight;
    const upTo = roundHalfEven(whole.units * reached, total);
    const part = upTo - given;
    given = upTo;
    return { units: part, currency: whole.currency };
  });
}
