/**
 * How the platform carried a deal out, in exact decimal texts; what it did not tell, or what is not known (yet), is
 * absent. Prices at the open are those of the deal that the position is measured from.
 */
export type Execution = {
  /** Units per lot: as the deal says, else as the symbol says. */
  readonly contractSize: string;
  readonly pipSize: string;
  /** Decimals of a price. */
  readonly digits: number;
  /** What a lot is so many units of, where the symbol says it. */
  readonly baseCurrency?: string | undefined;
  /** The currency in which the symbol is quoted, and that of the account. */
  readonly profitCurrency: string;
  readonly depositCurrency: string;
  /** Of the position that was closed, or opened where the deal closes nothing. */
  readonly side: 'buy' | 'sell';
  readonly openPrice?: string | undefined;
  readonly closePrice?: string | undefined;
  /** The platform's name of why the position was opened. */
  readonly openReason?: string | undefined;
  readonly openBid?: string | undefined;
  readonly openAsk?: string | undefined;
  readonly closeBid?: string | undefined;
  readonly closeAsk?: string | undefined;
  readonly profit?: string | undefined;
  readonly rateProfit?: string | undefined;
  /** What the client was charged on this leg and its part of the entries, in deposit currency, never below 0; absent while an entry is not known. */
  readonly charged?: string | undefined;
};

/** Which volume of a deal a plan counts. */
export type CountedVolume = 'close' | 'open' | 'both';
