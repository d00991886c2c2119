import { serverTimeFromUtc, type RawDeal, type ServerClockRule } from '../../src/trading/index.ts';
import { Market, moneyText, priceText, profitCents, rateProfitText, type SimulatedSymbol } from './market.ts';
import { randomOf, type Random } from './random.ts';

export type GeneratorOptions = {
  /** The same seed and options give the same deals, byte for byte. */
  readonly seed: number;
  readonly symbols: readonly SimulatedSymbol[];
  readonly logins: readonly bigint[];
  readonly clock: ServerClockRule;
  /** The instant of the first deal, in ms since 1970 UTC. */
  readonly startUtcMs: number;
  /** Between two deals of the server: 1 ms to twice this; 400 ms unless given. */
  readonly gapMsMean?: number;
  /** Tickets rise from here; orders and positions have a range of their own. */
  readonly firstTicket?: bigint;
  /** Charged per lot and side, in cents; 300 unless given. */
  readonly commissionCentsPerLot?: number;
  /** One account in so many is a netting account; 5 unless given, 0 for none. */
  readonly nettingOneIn?: number;
};

/** A volume in the server's unit, 1/10 000 lot. */
type Position = {
  readonly id: bigint;
  readonly symbol: SimulatedSymbol;
  isBuy: boolean;
  openPoints: number;
  volume: number;
};
type Account = { readonly login: bigint; readonly isNetting: boolean; positions: Position[] };
type Execution = {
  readonly entry: 0 | 1 | 2;
  readonly isBuy: boolean;
  readonly volume: number;
  readonly closed: number;
  readonly position: Position;
  readonly order: bigint;
};

const MINIMUM_VOLUME = 100; // 0.01 lot
const POSITIONS_MAX = 6;
const ORDER_OFFSET = 700_000_000n;
/** Balance operations among all deals. */
const BALANCE_SHARE = 0.01;

/**
 * A trading server of make-believe: opens, adds, part closes, closes and reversals of many accounts as one stream of
 * MT5 deals with rising tickets, plus a few balance operations. Pure but for its own state: no clock, no I/O.
 */
export class DealGenerator {
  readonly #options: GeneratorOptions;
  readonly #random: Random;
  readonly #market: Market;
  readonly #accounts: readonly Account[];
  #ticket: bigint;
  #order: bigint;
  #utcMs: number;

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    this.#market = new Market(this.#random);
    const oneIn = options.nettingOneIn ?? 5;
    this.#accounts = options.logins.map((login, index) => ({
      login,
      isNetting: oneIn > 0 && index % oneIn === oneIn - 1,
      positions: [],
    }));
    this.#ticket = options.firstTicket ?? 10_000_000n;
    this.#order = this.#ticket + ORDER_OFFSET;
    this.#utcMs = options.startUtcMs;
  }

  /** The next deal of the server. `atUtcMs` moves the time on to the given instant, for a live stream. */
  next(atUtcMs?: number): RawDeal {
    const gap = this.#options.gapMsMean ?? 400;
    this.#utcMs =
      atUtcMs === undefined ? this.#utcMs + this.#random.whole(1, 2 * gap) : Math.max(atUtcMs, this.#utcMs + 1);
    const account = this.#random.pick(this.#accounts);
    if (this.#random.chance(BALANCE_SHARE)) return this.#money(account);
    const execution = account.isNetting ? this.#nettingStep(account) : this.#hedgingStep(account);
    return this.#deal(account, execution);
  }

  /** So many deals. */
  *deals(count: number): Generator<RawDeal> {
    for (let index = 0; index < count; index += 1) yield this.next();
  }

  /** Deals until so many of them closed volume: `--trades` counts those. */
  *trades(count: number): Generator<RawDeal> {
    for (let closed = 0; closed < count;) {
      const deal = this.next();
      if (deal['VolumeClosed'] !== undefined && deal['VolumeClosed'] !== '0') closed += 1;
      yield deal;
    }
  }

  #hedgingStep(account: Account): Execution {
    const { positions } = account;
    if (positions.length === 0 || (positions.length < POSITIONS_MAX && this.#random.chance(0.5)))
      return this.#open(account);
    const position = this.#random.pick(positions);
    const isPart = position.volume > MINIMUM_VOLUME && this.#random.chance(0.25);
    return this.#close(account, position, isPart ? this.#part(position.volume) : position.volume);
  }

  /** On a netting account a symbol has one position: it grows, shrinks, ends, or turns over in one deal. */
  #nettingStep(account: Account): Execution {
    const symbol = this.#random.pick(this.#options.symbols);
    const position = account.positions.find((open) => open.symbol === symbol);
    if (position === undefined) return this.#open(account, symbol);
    if (this.#random.chance(0.2)) return this.#reverse(position);
    if (this.#random.chance(0.3)) return this.#add(position);
    return this.#close(account, position, this.#random.chance(0.5) ? this.#part(position.volume) : position.volume);
  }

  #open(account: Account, symbol: SimulatedSymbol = this.#random.pick(this.#options.symbols)): Execution {
    const order = this.#nextOrder();
    const position: Position = {
      id: order,
      symbol,
      isBuy: this.#random.chance(0.5),
      openPoints: 0,
      volume: this.#lots(),
    };
    account.positions.push(position);
    return { entry: 0, isBuy: position.isBuy, volume: position.volume, closed: 0, position, order };
  }

  #add(position: Position): Execution {
    const volume = this.#lots();
    position.volume += volume;
    return { entry: 0, isBuy: position.isBuy, volume, closed: 0, position, order: this.#nextOrder() };
  }

  #close(account: Account, position: Position, volume: number): Execution {
    position.volume -= volume;
    if (position.volume === 0) account.positions = account.positions.filter((open) => open !== position);
    return { entry: 1, isBuy: !position.isBuy, volume, closed: volume, position, order: this.#nextOrder() };
  }

  /** The position keeps its id and changes its side. */
  #reverse(position: Position): Execution {
    const closed = position.volume;
    const opened = this.#lots();
    position.isBuy = !position.isBuy;
    position.volume = opened;
    return { entry: 2, isBuy: position.isBuy, volume: closed + opened, closed, position, order: this.#nextOrder() };
  }

  #nextOrder(): bigint {
    this.#order += BigInt(this.#random.whole(1, 3));
    return this.#order;
  }

  /** 0.01 to 5.00 lots, small ones more often. */
  #lots(): number {
    return MINIMUM_VOLUME * this.#random.whole(1, this.#random.pick([10, 50, 200, 500]));
  }

  #part(volume: number): number {
    return Math.max(
      MINIMUM_VOLUME,
      Math.floor((volume * this.#random.whole(1, 9)) / 10 / MINIMUM_VOLUME) * MINIMUM_VOLUME,
    );
  }

  #stamp(account: Account, order: bigint): RawDeal {
    this.#ticket += BigInt(this.#random.whole(1, 4)); // Other groups of the server use tickets too.
    const serverMs = serverTimeFromUtc(this.#options.clock, this.#utcMs);
    return {
      Deal: String(this.#ticket),
      Login: String(account.login),
      Order: String(order),
      Time: Math.floor(serverMs / 1000),
      TimeMsc: serverMs,
    };
  }

  #money(account: Account): RawDeal {
    const cents = BigInt(this.#random.whole(1, 500)) * 1000n * (this.#random.chance(0.7) ? 1n : -1n);
    return {
      ...this.#stamp(account, 0n),
      PositionID: '0',
      Action: 2,
      Entry: 0,
      Reason: 2,
      Symbol: '',
      Price: '0',
      Volume: '0',
      VolumeClosed: '0',
      Profit: moneyText(cents),
    };
  }

  #deal(account: Account, { entry, isBuy, volume, closed, position, order }: Execution): RawDeal {
    const { symbol } = position;
    const { bid, ask } = this.#market.quote(symbol);
    const points = isBuy ? ask : bid;
    const rate = rateProfitText(symbol, points);
    const openPoints = position.openPoints;
    if (entry !== 1) position.openPoints = entry === 2 ? points : meanPrice(position, points, volume);
    const move = isBuy ? openPoints - points : points - openPoints; // A buy closes what was sold.
    const perLot = BigInt(this.#options.commissionCentsPerLot ?? 300);
    return {
      ...this.#stamp(account, order),
      PositionID: String(position.id),
      Action: isBuy ? 0 : 1,
      Entry: entry,
      Reason: this.#random.pick([0, 0, 1, 3, 4, 16, 17]),
      Symbol: symbol.name,
      Digits: symbol.digits,
      Price: priceText(symbol, points),
      PricePosition: closed === 0 ? '0' : priceText(symbol, openPoints),
      Volume: String(volume),
      VolumeClosed: String(closed),
      ContractSize: String(symbol.contractSize),
      Profit: moneyText(closed === 0 ? 0n : profitCents(symbol, move, closed, rate)),
      Commission: moneyText(-((perLot * BigInt(volume)) / 10_000n)),
      Fee: '0.00',
      Storage: closed > 0 && this.#random.chance(0.1) ? moneyText(BigInt(-this.#random.whole(1, 250))) : '0.00',
      RateProfit: closed === 0 ? '0' : rate,
      MarketBid: priceText(symbol, bid),
      MarketAsk: priceText(symbol, ask),
    };
  }
}

/** The mean open price of a position that just grew by a volume at a price. */
const meanPrice = ({ openPoints, volume }: Position, points: number, added: number): number =>
  Math.round((openPoints * (volume - added) + points * added) / volume);
