/** What a deal does to a position. Money operations have none. */
export type DealEntry = 'in' | 'out' | 'in_out' | 'out_by';

/**
 * One execution or money operation on one account of a platform server, exactly as the server tells it.
 * Amounts and prices are exact decimal texts; what the server did not say is undefined, never 0.
 */
export type Deal = {
  /** Unique in its platform and server; fits a signed 64-bit column, like every number of this kind below. */
  readonly ticket: bigint;
  readonly login: bigint;
  /** The order that caused it; 0 on money operations. */
  readonly order: bigint;
  /** 0 on money operations, and where a file does not tell it. */
  readonly positionId: bigint;
  /** The platform's number: 0 buy, 1 sell, everything else is money. */
  readonly action: number;
  readonly entry: DealEntry | undefined;
  /** The platform's number of why the deal was made. */
  readonly reason: number | undefined;
  readonly modificationFlags: number;
  readonly symbol: string;
  /** In 1e-8 lots, both at least 0; their sum is the deal's volume. */
  readonly openedVolume: bigint;
  readonly closedVolume: bigint;
  readonly contractSize: string | undefined;
  readonly price: string | undefined;
  /** The open price of what was closed. */
  readonly priceOpen: string | undefined;
  readonly profit: string | undefined;
  /** Negative when charged, like `fee`. */
  readonly commission: string | undefined;
  readonly fee: string | undefined;
  /** Swap realised by this deal. */
  readonly storage: string | undefined;
  /** Profit currency to deposit currency; 0 on entries. */
  readonly rateProfit: string | undefined;
  readonly marketBid: string | undefined;
  readonly marketAsk: string | undefined;
  /** The server's wall clock written as if it were UTC, in ms since 1970. `hasMs` is false where the server gave whole seconds. */
  readonly serverTimeMs: number;
  readonly hasMs: boolean;
  /** Every field as delivered, unknown ones too. */
  readonly raw: RawDeal;
};

/** A deal in the platform's own field names, numbers as JSON numbers or decimal texts. */
export type RawDeal = { readonly [field: string]: RawValue };
export type RawValue = string | number | boolean | null | readonly RawValue[] | { readonly [member: string]: RawValue };

/** How a server's wall clock follows UTC: the clock of an IANA zone, plus minutes. America/New_York + 420 is the common GMT+2/+3. */
export type ServerClockRule = { readonly zone: string; readonly shiftMinutes: number };
