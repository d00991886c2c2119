import { z } from 'zod';

/** A number as bridges send it: as JSON number or as text. What it must look like is decided field by field in translate.ts. */
const numeric = z.union([z.string().max(80), z.number()]);
/** Bridges send null for what they do not have. */
const optional = numeric.nullish();

/**
 * One deal in the field names of the MT5 Manager and Web API (protocol notes, section 1). Unknown fields stay in the raw deal.
 * Volume is in 1/10 000 lot, VolumeExt in 1e-8 lot; Time is seconds and TimeMsc milliseconds of the server's clock.
 */
export const Mt5DealWire = z.object({
  Deal: numeric,
  Login: numeric,
  Order: optional,
  PositionID: optional,
  Action: numeric,
  Entry: optional,
  Reason: optional,
  Symbol: z.string().max(64).nullish(),
  Volume: optional,
  VolumeExt: optional,
  VolumeClosed: optional,
  VolumeClosedExt: optional,
  ContractSize: optional,
  Price: optional,
  PricePosition: optional,
  Profit: optional,
  Commission: optional,
  Fee: optional,
  Storage: optional,
  RateProfit: optional,
  MarketBid: optional,
  MarketAsk: optional,
  Time: optional,
  TimeMsc: optional,
  /** The documentation uses the first name, the SQL export the second. */
  ModificationFlags: optional,
  ModifyFlags: optional,
});
export type Mt5DealWire = z.infer<typeof Mt5DealWire>;

/** What a deletion must say: which deal. */
export const Mt5DeletedWire = z.object({ Deal: numeric, Login: optional });
export type Mt5DeletedWire = z.infer<typeof Mt5DeletedWire>;
