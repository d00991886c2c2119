import { z } from 'zod';

/** ISO 4217 codes in use whose minor unit is 10^-2 of the currency. */
const TWO =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP ' +
  'CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR ' +
  'KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB ' +
  'PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD ' +
  'TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG';
const ZERO = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const THREE = 'BHD IQD JOD KWD LYD OMR TND';
const FOUR = 'CLF UYW';
/** Crypto assets that brokers keep wallets in: 8 decimals, the 8th being the minor unit. */
const EIGHT = 'BTC ETH LTC BCH XRP SOL TRX USDT USDC';

const exponents = new Map<string, number>();
for (const [codes, exponent] of [
  [ZERO, 0],
  [TWO, 2],
  [THREE, 3],
  [FOUR, 4],
  [EIGHT, 8],
] as const)
  for (const code of codes.split(' ')) exponents.set(code, exponent);

/** The decimals that ledger units have beyond the minor unit. Crypto assets have none. */
const FINER_DIGITS = 4;

const CODE_CHARACTERS_MAX = 4;

export const Currency = z
  .string()
  .max(CODE_CHARACTERS_MAX)
  .refine((code) => exponents.has(code), 'expected a currency code of ISO 4217 or a known crypto asset')
  .brand<'Currency'>();
/** A currency code that Cascade can keep money in. */
export type Currency = z.infer<typeof Currency>;

/** Decimals of the currency's minor unit (ISO 4217): USD 2, JPY 0, KWD 3, BTC 8. */
export function minorExponent(currency: Currency): number {
  const exponent = exponents.get(currency);
  if (exponent === undefined) throw new RangeError(`unknown currency ${currency}`);
  return exponent;
}

/** Decimals of a ledger unit: USD 6, JPY 4, KWD 7, BTC 8 (commission-models, Units and rounding). */
export function ledgerExponent(currency: Currency): number {
  const minor = minorExponent(currency);
  return minor === 8 ? minor : minor + FINER_DIGITS;
}

/** Every code that Cascade accepts, with its minor exponent. */
export const currencies = (): ReadonlyMap<string, number> => exponents;
