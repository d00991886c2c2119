import { serverTimeFromUtc } from '../src/trading/index.ts';
import type { SeedBrokerage } from '../seeds/brokerage.ts';
import { randomOf, SIMULATED_SYMBOLS } from '../simulators/mt-server/index.ts';

/** A deal that closes volume, with what a reference must know of it. */
export type BenchTrade = {
  readonly ticket: bigint;
  /** The place of the client in the seed. */
  readonly client: number;
  readonly symbol: string;
  /** In 1/10 000 lot, as the server tells it. */
  readonly volume: number;
  /** The line as a bridge sends it, without its end. */
  readonly line: string;
};

const START_UTC_MS = Date.UTC(2026, 10, 2);
const OPENED_BEFORE_MS = 3_600_000;
const FIRST_OPEN_TICKET = 1_000n;
const FIRST_CLOSE_TICKET = 1_000_000_000n;
const FIRST_POSITION = 5_000_000_000n;
/** With this power of an even number a fifth of the clients makes four fifths of the trades: 0.2 ^ (1 / 7.2) = 0.8. */
const SKEW = 7.2;
/** A prime: those who trade often are spread over the tree. */
const SCATTER = 7_919;
/** Mean time between two closes: a few thousand trades of a day. */
const GAP_MS = 40;

/**
 * The deals of a brokerage, the same with the same seed: one position per client, opened once, and any number of
 * deals that close parts of it. A fifth of the clients makes four fifths of the trades.
 */
export class Deals {
  readonly #seed: SeedBrokerage;
  readonly #random: ReturnType<typeof randomOf>;
  readonly #opened = new Set<number>();
  #count = 0;

  constructor(seed: SeedBrokerage, randomSeed: number) {
    this.#seed = seed;
    this.#random = randomOf(randomSeed);
  }

  /** The lines that open the positions of these trades, as far as they were not opened before. */
  opensOf(trades: readonly BenchTrade[]): string[] {
    const places = new Set(trades.map(({ client }) => client).filter((client) => !this.#opened.has(client)));
    for (const place of places) this.#opened.add(place);
    return [...places].map((place) =>
      JSON.stringify({
        type: 'deal.add',
        deal: {
          ...this.#words(place, FIRST_OPEN_TICKET + BigInt(place), START_UTC_MS - OPENED_BEFORE_MS),
          Action: 0,
          Entry: 0,
          Volume: '1000000000',
          VolumeClosed: '0',
          Profit: '0.00',
        },
      }),
    );
  }

  /** So many further closing deals. */
  trades(count: number): BenchTrade[] {
    return Array.from({ length: count }, () => this.#trade());
  }

  #trade(): BenchTrade {
    const place = this.#count;
    this.#count += 1;
    const clients = this.#seed.clients.length;
    const skew = this.#random.whole(0, 1_000_000) / 1_000_001;
    const client = (Math.floor(skew ** SKEW * clients) * SCATTER) % clients;
    const volume = 100 * this.#random.whole(1, this.#random.pick([10, 50, 200, 500]));
    const ticket = FIRST_CLOSE_TICKET + BigInt(place);
    const words = this.#words(client, ticket, START_UTC_MS + place * GAP_MS);
    const cents = this.#random.whole(-50_000, 50_000);
    const line = JSON.stringify({
      type: 'deal.add',
      seq: place + 1,
      deal: {
        ...words,
        Action: 1,
        Entry: 1,
        Volume: String(volume),
        VolumeClosed: String(volume),
        Profit: `${cents < 0 ? '-' : ''}${Math.trunc(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`,
      },
    });
    return { ticket, client, symbol: words.Symbol, volume, line };
  }

  #words(place: number, ticket: bigint, utcMs: number) {
    const symbol = SIMULATED_SYMBOLS[place % SIMULATED_SYMBOLS.length];
    if (symbol === undefined) throw new RangeError('the simulator has symbols');
    const serverMs = serverTimeFromUtc(this.#seed.server, utcMs);
    const price = (symbol.points / 10 ** symbol.digits).toFixed(symbol.digits);
    return {
      Deal: String(ticket),
      Login: String(this.#seed.clients[place]?.accounts[0]?.login),
      Order: String(ticket + 700_000_000n),
      Time: Math.floor(serverMs / 1000),
      TimeMsc: serverMs,
      PositionID: String(FIRST_POSITION + BigInt(place)),
      Reason: 0,
      Symbol: symbol.name,
      Digits: symbol.digits,
      Price: price,
      PricePosition: price,
      ContractSize: String(symbol.contractSize),
      Commission: '-3.00',
      Fee: '0.00',
      Storage: '0.00',
      RateProfit: '1',
      MarketBid: price,
      MarketAsk: price,
    };
  }
}
