import type { DealRow, PositionRow } from './grid.ts';

/** What a report's table of deals does not say of a deal, found from the rest of the file. */
export type PositionOfDeal = {
  readonly positionId: string;
  /** The open price of what was closed. */
  readonly priceOpen: string | undefined;
  /** What an in/out closed, in 1e-8 lot. */
  readonly closedVolume: bigint | undefined;
};

type OpenPosition = {
  readonly id: string;
  readonly symbol: string;
  isBuy: boolean;
  priceOpen: string;
  left: bigint;
  /** The row of the table of positions, where the file has it. */
  readonly row: PositionRow | undefined;
};

const isBuyWord = (type: string): boolean => type === 'buy';

/** Follows the deals of one report, in order, and finds each one's position. */
export class PositionBook {
  readonly #rows: ReadonlyMap<string, PositionRow>;
  readonly #isNetting: boolean;
  #open: OpenPosition[] = [];

  constructor(rows: readonly PositionRow[], isNetting: boolean) {
    this.#rows = new Map(rows.map((row) => [row.position, row]));
    this.#isNetting = isNetting;
  }

  /** The position of one traded deal; undefined where it was opened before the report begins and no table names it. */
  take(deal: DealRow): PositionOfDeal | undefined {
    if (deal.direction === 'in') return this.#opened(deal);
    if (deal.direction === 'in/out') return this.#reversed(deal);
    return this.#closed(deal);
  }

  /** An entry opens the position of its order (section 9 of the protocol notes); on a netting account it may add to the one that is open. */
  #opened(deal: DealRow): PositionOfDeal {
    const present = this.#isNetting ? this.#open.find(({ symbol }) => symbol === deal.symbol) : undefined;
    if (present !== undefined && present.isBuy === isBuyWord(deal.type)) {
      present.left += deal.volume ?? 0n;
      return { positionId: present.id, priceOpen: undefined, closedVolume: undefined };
    }
    this.#open.push({
      id: deal.order,
      symbol: deal.symbol,
      isBuy: isBuyWord(deal.type),
      priceOpen: deal.price ?? '0',
      left: deal.volume ?? 0n,
      row: this.#rows.get(deal.order),
    });
    return { positionId: deal.order, priceOpen: undefined, closedVolume: undefined };
  }

  /** A reversal closes all that is left and keeps the position's id. */
  #reversed(deal: DealRow): PositionOfDeal | undefined {
    const present = this.#open.find(({ symbol, isBuy }) => symbol === deal.symbol && isBuy !== isBuyWord(deal.type));
    const volume = deal.volume ?? 0n;
    if (present === undefined || present.left >= volume) return undefined;
    const found = { positionId: present.id, priceOpen: present.priceOpen, closedVolume: present.left };
    present.left = volume - present.left;
    present.isBuy = isBuyWord(deal.type);
    present.priceOpen = deal.price ?? '0';
    return found;
  }

  #closed(deal: DealRow): PositionOfDeal | undefined {
    const volume = deal.volume ?? 0n;
    const candidates = this.#open.filter(
      ({ symbol, isBuy, left }) => symbol === deal.symbol && isBuy !== isBuyWord(deal.type) && left >= volume,
    );
    // Of several that the deal could close: the one whose row ends at this moment, else the oldest that it closes
    // whole, else the oldest; one whose row says that it ended earlier only if there is no other.
    const alive = candidates.filter(({ row }) => mayEndAt(row, deal));
    const likely = alive.length > 0 ? alive : candidates;
    const present =
      candidates.find(({ row }) => endsWith(row, deal)) ?? likely.find(({ left }) => left === volume) ?? likely[0];
    if (present === undefined) return this.#beforeTheReport(deal);
    present.left -= volume;
    if (present.left === 0n) this.#open = this.#open.filter((other) => other !== present);
    return { positionId: present.id, priceOpen: present.priceOpen, closedVolume: undefined };
  }

  /** A position that was opened before the first deal of the file may still have its row. */
  #beforeTheReport(deal: DealRow): PositionOfDeal | undefined {
    for (const row of this.#rows.values())
      if (row.symbol === deal.symbol && isBuyWord(row.type) !== isBuyWord(deal.type) && endsWith(row, deal))
        return { positionId: row.position, priceOpen: row.priceOpen, closedVolume: undefined };
    return undefined;
  }
}

const endsWith = (row: PositionRow | undefined, deal: DealRow): boolean =>
  row?.closedAtS === deal.serverTimeS && row.priceClose === deal.price && row.volume === deal.volume;

/** A position is not closed, in part or whole, after the moment at which its row says it ended. */
const mayEndAt = (row: PositionRow | undefined, deal: DealRow): boolean =>
  row !== undefined && (row.closedAtS === undefined || row.closedAtS >= deal.serverTimeS);
