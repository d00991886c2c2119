import type { z } from 'zod';
import type { DealDoubt, FeedLineCode } from '../../errors.ts';
import { isTraded } from '../../rules.ts';
import type { Deal, DealEntry, RawDeal } from '../../types.ts';
import { codeOf, decimalOf, FieldRefused, isAbsent, keyOf, needed, wholeOf } from './fields.ts';
import { Mt5DealWire, Mt5DeletedWire } from './wire.ts';

/** What a wire object came to: the noun, or the code of its refusal. */
export type Translated<Noun> =
  | { readonly ok: true; readonly value: Noun }
  | { readonly ok: false; readonly code: FeedLineCode; readonly detail: string };

/** The deal that a deletion names; `login` where the server says it. */
export type DeletedDeal = { readonly ticket: bigint; readonly login: bigint | undefined; readonly raw: RawDeal };

const ENTRIES: readonly DealEntry[] = ['in', 'out', 'in_out', 'out_by'];
/** Volume is in 1/10 000 lot; a Deal keeps 1e-8 lot (protocol notes, 6.1). */
const EXTENSION = 10_000n;
const INTEGER_MAX = 2n ** 63n - 1n;
/** 2100-01-01: a later time is a wrong unit, not a late deal. */
const TIME_MS_MAX = 4_102_444_800_000n;
/** Ten million lots in 1e-8 lot: more is a wrong unit, and a dozen of such deals would fill the ledger's accounts for ever. */
const VOLUME_MAX = 10n ** 15n;
/** No instrument is quoted at a thousand million or more. */
const PRICE_DIGITS_MAX = 9;

type Volumes = Pick<Deal, 'openedVolume' | 'closedVolume'>;
const NO_VOLUME: Volumes = { openedVolume: 0n, closedVolume: 0n };

function entryOf(wire: Mt5DealWire): DealEntry {
  const number = needed('Entry', codeOf('Entry', wire.Entry));
  const entry = ENTRIES[number];
  if (entry === undefined) throw new FieldRefused('feed.entry_unknown', `Entry is ${number}`);
  return entry;
}

/** The finer field wins where it says something: servers without it send 0. */
function volumeOf(
  wire: Mt5DealWire,
  fine: 'VolumeExt' | 'VolumeClosedExt',
  coarse: 'Volume' | 'VolumeClosed',
): bigint | undefined {
  const finer = wholeOf(fine, wire[fine], 'feed.volume_invalid');
  const coarser = wholeOf(coarse, wire[coarse], 'feed.volume_invalid');
  const volume = finer === undefined || finer === 0n ? (coarser === undefined ? finer : coarser * EXTENSION) : finer;
  if (volume !== undefined && volume > INTEGER_MAX)
    throw new FieldRefused('feed.volume_invalid', `${coarse} is ${coarser}`);
  return volume;
}

/** What the deal opened and closed: the table of section 6.1 of the protocol notes. */
function volumesOf(wire: Mt5DealWire, entry: DealEntry): Volumes {
  const volume = volumeOf(wire, 'VolumeExt', 'Volume') ?? 0n;
  const closed = volumeOf(wire, 'VolumeClosedExt', 'VolumeClosed');
  if (closed !== undefined && closed > volume)
    throw new FieldRefused('feed.volume_invalid', `Closed ${closed} of ${volume} (1e-8 lot)`);
  if (entry === 'in') return { openedVolume: volume, closedVolume: 0n };
  if (entry === 'in_out') return { openedVolume: volume - (closed ?? 0n), closedVolume: closed ?? 0n };
  return { openedVolume: 0n, closedVolume: volume };
}

/** TimeMsc wins over Time (design, Time); 0 means that the server has none. */
export function timeOf(wire: Pick<Mt5DealWire, 'Time' | 'TimeMsc'>): Pick<Deal, 'serverTimeMs' | 'hasMs'> {
  const milliseconds = wholeOf('TimeMsc', wire.TimeMsc, 'feed.time_out_of_range');
  const seconds = wholeOf('Time', wire.Time, 'feed.time_out_of_range');
  const hasMs = milliseconds !== undefined && milliseconds !== 0n;
  const serverTimeMs = hasMs ? milliseconds : (seconds ?? 0n) * 1000n;
  if (serverTimeMs === 0n) throw new FieldRefused('feed.time_missing', 'Neither TimeMsc nor Time');
  if (serverTimeMs > TIME_MS_MAX) throw new FieldRefused('feed.time_out_of_range', `${serverTimeMs} ms since 1970`);
  return { serverTimeMs: Number(serverTimeMs), hasMs };
}

/** The codes of zod's findings: a field is missing, or it is of a wrong kind. */
export function fieldRefusalOf(
  error: z.ZodError,
  raw: RawDeal,
): { readonly ok: false; readonly code: FeedLineCode; readonly detail: string } {
  const field = String(error.issues[0]?.path[0] ?? 'deal');
  const value = raw[field];
  return value === undefined || value === null
    ? { ok: false, code: 'feed.field_missing', detail: `${field} is needed` }
    : { ok: false, code: 'feed.field_malformed', detail: `${field} is of the wrong kind` };
}

/** Runs a translation; only refusals of a field become an answer. */
export function translated<Noun>(work: () => Noun): Translated<Noun> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof FieldRefused) return { ok: false, code: error.code, detail: error.message };
    throw error;
  }
}

function dealOf(wire: Mt5DealWire, raw: RawDeal): Deal {
  const action = needed('Action', codeOf('Action', wire.Action));
  const traded = isTraded({ action });
  const entry = traded ? entryOf(wire) : undefined; // Stored as 0 on money operations: never read without Action.
  const symbol = wire.Symbol ?? '';
  if (traded && symbol === '') throw new FieldRefused('feed.field_missing', 'Symbol is needed');
  if (traded && isAbsent(wire.Price)) throw new FieldRefused('feed.field_missing', 'Price is needed');
  return {
    ticket: needed('Deal', keyOf('Deal', wire.Deal)),
    login: needed('Login', keyOf('Login', wire.Login)),
    order: keyOf('Order', wire.Order) ?? 0n,
    positionId: keyOf('PositionID', wire.PositionID) ?? 0n,
    action,
    entry,
    reason: codeOf('Reason', wire.Reason),
    modificationFlags: codeOf('ModificationFlags', wire.ModificationFlags ?? wire.ModifyFlags) ?? 0,
    symbol,
    ...(entry === undefined ? NO_VOLUME : volumesOf(wire, entry)),
    contractSize: decimalOf('ContractSize', wire.ContractSize),
    price: decimalOf('Price', wire.Price),
    priceOpen: decimalOf('PricePosition', wire.PricePosition),
    profit: decimalOf('Profit', wire.Profit),
    commission: decimalOf('Commission', wire.Commission),
    fee: decimalOf('Fee', wire.Fee),
    storage: decimalOf('Storage', wire.Storage),
    rateProfit: decimalOf('RateProfit', wire.RateProfit),
    marketBid: decimalOf('MarketBid', wire.MarketBid),
    marketAsk: decimalOf('MarketAsk', wire.MarketAsk),
    ...timeOf(wire),
    raw,
  };
}

/**
 * An MT5 deal as the server tells it, as the noun. Never throws: a field that is missing, malformed or out of range
 * gives its code. Deals that are well-formed but doubtful pass; `doubtOf` names the doubt.
 */
export function translateDeal(raw: RawDeal): Translated<Deal> {
  const wire = Mt5DealWire.safeParse(raw);
  if (!wire.success) return fieldRefusalOf(wire.error, raw);
  return translated(() => dealOf(wire.data, raw));
}

/** The deal that a `deal.delete` names. */
export function translateDeletedDeal(raw: RawDeal): Translated<DeletedDeal> {
  const wire = Mt5DeletedWire.safeParse(raw);
  if (!wire.success) return fieldRefusalOf(wire.error, raw);
  return translated(() => ({
    ticket: needed('Deal', keyOf('Deal', wire.data.Deal)),
    login: keyOf('Login', wire.data.Login),
    raw,
  }));
}

const wholeDigits = (price: string): number => (price.includes('.') ? price.indexOf('.') : price.length);

/** Whether a text can be the price of an instrument: above 0 and of at most 9 whole digits. */
const isPrice = (price: string | undefined): boolean =>
  price !== undefined && price !== '0' && !price.startsWith('-') && wholeDigits(price) <= PRICE_DIGITS_MAX;

/** Why a well-formed deal should be stored but parked: undefined for almost all. */
export function doubtOf(deal: Deal): DealDoubt | undefined {
  if (deal.entry === undefined) return undefined;
  const volume = deal.openedVolume + deal.closedVolume;
  if (volume === 0n) return 'trading.volume_missing';
  if (volume > VOLUME_MAX) return 'trading.volume_implausible';
  if (deal.entry === 'in_out' && deal.closedVolume === 0n) return 'trading.closed_volume_missing';
  return isPrice(deal.price) ? undefined : 'trading.price_implausible';
}
