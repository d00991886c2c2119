import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal, isDecimal, parseDecimal, rescale, roundHalfEven } from '../../src/kernel/decimal.ts';
import { isProblem } from '../../src/kernel/problem.ts';

describe('a decimal is read exactly or refused', () => {
  it.each([
    { text: '0', coefficient: 0n, scale: 0 },
    { text: '-0', coefficient: 0n, scale: 0 },
    { text: '1.08512', coefficient: 108_512n, scale: 5 },
    { text: '-6.00', coefficient: -600n, scale: 2 },
    { text: '-0.001', coefficient: -1n, scale: 3 },
    { text: '9007199254740993', coefficient: 9_007_199_254_740_993n, scale: 0 },
    { text: '999999999999999999999999999999.99999999999999999999', coefficient: 10n ** 50n - 1n, scale: 20 },
  ])('$text is $coefficient x 10^-$scale', ({ text, coefficient, scale }) =>
    expect(parseDecimal(text)).toEqual({ coefficient, scale }),
  );

  it.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '+1',
    '1e3',
    '1E3',
    '1e21',
    '0x10',
    '1,000.00',
    '1_000',
    '.5',
    '1.',
    '01',
    '--1',
    '-',
    '1.2.3',
    '٣',
    '1٫5',
    '１',
    'NaN',
    'Infinity',
    'null',
    '1n',
    '1\n',
    '1.000000000000000000001',
    '1000000000000000000000000000000',
  ])('%j is refused', (text) => {
    expect(isDecimal(text)).toBe(false);
    expect(() => parseDecimal(text)).toThrow(expect.toSatisfy((error) => isProblem(error, 'decimal.malformed')));
  });

  it('what is written is read again as the same number', () =>
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 28n), max: 10n ** 28n }),
        fc.integer({ min: 0, max: 20 }),
        (coefficient, scale) => {
          const read = parseDecimal(formatDecimal({ coefficient, scale }));
          expect(rescale(read, 20)).toBe(coefficient * 10n ** BigInt(20 - scale));
        },
      ),
      { numRuns: 500 },
    ));

  it.each([
    { coefficient: 5_480_000n, scale: 6, digitsMin: 2, text: '5.48' },
    { coefficient: 2_055_000n, scale: 6, digitsMin: 2, text: '2.055' },
    { coefficient: 5_000_000n, scale: 6, digitsMin: 2, text: '5.00' },
    { coefficient: -1n, scale: 6, digitsMin: 2, text: '-0.000001' },
    { coefficient: 120n, scale: 1, digitsMin: 0, text: '12' },
    { coefficient: 0n, scale: 6, digitsMin: 2, text: '0.00' },
  ])('$coefficient x 10^-$scale is written $text', ({ text, digitsMin, ...decimal }) =>
    expect(formatDecimal(decimal, digitsMin)).toBe(text),
  );

  it('a finer number than the scale is not rescaled', () => {
    expect(rescale(parseDecimal('1.25'), 1)).toBeUndefined();
    expect(rescale(parseDecimal('1.20'), 1)).toBe(12n);
    expect(rescale(parseDecimal('-1.2'), 3)).toBe(-1200n);
  });
});

describe('rounding is half to even', () => {
  it.each([
    [5n, 10n, 0n],
    [15n, 10n, 2n],
    [25n, 10n, 2n],
    [-5n, 10n, 0n],
    [-15n, 10n, -2n],
    [-25n, 10n, -2n],
    [26n, 10n, 3n],
    [24n, 10n, 2n],
    [-26n, 10n, -3n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [0n, 7n, 0n],
    [7n, 7n, 1n],
  ])('%s / %s is %s', (numerator, denominator, rounded) => expect(roundHalfEven(numerator, denominator)).toBe(rounded));

  it('a denominator of 0 or below is an error of the caller', () => {
    expect(() => roundHalfEven(1n, 0n)).toThrow(RangeError);
    expect(() => roundHalfEven(1n, -1n)).toThrow(RangeError);
  });

  it('the result is never further than a half away, and at a half it is even', () =>
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 6n }),
        (numerator, denominator) => {
          const rounded = roundHalfEven(numerator, denominator);
          const twiceOff = 2n * (numerator - rounded * denominator);
          const distance = twiceOff < 0n ? -twiceOff : twiceOff;
          expect(distance <= denominator).toBe(true);
          if (distance === denominator) expect(rounded % 2n).toBe(0n);
        },
      ),
      { numRuns: 2000 },
    ));
});

type Case = {
  readonly name: string;
  readonly operation: string;
  readonly operands: readonly string[];
  readonly result: string;
  readonly precision: number;
};

/** Mike Cowlishaw's decimal cases that are rounded half to even, with the precision in force, as the files' directives say. */
function halfEvenCases(file: URL): Case[] {
  const found: Case[] = [];
  let precision = 9;
  let rounding = 'half_up';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, directive = '', value = ''] = /^(precision|rounding)\s*:\s*(\S+)/i.exec(line.trim()) ?? [];
    if (directive.toLowerCase() === 'precision') precision = Number(value);
    if (directive.toLowerCase() === 'rounding') rounding = value;
    const [, name = '', operation = '', operands = '', result = ''] =
      /^(\w+)\s+(\w+)\s+(.+?)\s+->\s+(\S+)/.exec(line) ?? [];
    // Subnormal: the end of their exponent range, which ours does not have.
    if (rounding === 'half_even' && name !== '' && !/Subnormal|Overflow/.test(line))
      found.push({ name, operation, operands: operands.trim().split(/\s+/), result, precision });
  }
  return found;
}

const plain = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(text);

/** A number of the files as coefficient x 10^exponent. */
function numberOf(text: string): { coefficient: bigint; exponent: number } {
  const [mantissa = '', exponent = '0'] = text.replace('+', '').toLowerCase().split('e');
  const [whole = '', part = ''] = mantissa.split('.');
  return { coefficient: BigInt(`${whole}${part}`), exponent: Number(exponent) - part.length };
}

/** Rounds to so many significant digits with our rounding; gives coefficient and exponent without trailing zeros. */
function toPrecision({ coefficient, exponent }: { coefficient: bigint; exponent: number }, precision: number): string {
  let digits = coefficient;
  let power = exponent;
  for (let round = 0; round < 2; round += 1) {
    // A carry (999.5 to 1000) makes one digit more: once again cuts a zero only.
    const excess = digits.toString().replace('-', '').length - precision;
    if (excess <= 0) break;
    digits = roundHalfEven(digits, 10n ** BigInt(excess));
    power += excess;
  }
  return reduced(digits, power);
}

function reduced(coefficient: bigint, exponent: number): string {
  if (coefficient === 0n) return '0';
  const text = coefficient.toString();
  const digits = text.replace(/0+$/, '');
  return `${digits}e${exponent + text.length - digits.length}`;
}

const folder = new URL('../../../shared/external/dectest/', import.meta.url);

describe.skipIf(!existsSync(folder))('rounding agrees with the decTest cases that are half to even', () => {
  it.each(['add', 'multiply', 'rounding'])('%s.decTest', (file) => {
    const cases = halfEvenCases(new URL(`${file}.decTest`, folder)).filter(
      ({ operation, operands, result }) =>
        ['add', 'subtract', 'multiply', 'plus'].includes(operation) && [...operands, result].every(plain),
    );
    expect(cases.length).toBeGreaterThan(5);
    for (const { name, operation, operands, result, precision } of cases) {
      const exact = exactly(operation, operands.map(numberOf));
      const expected = numberOf(result);
      expect(`${name} ${toPrecision(exact, precision)}`).toBe(
        `${name} ${reduced(expected.coefficient, expected.exponent)}`,
      );
    }
  });
});

type Exponential = ReturnType<typeof numberOf>;

function exactly(operation: string, operands: readonly Exponential[]): Exponential {
  const [left, right] = operands;
  if (left === undefined) throw new Error('a case without operands');
  if (right === undefined) return left;
  if (operation === 'multiply')
    return { coefficient: left.coefficient * right.coefficient, exponent: left.exponent + right.exponent };
  const exponent = Math.min(left.exponent, right.exponent);
  const aligned = (one: Exponential): bigint => one.coefficient * 10n ** BigInt(one.exponent - exponent);
  return {
    coefficient: operation === 'subtract' ? aligned(left) - aligned(right) : aligned(left) + aligned(right),
    exponent,
  };
}
