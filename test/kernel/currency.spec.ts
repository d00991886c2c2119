import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { currencies, Currency, ledgerExponent, minorExponent } from '../../src/kernel/currency.ts';

describe('currencies', () => {
  it.each([
    { code: 'USD', minor: 2, ledger: 6 },
    { code: 'JPY', minor: 0, ledger: 4 },
    { code: 'KWD', minor: 3, ledger: 7 },
    { code: 'CLF', minor: 4, ledger: 8 },
    { code: 'BTC', minor: 8, ledger: 8 },
    { code: 'USDT', minor: 8, ledger: 8 },
  ])('$code has $minor minor and $ledger ledger decimals', ({ code, minor, ledger }) => {
    const currency = Currency.parse(code);
    expect(minorExponent(currency)).toBe(minor);
    expect(ledgerExponent(currency)).toBe(ledger);
  });

  it.each(['usd', 'US', 'XYZ', '', 'XAU', 'constructor', 'USD '])('%j is refused', (code) =>
    expect(Currency.safeParse(code).success).toBe(false),
  );
});

const file = new URL('../../../shared/external/currency-codes/codes-all.csv', import.meta.url);

/** The columns of a CSV line, with quoted fields. */
const columnsOf = (line: string): string[] =>
  [...line.matchAll(/("([^"]|"")*"|[^,]*)(,|$)/g)].map(([, field = '']) => field.replace(/^"|"$/g, ''));

describe.skipIf(!existsSync(file))('against the ISO 4217 list', () => {
  const rows = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(1).map(columnsOf) : [];
  const inUse = new Map<string, number>();
  for (const [, , code = '', , minor = '', withdrawn = ''] of rows)
    if (withdrawn === '' && /^[0-9]$/.test(minor)) inUse.set(code, Number(minor));

  it('each code that we keep money in has the minor unit of ISO, but for the crypto assets', () => {
    const ours = new Map([...currencies()].filter(([, exponent]) => exponent !== 8));
    expect(inUse.size).toBeGreaterThan(150);
    expect([...ours].filter(([code, exponent]) => inUse.get(code) !== exponent)).toEqual([]);
  });

  it('each code in use with a minor unit is known to us', () =>
    expect([...inUse.keys()].filter((code) => !currencies().has(code))).toEqual([]));
});
