import { formatDecimal, roundHalfEven } from '../../src/kernel/decimal.ts';
import type { Random } from './random.ts';

/** What a server knows of a symbol. Prices are whole points of 10^-digits. */
export type SimulatedSymbol = {
  readonly name: string;
  readonly digits: number;
  readonly contractSize: number;
  /** The price at the start, in points. */
  readonly points: number;
  readonly spreadPoints: number;
  /** Profit currency to the account's: 1 for a quote in the account's currency, `price` for one whose base is the account's currency. */
  readonly rateProfit: '1' | 'price' | `${number}`;
};

/** A few symbols as brokers have them, for accounts in USD. */
export const SIMULATED_SYMBOLS: readonly SimulatedSymbol[] = [
  { name: 'EURUSD', digits: 5, contractSize: 100_000, points: 108_500, spreadPoints: 10, rateProfit: '1' },
  { name: 'GBPUSD', digits: 5, contractSize: 100_000, points: 127_300, spreadPoints: 14, rateProfit: '1' },
  { name: 'USDJPY', digits: 3, contractSize: 100_000, points: 151_370, spreadPoints: 12, rateProfit: 'price' },
  { name: 'USDCHF', digits: 5, contractSize: 100_000, points: 88_400, spreadPoints: 15, rateProfit: 'price' },
  { name: 'EURGBP', digits: 5, contractSize: 100_000, points: 85_300, spreadPoints: 15, rateProfit: '1.27300' },
  { name: 'XAUUSD', digits: 2, contractSize: 100, points: 458_120, spreadPoints: 16, rateProfit: '1' },
];

export type Quote = { readonly bid: number; readonly ask: number };

/** Prices that walk at random and never leave half to double of where they began. */
export class Market {
  readonly #random: Random;
  readonly #bids = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  quote(symbol: SimulatedSymbol): Quote {
    const step = this.#random.whole(-3 * symbol.spreadPoints, 3 * symbol.spreadPoints);
    const walked = (this.#bids.get(symbol.name) ?? symbol.points) + step;
    const bid = Math.min(symbol.points * 2, Math.max(Math.ceil(symbol.points / 2), walked));
    this.#bids.set(symbol.name, bid);
    return { bid, ask: bid + symbol.spreadPoints };
  }
}

/** A price in points as text with all its digits. */
export const priceText = (symbol: SimulatedSymbol, points: number): string =>
  formatDecimal({ coefficient: BigInt(points), scale: symbol.digits }, symbol.digits);

/** Profit currency to account currency at a price, with 5 decimals. */
export function rateProfitText(symbol: SimulatedSymbol, points: number): string {
  if (symbol.rateProfit !== 'price') return symbol.rateProfit;
  const rate = roundHalfEven(10n ** BigInt(symbol.digits + 5), BigInt(points));
  return formatDecimal({ coefficient: rate, scale: 5 });
}

/** (close - open) x contract x lots x rate, in cents, rounded once; `volume` in 1/10 000 lot. */
export function profitCents(symbol: SimulatedSymbol, movePoints: number, volume: number, rate: string): bigint {
  const point = rate.indexOf('.');
  const decimals = point < 0 ? 0 : rate.length - point - 1;
  const product =
    BigInt(movePoints) * BigInt(symbol.contractSize) * BigInt(volume) * BigInt(rate.replace('.', '')) * 100n;
  return roundHalfEven(product, 10n ** BigInt(symbol.digits + 4 + decimals));
}

/** Cents as money text: -6.00. */
export const moneyText = (cents: bigint): string => formatDecimal({ coefficient: cents, scale: 2 }, 2);
