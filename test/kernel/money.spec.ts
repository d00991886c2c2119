import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import { add, allocate, formatAmount, moneyJson, MoneyJson, parseMoney } from '../../src/kernel/money.ts';
import { Problem } from '../../src/kernel/problem.ts';

const USD = Currency.parse('USD');
const JPY = Currency.parse('JPY');
const KWD = Currency.parse('KWD');
const BTC = Currency.parse('BTC');

describe('an amount is stored exactly or refused, never rounded in silence', () => {
  it.each([
    { amount: '0', currency: USD, digits: 'minor' as const, units: 0n },
    { amount: '-1', currency: USD, digits: 'minor' as const, units: -1_000_000n },
    { amount: '12.34', currency: USD, digits: 'minor' as const, units: 12_340_000n },
    { amount: '12.340', currency: USD, digits: 'minor' as const, units: 12_340_000n },
    { amount: '0.000001', currency: USD, digits: 'ledger' as const, units: 1n },
    { amount: '9007199254740.99', currency: USD, digits: 'minor' as const, units: 9_007_199_254_740_990_000n },
    { amount: '90071992.54740993', currency: BTC, digits: 'minor' as const, units: 9_007_199_254_740_993n },
    { amount: '1', currency: JPY, digits: 'minor' as const, units: 10_000n },
    { amount: '1.5', currency: JPY, digits: 'ledger' as const, units: 15_000n },
    { amount: '0.001', currency: KWD, digits: 'minor' as const, units: 10_000n },
    { amount: '0.00000001', currency: BTC, digits: 'minor' as const, units: 1n },
  ])('$amount $currency ($digits) is $units units', ({ amount, currency, digits, units }) =>
    expect(parseMoney({ amount, currency }, digits)).toEqual({ units, currency }),
  );

  it.each([
    { amount: '0.001', currency: USD, digits: 'minor' as const, code: 'money.too_fine' },
    { amount: '0.0000001', currency: USD, digits: 'ledger' as const, code: 'money.too_fine' },
    { amount: '1.5', currency: JPY, digits: 'minor' as const, code: 'money.too_fine' },
    { amount: '0.000000001', currency: BTC, digits: 'ledger' as const, code: 'money.too_fine' },
    { amount: '90071992547409.93', currency: USD, digits: 'minor' as const, code: 'money.too_large' }, // 2^53 + 1 cents, in 10^-6.
    { amount: '9223372036855', currency: USD, digits: 'minor' as const, code: 'money.too_large' },
    { amount: '-9223372036855', currency: USD, digits: 'minor' as const, code: 'money.too_large' },
    { amount: '1e3', currency: USD, digits: 'minor' as const, code: 'decimal.malformed' },
    { amount: ' ', currency: USD, digits: 'minor' as const, code: 'decimal.malformed' },
  ])('$amount $currency ($digits) is refused as $code', ({ amount, currency, digits, code }) => {
    const refused = catchProblem(() => parseMoney({ amount, currency }, digits));
    expect(refused).toMatchObject({ code, status: 422 });
  });

  it.each([0, -1, 1e21, '1e3', ' ', '0x10', '1,000.00', '١٢٫٣', Number.NaN, 'NaN', null, 2 ** 53, ['1'], {}])(
    'JSON with the amount %j is refused',
    (amount) => expect(MoneyJson.safeParse({ amount, currency: 'USD' }).success).toBe(false),
  );
});

describe('amounts are written with at least the minor digits and no zeros beyond them', () => {
  it.each([
    { units: 5_480_000n, currency: USD, text: '5.48' },
    { units: 2_055_000n, currency: USD, text: '2.055' },
    { units: 1_000_000n, currency: USD, text: '1.00' },
    { units: -1n, currency: USD, text: '-0.000001' },
    { units: 7_200_000n, currency: JPY, text: '720' },
    { units: 47_565n, currency: JPY, text: '4.7565' },
    { units: 10_000_000n, currency: KWD, text: '1.000' },
    { units: 1n, currency: BTC, text: '0.00000001' },
  ])('$units of $currency are $text', ({ units, currency, text }) => {
    expect(formatAmount({ units, currency })).toBe(text);
    expect(moneyJson({ units, currency })).toEqual({ amount: text, currency });
  });
});

describe('sums', () => {
  it('are of one currency', () => {
    expect(add({ units: 1n, currency: USD }, { units: 2n, currency: USD })).toEqual({ units: 3n, currency: USD });
    expect(() => add({ units: 1n, currency: USD }, { units: 2n, currency: JPY })).toThrow(/one currency/);
  });
});

describe('allocate splits on the running total of exact fractions', () => {
  it.each([
    { whole: 1n, weights: [1n, 1n, 1n], parts: [0n, 1n, 0n] },
    { whole: 10n, weights: [1n, 1n, 1n], parts: [3n, 4n, 3n] },
    { whole: 10_960_000n, weights: [400n, 150n, 150n, 100n], parts: [5_480_000n, 2_055_000n, 2_055_000n, 1_370_000n] },
    { whole: 9_450_000n, weights: [60n, 30n, 10n], parts: [5_670_000n, 2_835_000n, 945_000n] },
    { whole: -5n, weights: [1n, 1n], parts: [-2n, -3n] },
  ])('$whole by $weights gives $parts', ({ whole, weights, parts }) =>
    expect(allocate({ units: whole, currency: USD }, weights).map(({ units }) => units)).toEqual(parts),
  );

  it('for any whole and weights the parts add up to the whole, and each is within a unit of its exact share', () =>
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
        fc
          .array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 })
          .filter((all) => all.some((one) => one > 0n)),
        (whole, weights) => {
          const parts = allocate({ units: whole, currency: USD }, weights).map(({ units }) => units);
          const total = weights.reduce((sum, weight) => sum + weight, 0n);
          expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(whole);
          for (const [place, part] of parts.entries()) {
            const off = part * total - whole * (weights[place] ?? 0n);
            expect((off < 0n ? -off : off) <= total).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    ));

  it.each([{ weights: [] }, { weights: [0n, 0n] }, { weights: [1n, -1n] }])(
    'weights $weights are an error of the caller',
    ({ weights }) => expect(() => allocate({ units: 1n, currency: USD }, weights)).toThrow(/weights/),
  );
});

function catchProblem(act: () => unknown): Problem {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
